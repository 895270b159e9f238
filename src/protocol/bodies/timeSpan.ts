import { stringifyFastjson } from '../fastjson.ts';
import type { MessageQueue } from './topic.ts';

/** From when to when the messages of a queue are, and how far a group is in it, in ms. Source: QueueTimeSpan.java. */
export interface QueueTimeSpan {
  readonly messageQueue: MessageQueue;
  /** -1 for a queue without messages, like the next two. */
  readonly minTimeStamp: number;
  readonly maxTimeStamp: number;
  readonly consumeTimeStamp: number;
  /** How long the next message has waited for the group. */
  readonly delayTime: number;
}

/** Body of QUERY_CONSUME_TIME_SPAN 303. Java's getters add every time as text. */
export function encodeTimeSpans(spans: readonly QueueTimeSpan[]): Buffer {
  const consumeTimeSpanSet = spans.map((span) => ({
    ...span,
    minTimeStampStr: timeText(span.minTimeStamp),
    maxTimeStampStr: timeText(span.maxTimeStamp),
    consumeTimeStampStr: timeText(span.consumeTimeStamp),
  }));
  return Buffer.from(stringifyFastjson({ consumeTimeSpanSet }));
}

/** `yyyy-MM-dd#HH:mm:ss:SSS`, local. Source: UtilAll.java. */
function timeText(timestamp: number): string {
  const date = new Date(timestamp);
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  const time = [two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join(':');
  return `${day}#${time}:${String(date.getMilliseconds()).padStart(3, '0')}`;
}
