import { CodedError } from '../base/errors.ts';
import { RETRY_PREFIX } from './topicName.ts';

/*
 * What a consumer hands back to acknowledge a popped message, and the lists of a pop's answer from which it makes
 * that. receipt = ckOffset SP popTime SP invisibleTime SP reviveQueueId SP retryFlag SP brokerName SP queueId
 * [SP offset]; lists are joined by ";". Source: ExtraInfoUtil.java, KeyBuilder.java; remoting sheet §3.4.
 */

/** Which topic holds the message: the topic itself, or the group's pop retry topic under its old or new name. */
export type RetryFlag = '0' | '1' | '2';

export interface PopReceipt {
  /** Offset of the first message of the pop in that queue. */
  readonly startOffset: number;
  readonly popTime: number;
  readonly invisibleTime: number;
  readonly reviveQueueId: number;
  readonly retry: RetryFlag;
  readonly brokerName: string;
  readonly queueId: number;
  /** The message's own offset; old clients leave it out. */
  readonly offset?: number | undefined;
}

/** The revive queue id that marks a pop in order. */
export const ORDERED = 999;

export function encodePopReceipt(receipt: PopReceipt): string {
  const { startOffset, popTime, invisibleTime, reviveQueueId, retry, brokerName, queueId, offset } = receipt;
  const fields = [startOffset, popTime, invisibleTime, reviveQueueId, retry, brokerName, queueId];
  return (offset === undefined ? fields : [...fields, offset]).join(' ');
}

/** @throws CodedError `header-illegal` when the text is no receipt */
export function parsePopReceipt(text: string): PopReceipt {
  const [startOffset, popTime, invisibleTime, reviveQueueId, retry, brokerName, queueId, offset] = text.split(' ');
  const whole = (field: string | undefined): number => {
    if (field === undefined || !/^-?\d{1,19}$/.test(field)) throw illegal(text);
    return Number(field);
  };
  if (brokerName === undefined || (retry !== '0' && retry !== '1' && retry !== '2')) throw illegal(text);
  return {
    startOffset: whole(startOffset),
    popTime: whole(popTime),
    invisibleTime: whole(invisibleTime),
    reviveQueueId: whole(reviveQueueId),
    retry,
    brokerName,
    queueId: whole(queueId),
    offset: offset === undefined ? undefined : whole(offset),
  };
}

/** Where messages of a topic go that a group popped and did not acknowledge. */
export function popRetryTopic(topic: string, group: string, flag: '1' | '2' = '1'): string {
  return RETRY_PREFIX + group + (flag === '1' ? '_' : '+') + topic;
}

export function retryFlagOf(topic: string): RetryFlag {
  if (!topic.startsWith(RETRY_PREFIX)) return '0';
  return topic.includes('+') ? '2' : '1';
}

/** The topic that holds the message, from the one that the consumer knows. */
export function heldTopic(topic: string, group: string, flag: RetryFlag): string {
  return flag === '0' ? topic : popRetryTopic(topic, group, flag);
}

/** The topic that the consumer knows, from the one that holds the message. */
export function normalTopic(topic: string, group: string): string {
  for (const flag of ['2', '1'] as const) {
    const prefix = popRetryTopic('', group, flag);
    if (topic.startsWith(prefix)) return topic.slice(prefix.length);
  }
  return topic;
}

/** One element of `startOffsetInfo`. */
export function startOffsetInfo(topic: string, queueId: number, startOffset: number): string {
  return `${retryFlagOf(topic)} ${queueId} ${startOffset}`;
}

/** One element of `msgOffsetInfo`: an offset for each message in the body. */
export function messageOffsetInfo(topic: string, queueId: number, offsets: readonly number[]): string {
  return `${retryFlagOf(topic)} ${queueId} ${offsets.join(',')}`;
}

/** Elements of `orderCountInfo`: how often each message was given out before, and the least of it for the queue. */
export function orderCountInfo(
  topic: string,
  queueId: number,
  counts: ReadonlyMap<number, number>,
  leastCount: number,
): string {
  const flag = retryFlagOf(topic);
  const ofMessages = [...counts].map(([offset, count]) => `${flag} qo${queueId}%${offset} ${count}`);
  return [...ofMessages, `${flag} ${queueId} ${leastCount}`].join(';');
}

function illegal(text: string): CodedError {
  return new CodedError('header-illegal', { field: 'extraInfo', reason: `"${text}" is no receipt of a pop` });
}
