import type { Clock } from '../../../base/clock.ts';
import type { ClockState } from '../../control.ts';
import type { Runtime } from '../../runtime.ts';
import { ControlError } from '../controlError.ts';
import type { ControlRoute } from '../controlServer.ts';
import { readJson } from '../readBody.ts';
import type { Turns } from '../turns.ts';
import type { AdjustableClock } from './adjustableClock.ts';
import { readMove } from './readMove.ts';
import { settled } from './settled.ts';

/** How long a jump may take, by the clock of the machine. */
const PATIENCE_MS = 120_000;

interface Parts {
  readonly clock: AdjustableClock;
  readonly steadyClock: Clock;
  readonly turns: Turns;
  readonly runtime: () => Runtime;
}

/** GET and POST /clock. Jumps are made one after the other. */
export function clockRoutes(parts: Parts): readonly ControlRoute[] {
  const { clock, turns } = parts;
  return [
    ['GET /clock', () => shown(clock)],
    [
      'POST /clock',
      async ({ request }) => {
        const json = await readJson(request);
        return turns.take(async () => {
          const { rate, toMs } = readMove(json, clock.now());
          if (rate !== undefined) clock.setRate(rate);
          if (toMs !== undefined) await jump(parts, toMs);
          return shown(clock);
        });
      },
    ],
  ];
}

async function jump({ clock, steadyClock, turns, runtime }: Parts, toMs: number): Promise<void> {
  const { context } = runtime().broker;
  const fromMs = clock.now();
  let isLate = false;
  const patience = steadyClock.after(PATIENCE_MS, () => (isLate = true));
  try {
    await clock.jump(toMs, async () => {
      await settled(context);
      turns.checkGoesOn();
      if (isLate) throw new ControlError(503, `the jump took more than ${PATIENCE_MS} ms and stopped on the way`);
    });
  } finally {
    patience.dispose();
  }
  await context.retention.timeJumped(fromMs, clock.now());
  await settled(context);
}

function shown(clock: AdjustableClock): ClockState & Readonly<Record<string, unknown>> {
  const nowMs = clock.now();
  return {
    now: new Date(nowMs).toISOString(),
    nowMs,
    rate: clock.rate,
    frozen: clock.rate === 0,
    aheadMs: clock.aheadMs,
  };
}
