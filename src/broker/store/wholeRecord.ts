import { CodedError } from '../../base/errors.ts';
import { readInt64 } from '../../protocol/bigEndian.ts';
import { bodyCrcOf, decodeMessage, MAGIC_V1, MAGIC_V2, measureMessage, RecordOffset } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';

/** Undefined for torn, damaged and foreign bytes. */
export function readWhole(window: Buffer, at: number, position: number): StoredMessage | undefined {
  try {
    const message = decodeMessage(window, at);
    const isWhole = message.physicalOffset === position && message.bodyCrc === bodyCrcOf(message.body);
    return isWhole && hasWholeText(message) ? message : undefined;
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

/** The checksum covers the body only: a topic or properties that are torn show as broken UTF-8, or as zeros. */
function hasWholeText(message: StoredMessage): boolean {
  return measureMessage(message).sizeBytes === message.sizeBytes && /^[\x21-\x7e]+$/.test(message.topic);
}

/** An item of a batch of Apache's broker may end with a zero that was sent; ours never do. */
export function mayBeTorn({ properties }: StoredMessage): boolean {
  return properties.endsWith('\0');
}

export function isRecordAt(head: Buffer, physicalOffset: number): boolean {
  const magic = head.readInt32BE(RecordOffset.MAGIC);
  return (magic === MAGIC_V1 || magic === MAGIC_V2) && readInt64(head, RecordOffset.PHYSICAL_OFFSET) === physicalOffset;
}
