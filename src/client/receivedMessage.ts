import { isCodedError } from '../base/errors.ts';
import type { CodedError } from '../base/errors.ts';
import { decompressBody } from '../protocol/compression.ts';
import { formatHostAddress } from '../protocol/hostAddress.ts';
import type { StoredMessage } from '../protocol/message.ts';
import { offsetMessageId } from '../protocol/messageId.ts';
import { PropertyName, decodeProperties } from '../protocol/messageProperty.ts';

/** A message as it lies in a queue, read by people. */
export interface ReceivedMessage {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
  readonly offset: number;
  readonly storedAtMs: number;
  readonly bornAtMs: number;
  /** `ip:port` of the producer, as the broker saw it. */
  readonly bornHost: string;
  readonly storeHost: string;
  readonly reconsumeTimes: number;
  /** The unique key, or the offset id of a message without one. */
  readonly messageId: string;
  /** Undefined where nobody tells: a gRPC endpoint does not. */
  readonly offsetMessageId: string | undefined;
  readonly properties: ReadonlyMap<string, string>;
  /** Decompressed, unless `bodyProblem` says that it could not be. */
  readonly body: Buffer;
  readonly bodyProblem: CodedError | undefined;
  /** Of the body as the producer gave it. */
  readonly sizeBytes: number;
}

/** The body is copied: a small message must not keep the whole answer that it came in. */
export function receivedMessage(stored: StoredMessage, brokerName: string): ReceivedMessage {
  const properties = decodeProperties(stored.properties);
  const offsetId = offsetMessageId(stored.storeHost, stored.physicalOffset);
  const { body, bodyProblem } = readBody(stored);
  return {
    topic: stored.topic,
    brokerName,
    queueId: stored.queueId,
    offset: stored.queueOffset,
    storedAtMs: stored.storeTimestamp,
    bornAtMs: stored.bornTimestamp,
    bornHost: formatHostAddress(stored.bornHost),
    storeHost: formatHostAddress(stored.storeHost),
    reconsumeTimes: stored.reconsumeTimes,
    messageId: properties.get(PropertyName.UNIQUE_KEY) ?? offsetId,
    offsetMessageId: offsetId,
    properties,
    body,
    bodyProblem,
    sizeBytes: body.length,
  };
}

function readBody({ body, sysFlag }: StoredMessage): { body: Buffer; bodyProblem: CodedError | undefined } {
  try {
    const plain = decompressBody(body, sysFlag);
    return { body: plain === body ? Buffer.from(body) : plain, bodyProblem: undefined };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return { body: Buffer.from(body), bodyProblem: error };
  }
}
