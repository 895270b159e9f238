import { RequestCode, ResponseCode } from '../src/protocol/codes.ts';
import type { RemotingCommand, RequestParts } from '../src/protocol/command.ts';
import { decodeFields, encodeFields } from '../src/protocol/fields.ts';
import { encodeProperties } from '../src/protocol/messageProperty.ts';
import { offsetResponse, queryConsumerOffset } from '../src/protocol/requests/offset.ts';
import { PullSysFlag, pullMessage } from '../src/protocol/requests/pull.ts';
import { sendMessage, shrinkToLetters } from '../src/protocol/requests/send.ts';
import type { Connection } from '../src/remoting/connection.ts';

/* Requests of a client that knows its broker: what is measured is the broker's part. */

const TIMEOUT_MS = 60_000;
const LONG_POLL_MS = 30_000;

export interface QueuePlace {
  readonly topic: string;
  readonly queueId: number;
}

/**
 * Again while Apache's broker says that it is busy.
 * @throws Error when the broker does not store it
 */
export async function send(
  connection: Connection,
  { topic, queueId }: QueuePlace,
  body: Buffer,
  properties: readonly (readonly [string, string])[] = [],
): Promise<void> {
  const header = encodeFields(sendMessage, {
    producerGroup: 'bench',
    topic,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId,
    sysFlag: 0,
    bornTimestamp: Date.now(),
    flag: 0,
    properties: encodeProperties(properties),
    reconsumeTimes: 0,
    unitMode: false,
    batch: false,
  });
  const parts = { code: RequestCode.SEND_MESSAGE_V2, extFields: shrinkToLetters(header), body };
  let { code, remark } = await connection.request(parts, TIMEOUT_MS);
  while (code === ResponseCode.SYSTEM_BUSY) ({ code, remark } = await connection.request(parts, TIMEOUT_MS));
  if (code !== ResponseCode.SUCCESS) throw new Error(`the send was refused: ${code} ${remark ?? ''}`);
}

/** The broker holds it while there is nothing, for as long as clients ask for. */
export function longPull(connection: Connection, place: QueuePlace, queueOffset: number): Promise<RemotingCommand> {
  return connection.request(pullParts(place, queueOffset, PullSysFlag.SUBSCRIPTION | PullSysFlag.SUSPEND), TIMEOUT_MS);
}

export function pull(connection: Connection, place: QueuePlace, queueOffset: number): Promise<RemotingCommand> {
  return connection.request(pullParts(place, queueOffset, PullSysFlag.SUBSCRIPTION), TIMEOUT_MS);
}

/** 0 for a group that has none. */
export async function consumerOffset(
  connection: Connection,
  consumerGroup: string,
  place: QueuePlace,
): Promise<number> {
  const extFields = encodeFields(queryConsumerOffset, { consumerGroup, ...place });
  const answer = await connection.request({ code: RequestCode.QUERY_CONSUMER_OFFSET, extFields }, TIMEOUT_MS);
  return answer.code === ResponseCode.SUCCESS ? decodeFields(offsetResponse, answer.extFields).offset : 0;
}

function pullParts({ topic, queueId }: QueuePlace, queueOffset: number, sysFlag: number): RequestParts {
  const header = {
    consumerGroup: 'bench',
    topic,
    queueId,
    queueOffset,
    maxMsgNums: 32,
    sysFlag,
    commitOffset: 0,
    suspendTimeoutMillis: LONG_POLL_MS,
    subscription: '*',
    subVersion: 0,
    expressionType: 'TAG',
  };
  return { code: RequestCode.PULL_MESSAGE, extFields: encodeFields(pullMessage, header) };
}
