import { RequestCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand, RequestParts } from '../../src/protocol/command.ts';
import { decodeMessages } from '../../src/protocol/message.ts';
import type { StoredMessage } from '../../src/protocol/message.ts';
import { decodeProperties } from '../../src/protocol/messageProperty.ts';
import { encodePopReceipt, heldTopic, parsePopReceipt } from '../../src/protocol/popReceipt.ts';
import type { RetryFlag } from '../../src/protocol/popReceipt.ts';

/** What a POP client makes of an answer, as the official clients do it: MQClientAPIImpl.java, processPopResponse. */
export interface PoppedMessage {
  readonly body: string;
  /** As the client sees it. */
  readonly topic: string;
  /** The topic that holds it. */
  readonly realTopic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly reconsumeTimes: number;
  readonly receipt: string;
  /** How often it was given out before, of an ordered pop. */
  readonly orderCount: number | undefined;
  readonly properties: ReadonlyMap<string, string>;
}

export interface PopParts {
  readonly topic: string;
  readonly group: string;
  readonly queueId?: number;
  readonly bornTime: number;
  readonly header?: Readonly<Record<string, string>>;
}

export function popRequest({ topic, group, queueId = -1, bornTime, header }: PopParts): RequestParts {
  return {
    code: RequestCode.POP_MESSAGE,
    extFields: {
      consumerGroup: group,
      topic,
      queueId: String(queueId),
      maxMsgNums: '32',
      invisibleTime: '10000',
      pollTime: '0',
      bornTime: String(bornTime),
      initMode: '0',
      expType: 'TAG',
      exp: '*',
      order: 'false',
      ...header,
    },
  };
}

/** @throws Error when the lists of the answer do not fit its messages */
export function poppedMessages(answer: RemotingCommand, group: string, brokerName = 'broker-a'): PoppedMessage[] {
  const starts = pairs(answer.extFields['startOffsetInfo']);
  const offsets = pairs(answer.extFields['msgOffsetInfo']);
  const counts = pairs(answer.extFields['orderCountInfo']);
  const given = new Map([...offsets].map(([key, list]) => [key, list.split(',').map(Number)]));
  return decodeMessages(answer.body).map((message) => {
    const properties = decodeProperties(message.properties);
    const receipt = properties.get('POP_CK') ?? receiptOf(answer, message, { starts, given, brokerName });
    const { retry, queueId, offset = message.queueOffset } = parsePopReceipt(receipt);
    const key = `${retry} ${queueId}`;
    const count = counts.get(`${retry} qo${queueId}%${offset}`) ?? counts.get(key);
    return {
      body: message.body.toString(),
      topic: message.topic,
      realTopic: heldTopic(message.topic, group, retry),
      queueId,
      queueOffset: offset,
      reconsumeTimes: message.reconsumeTimes,
      receipt,
      orderCount: count === undefined ? undefined : Number(count),
      properties,
    };
  });
}

export function ackRequest(group: string, { realTopic, queueId, queueOffset, receipt }: PoppedMessage): RequestParts {
  return {
    code: RequestCode.ACK_MESSAGE,
    extFields: {
      consumerGroup: group,
      topic: realTopic,
      queueId: String(queueId),
      extraInfo: receipt,
      offset: String(queueOffset),
    },
  };
}

export function changeRequest(group: string, message: PoppedMessage, invisibleTimeMs: number): RequestParts {
  const { extFields } = ackRequest(group, message);
  return {
    code: RequestCode.CHANGE_MESSAGE_INVISIBLETIME,
    extFields: { ...extFields, invisibleTime: String(invisibleTimeMs) },
  };
}

/** The message with the receipt that the answer to a change of its invisible time makes. */
export function changedMessage(message: PoppedMessage, answer: RemotingCommand): PoppedMessage {
  const { popTime, invisibleTime, reviveQid } = answer.extFields;
  const receipt = encodePopReceipt({
    ...parsePopReceipt(message.receipt),
    startOffset: message.queueOffset,
    popTime: Number(popTime),
    invisibleTime: Number(invisibleTime),
    reviveQueueId: Number(reviveQid),
  });
  return { ...message, receipt };
}

interface Lists {
  readonly starts: ReadonlyMap<string, string>;
  readonly given: ReadonlyMap<string, readonly number[]>;
  readonly brokerName: string;
}

function receiptOf(answer: RemotingCommand, message: StoredMessage, { starts, given, brokerName }: Lists): string {
  const retry: RetryFlag = !message.topic.startsWith('%RETRY%') ? '0' : message.topic.includes('+') ? '2' : '1';
  const key = `${retry} ${message.queueId}`;
  if (given.get(key)?.includes(message.queueOffset) !== true) {
    throw new Error(`the answer does not list offset ${message.queueOffset} of ${key}`);
  }
  return encodePopReceipt({
    startOffset: Number(starts.get(key)),
    popTime: Number(answer.extFields['popTime']),
    invisibleTime: Number(answer.extFields['invisibleTime']),
    reviveQueueId: Number(answer.extFields['reviveQid']),
    retry,
    brokerName,
    queueId: message.queueId,
    offset: message.queueOffset,
  });
}

/** `flag queue value;…`. @throws Error when a pair of flag and queue comes twice, as Java does */
function pairs(list: string | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const item of list === undefined || list === '' ? [] : list.split(';')) {
    const [flag = '', queue = '', value = ''] = item.split(' ');
    const key = `${flag} ${queue}`;
    if (found.has(key)) throw new Error(`${key} is there twice`);
    found.set(key, value);
  }
  return found;
}
