import * as vscode from 'vscode';

import { CodedError } from '../../base/errors.ts';
import { durationMs } from '../../base/duration.ts';
import type { ClockState } from '../../broker/control.ts';
import { askControl } from '../control/askControl.ts';
import type { ControlQuestion } from '../control/askControl.ts';
import { accessTo } from '../control/localFaults.ts';
import type { PickItem } from '../prompts.ts';
import { isControlled } from './localControl.ts';
import type { LocalControlContext } from './localControl.ts';
import { numberProblem } from './faultQuestions.ts';

const { t } = vscode.l10n;

/** More than the broker lets a jump take. */
const JUMP_TIMEOUT_MS = 130_000;
const MAX_JUMP_MS = 366 * 86_400_000;
const MAX_RATE = 100_000;

/** What `POST /clock` takes. */
type Move =
  | { readonly by: string }
  | { readonly to: string }
  | { readonly rate: number }
  | { readonly action: 'freeze' | 'resume' };

/** Asks how time shall pass for the messages of the local broker. @throws CodedError as `isControlled` and `askControl` */
export async function moveClock(context: LocalControlContext): Promise<void> {
  if (!(await isControlled(context))) return;
  const before = await askClock(context, { method: 'GET', path: '/clock' });
  const move = await askMove(context, before);
  if (move === undefined) return;
  const question = { method: 'POST', path: '/clock', body: move, timeoutMs: JUMP_TIMEOUT_MS } as const;
  const after = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: t('Moving the clock of the local broker') },
    () => askClock(context, question),
  );
  await context.prompts.tell('info', clockText(after));
}

async function askClock({ localBroker }: LocalControlContext, question: ControlQuestion): Promise<ClockState> {
  const access = accessTo(localBroker);
  if (access === undefined) throw new CodedError('broker-uncontrolled');
  return (await askControl(access, question)) as ClockState;
}

async function askMove({ prompts }: LocalControlContext, clock: ClockState): Promise<Move | undefined> {
  const title = t('Move Clock');
  const how = await prompts.pick({ title, placeholder: clockText(clock), items: moveItems(clock) });
  switch (how) {
    case undefined:
      return undefined;
    case 'freeze':
    case 'resume':
      return { action: how };
    case 'by': {
      const by = await prompts.input({
        title,
        prompt: t('By how much, such as 90s, 5m, 1h30m or 2d'),
        value: '1h',
        validate: byProblem,
      });
      return by === undefined ? undefined : { by: by.trim() };
    }
    case 'to': {
      const to = await prompts.input({
        title,
        prompt: t('To which moment'),
        value: localTime(clock.nowMs + 3_600_000),
        validate: (text) => toProblem(text, clock.nowMs),
      });
      return to === undefined ? undefined : { to: new Date(to.trim()).toISOString() };
    }
    case 'rate': {
      const rate = await prompts.input({
        title,
        prompt: t('How many times as fast as the clock of the machine'),
        value: '60',
        validate: (text) => numberProblem(text, 0, MAX_RATE),
      });
      return rate === undefined ? undefined : { rate: Number(rate) };
    }
  }
}

function moveItems({ rate }: ClockState): readonly PickItem<'by' | 'to' | 'freeze' | 'resume' | 'rate'>[] {
  return [
    { label: t('Jump by…'), detail: t('Delays, timers and retries on the way follow at once, in order.'), value: 'by' },
    { label: t('Jump to…'), detail: t('To a moment that you name; never back.'), value: 'to' },
    ...(rate === 0
      ? []
      : [{ label: t('Freeze'), detail: t('Nothing falls due until it runs on.'), value: 'freeze' as const }]),
    ...(rate === 1
      ? []
      : [{ label: t('Run on'), detail: t('As fast as the clock of the machine.'), value: 'resume' as const }]),
    { label: t('Run faster…'), detail: t('All delays pass by themselves, sooner.'), value: 'rate' },
  ];
}

function clockText({ nowMs, rate }: ClockState): string {
  const now = localTime(nowMs);
  if (rate === 0) return t('The clock of the local broker stands still at {0}.', now);
  if (rate === 1) return t('The clock of the local broker shows {0} and runs.', now);
  return t('The clock of the local broker shows {0} and runs {1} times as fast.', now, rate);
}

function byProblem(text: string): string | undefined {
  const ms = durationMs(text.trim());
  if (ms === undefined) return t('A time such as 90s, 5m, 1h30m or 2d.');
  return ms > MAX_JUMP_MS ? t('At most 366 days at once.') : undefined;
}

function toProblem(text: string, nowMs: number): string | undefined {
  const ms = Date.parse(text.trim());
  if (Number.isNaN(ms)) return t('A moment such as {0}.', localTime(nowMs));
  if (ms < nowMs) return t('Time only goes forward, and it is {0} already.', localTime(nowMs));
  return ms > nowMs + MAX_JUMP_MS ? t('At most 366 days at once.') : undefined;
}

/** `2026-11-26T14:00:00`, which `Date` reads as local time. */
function localTime(ms: number): string {
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
