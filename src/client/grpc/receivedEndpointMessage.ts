import { unzipSync } from 'node:zlib';

import { CodedError, errorText, isCodedError } from '../../base/errors.ts';
import { decompressBody } from '../../protocol/compression.ts';
import { PropertyName } from '../../protocol/messageProperty.ts';
import { SysFlag } from '../../protocol/sysFlag.ts';
import type { ReceivedMessage } from '../receivedMessage.ts';
import type { WireMessage } from './wireMessage.ts';

const MAX_INFLATED_BYTES = 32 * 1024 * 1024;
/** Bits of a sysFlag, see `compressionTypeOf`. */
const LZ4 = 0x100;
const ZSTD = 0x200;

/** A message of a group as people read it, with the names that its properties have in a queue. */
export function receivedEndpointMessage(message: WireMessage, brokerName: string): ReceivedMessage {
  const properties = new Map(message.userProperties);
  if (message.tag !== undefined) properties.set(PropertyName.TAGS, message.tag);
  if (message.keys.length > 0) properties.set(PropertyName.KEYS, message.keys.join(' '));
  if (message.group !== undefined) properties.set(PropertyName.SHARDING_KEY, message.group);
  const { body, bodyProblem } = readBody(message);
  return {
    topic: message.topic,
    brokerName,
    queueId: message.brokerQueueId,
    offset: message.offset,
    storedAtMs: message.storedAtMs,
    bornAtMs: message.bornAtMs,
    bornHost: message.bornHost,
    storeHost: message.storeHost,
    reconsumeTimes: Math.max(0, message.deliveryAttempt - 1),
    messageId: message.messageId,
    offsetMessageId: undefined,
    properties,
    body,
    bodyProblem,
    sizeBytes: body.length,
  };
}

/** "GZIP" says only that it is compressed: what a remoting producer sent comes as it is stored. Sheet §4.5. */
function readBody(message: WireMessage): { body: Buffer; bodyProblem: CodedError | undefined } {
  const bytes = Buffer.from(message.body);
  if (!message.isCompressed) return { body: bytes, bodyProblem: undefined };
  try {
    return { body: decompressed(bytes), bodyProblem: undefined };
  } catch (error) {
    const problem = isCodedError(error) ? error : new CodedError('message-illegal', { reason: errorText(error) });
    return { body: bytes, bodyProblem: problem };
  }
}

function decompressed(bytes: Buffer): Buffer {
  const magic = bytes.length < 4 ? 0 : bytes.readUInt32LE(0);
  if (magic === 0xfd2fb528) return decompressBody(bytes, SysFlag.COMPRESSED | ZSTD);
  if (magic === 0x184d2204) return decompressBody(bytes, SysFlag.COMPRESSED | LZ4);
  return unzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
}
