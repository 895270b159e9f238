import { booleanAt, listAt, numberAt, readBody, textAt } from './bodies/read.ts';
import { stringifyFastjson } from './fastjson.ts';

/*
 * Bodies of the revive log, where a broker keeps what was popped and what of it was acknowledged. A record's tag tells
 * its kind. Source: PopCheckPoint.java, AckMsg.java, BatchAckMsg.java, PopAckConstants.java; broker sheet §12.2.
 */

/** Messages that one pop took out of one queue. */
export interface PopCheckPoint {
  /** The topic that holds the messages. */
  readonly topic: string;
  readonly group: string;
  readonly queueId: number;
  readonly startOffset: number;
  readonly popTime: number;
  readonly invisibleTime: number;
  readonly brokerName: string;
  /** Offsets of the messages, ascending. */
  readonly offsets: readonly number[];
  /** What comes again does not count as one more delivery (5.5). */
  readonly suspend: boolean;
}

export interface PopAck {
  readonly topic: string;
  readonly group: string;
  readonly queueId: number;
  /** With the pop's time, tells the check point. */
  readonly startOffset: number;
  readonly popTime: number;
  readonly brokerName: string;
  readonly offsets: readonly number[];
}

export const PopTag = { CHECK_POINT: 'ck', ACK: 'ack', BATCH_ACK: 'bAck' } as const;

export function reviveTimeOf({ popTime, invisibleTime }: PopCheckPoint): number {
  return popTime + invisibleTime;
}

/** Equal for a check point and the acknowledgements of its messages. */
export function popKey(record: Omit<PopAck, 'offsets'>): string {
  const { topic, group, queueId, startOffset, popTime, brokerName } = record;
  return `${topic}@${group}@${queueId}@${startOffset}@${popTime}@${brokerName}`;
}

export function encodeCheckPoint(point: PopCheckPoint): Buffer {
  return json({
    bm: 0,
    bn: point.brokerName,
    c: point.group,
    d: point.offsets.map((offset) => offset - point.startOffset),
    it: point.invisibleTime,
    n: point.offsets.length,
    pt: point.popTime,
    q: point.queueId,
    reviveTime: reviveTimeOf(point),
    ro: 0,
    so: point.startOffset,
    sp: point.suspend,
    t: point.topic,
  });
}

/** @throws CodedError `json-illegal` */
export function decodeCheckPoint(body: Buffer): PopCheckPoint {
  const point = readBody(body);
  const startOffset = numberAt(point, 'so');
  const diffs = listAt(point, 'd').map(Number);
  // Brokers before 5.0 wrote no distances: the messages stand one after the other.
  const steps = diffs.length > 0 ? diffs : Array.from({ length: Math.min(32, numberAt(point, 'n')) }, (_, at) => at);
  return {
    topic: textAt(point, 't'),
    group: textAt(point, 'c'),
    queueId: numberAt(point, 'q'),
    startOffset,
    popTime: numberAt(point, 'pt'),
    invisibleTime: numberAt(point, 'it'),
    brokerName: textAt(point, 'bn'),
    offsets: steps.map((step) => startOffset + step),
    suspend: booleanAt(point, 'sp'),
  };
}

/** The tag and the body of an acknowledgement: one message has a form of its own. */
export function encodeAck(ack: PopAck): { readonly tag: string; readonly body: Buffer } {
  const [offset = 0, ...more] = ack.offsets;
  const common = {
    bn: ack.brokerName,
    c: ack.group,
    pt: ack.popTime,
    q: ack.queueId,
    so: ack.startOffset,
    t: ack.topic,
  };
  if (more.length === 0) return { tag: PopTag.ACK, body: json({ ...common, ao: offset }) };
  return { tag: PopTag.BATCH_ACK, body: json({ ...common, ao: -1, aol: ack.offsets }) };
}

/** @throws CodedError `json-illegal` */
export function decodeAck(body: Buffer): PopAck {
  const ack = readBody(body);
  const listed = listAt(ack, 'aol').map(Number);
  return {
    topic: textAt(ack, 't'),
    group: textAt(ack, 'c'),
    queueId: numberAt(ack, 'q'),
    startOffset: numberAt(ack, 'so'),
    popTime: numberAt(ack, 'pt'),
    brokerName: textAt(ack, 'bn'),
    offsets: listed.length > 0 ? listed : [numberAt(ack, 'ao')],
  };
}

/** The unique key under which a record of the revive log is stored. */
export function checkPointKey(point: PopCheckPoint): string {
  return `${uniqueKey(point, point.startOffset)}@${point.brokerName}@${PopTag.CHECK_POINT}`;
}

export function ackKey(ack: PopAck): string {
  const [offset = 0, ...more] = ack.offsets;
  if (more.length === 0) return `${uniqueKey(ack, offset)}@${ack.brokerName}@${PopTag.ACK}`;
  return `${uniqueKey(ack, `[${ack.offsets.join(', ')}]`)}@${PopTag.BATCH_ACK}`;
}

function uniqueKey({ topic, queueId, group, popTime }: Omit<PopAck, 'offsets'>, what: number | string): string {
  return `${topic}@${queueId}@${what}@${group}@${popTime}`;
}

function json(value: object): Buffer {
  return Buffer.from(stringifyFastjson(value));
}
