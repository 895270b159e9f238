import path from 'node:path';
import type { BrokerConfig } from '../config.ts';
import { TimerMessages } from './timerMessages.ts';
import type { TimerMessagesOptions } from './timerMessages.ts';
import { TimerMetrics } from './timerMetrics.ts';

type Parts = Pick<TimerMessagesOptions, 'messages' | 'clock' | 'logger' | 'topicExists' | 'putAll'>;

/**
 * The timers as a broker's settings want them; undefined when they are switched off.
 * @throws CodedError `store-damaged`
 */
export async function openTimers({
  config,
  ...parts
}: Parts & { readonly config: BrokerConfig }): Promise<TimerMessages | undefined> {
  if (!config.timerWheelEnable) return undefined;
  const metrics = new TimerMetrics({
    path: path.join(parts.messages.directory, 'config', 'timermetrics'),
    clock: parts.clock,
    logger: parts.logger,
    delayMs: config.timerFlushIntervalMs,
  });
  return TimerMessages.open({
    ...parts,
    metrics,
    appendTopicToDeleteKey: config.appendTopicForTimerDeleteKey,
    precisionMs: config.timerPrecisionMs,
    rollWindowSlots: config.timerRollWindowSlot,
    logFileBytes: config.mappedFileSizeTimerLog,
    flushIntervalMs: config.timerFlushIntervalMs,
  });
}
