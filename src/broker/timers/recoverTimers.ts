import type { Logger } from '../../base/logger.ts';
import { decodeMessage } from '../../protocol/message.ts';
import { TIMER_TOPIC } from '../../protocol/topicName.ts';
import type { MessageStore } from '../store/messageStore.ts';
import type { TimerCheckpoint } from './timerCheckpoint.ts';
import { NO_POSITION, UnitMagic } from './timerLog.ts';
import type { TimerLog, TimerUnit } from './timerLog.ts';
import type { TimerWheel } from './timerWheel.ts';

/**
 * Chains units to their slots that the wheel does not know of yet, but for those whose messages went with the machine:
 * others come to where those were. Log and wheel may have been on disk before the messages; units that are in a slot
 * already deliver nothing then.
 * @returns the offset in the timer topic to go on at
 */
export async function recoverTimers(
  { messages, logger }: { readonly messages: MessageStore; readonly logger: Logger },
  { log, wheel, checkpoint, readMs }: FoundTimers,
): Promise<number> {
  const isLost = ({ physicalOffset }: TimerUnit): boolean => physicalOffset >= messages.maxPhysicalOffset;
  const flushedTo = wheel.isNew ? 0 : checkpoint.lastTimerLogFlushPos;
  // Later units are of later messages.
  const lastFlushed = await log.unitBefore(flushedTo);
  const from = lastFlushed !== undefined && isLost(lastFlushed) ? 0 : flushedTo;
  let last: TimerUnit | undefined;
  for await (const { position, unit } of log.scan(from)) {
    if (isLost(unit)) {
      log.markSpent({ ...unit, position });
      continue;
    }
    last = unit;
    if (unit.dueMs < readMs || (wheel.slot(unit.dueMs)?.lastPosition ?? NO_POSITION) >= position) continue;
    wheel.add(unit.dueMs, position, (unit.magic & UnitMagic.DELETE) === 0 ? 1 : -1);
  }
  log.cutBehindEnd();
  const taken = await offsetAfter(messages, last ?? (await log.last()));
  const wanted = Math.max(checkpoint.lastTimerQueueOffset, taken);
  const max = messages.maxOffset(TIMER_TOPIC, 0);
  if (wanted > max) logger.warn(`the timers go on at ${max} of their topic: ${wanted} is past its end`);
  return Math.max(messages.minOffset(TIMER_TOPIC, 0), Math.min(wanted, max));
}

/** Offset behind the message of a unit; 0 when the unit is of no message that the timer topic holds. */
async function offsetAfter(messages: MessageStore, unit: TimerUnit | undefined): Promise<number> {
  const record = unit === undefined ? undefined : await messages.record(unit.physicalOffset);
  if (record === undefined) return 0;
  const { topic, queueOffset } = decodeMessage(record);
  if (topic !== TIMER_TOPIC) return 0;
  const entry = await messages.entry(TIMER_TOPIC, 0, queueOffset);
  return entry?.physicalOffset === unit?.physicalOffset ? queueOffset + 1 : 0;
}

/** What the files of the timers hold. */
interface FoundTimers {
  readonly log: TimerLog;
  readonly wheel: TimerWheel;
  readonly checkpoint: TimerCheckpoint;
  /** No slot before has messages. */
  readonly readMs: number;
}
