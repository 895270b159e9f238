import { badRequest } from '../controlError.ts';
import { durationMs } from '../../../base/duration.ts';
import { Input } from '../input.ts';

/** What a clock is told to do, in the order in which it does it. */
export interface Move {
  readonly rate: number | undefined;
  /** Moments on the clock; the later of the two. */
  readonly toMs: number | undefined;
}

const MAX_RATE = 100_000;
const MAX_JUMP_MS = 366 * 86_400_000;

/** @throws ControlError that says what is allowed */
export function readMove(json: unknown, nowMs: number): Move {
  const input = new Input(json, 'a move of the clock');
  const action = input.oneOf('action', ['freeze', 'resume']);
  const rate = input.number('rate', 0, MAX_RATE);
  const by = input.scalar('by');
  const to = input.scalar('to');
  input.end();
  if ([action, rate, by, to].every((one) => one === undefined)) {
    throw badRequest('a move of the clock needs one of these', ['by', 'to', 'rate', 'action']);
  }
  if (by !== undefined && to !== undefined) throw badRequest('by and to exclude each other');
  if (action !== undefined && rate !== undefined) throw badRequest('action and rate exclude each other');
  return {
    rate: action === undefined ? rate : action === 'freeze' ? 0 : 1,
    toMs: target(by, to, nowMs),
  };
}

function target(by: string | undefined, to: string | undefined, nowMs: number): number | undefined {
  if (by !== undefined) {
    const ms = durationMs(by);
    if (ms === undefined)
      throw badRequest(`by cannot be "${by.slice(0, 80)}": milliseconds, or a time such as 90s or 1h30m`);
    return within(nowMs + ms, nowMs);
  }
  if (to === undefined) return undefined;
  const ms = /^\d{1,15}$/.test(to) ? Number(to) : Date.parse(to);
  if (Number.isNaN(ms)) {
    throw badRequest(
      `to cannot be "${to.slice(0, 80)}": milliseconds since 1970, or a time such as 2030-01-01T00:00:00Z`,
    );
  }
  return within(ms, nowMs);
}

function within(toMs: number, nowMs: number): number {
  const now = new Date(nowMs).toISOString();
  if (toMs < nowMs) throw badRequest(`time only goes forward, and it is ${now} already; reset or restore to go back`);
  if (toMs > nowMs + MAX_JUMP_MS) throw badRequest(`one jump is at most 366 days, and it is ${now}`);
  return toMs;
}
