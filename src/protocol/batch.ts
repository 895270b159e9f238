import { CodedError } from '../base/errors.ts';

/*
 * Body of SEND_BATCH_MESSAGE 320: {TOTALSIZE 4 | MAGIC 4 = 0 | BODYCRC 4 = 0 | FLAG 4 | bodyLength 4 body |
 * propertiesLength 2 properties}*. Source: MessageDecoder.encodeMessage; remoting sheet §4.6.
 */

export interface BatchItem {
  readonly flag: number;
  readonly body: Buffer;
  readonly properties: string;
}

const FIXED_BYTES = 22;

export function encodeBatch(items: readonly BatchItem[]): Buffer {
  return Buffer.concat(items.map(encodeItem));
}

/**
 * Bodies are slices of `bytes`.
 * @throws CodedError `message-illegal`
 */
export function decodeBatch(bytes: Buffer): BatchItem[] {
  const items: BatchItem[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + FIXED_BYTES > bytes.length) throw cut();
    const end = at + bytes.readInt32BE(at);
    const bodyEnd = at + 20 + bytes.readInt32BE(at + 16);
    if (end > bytes.length || bodyEnd < at + 20 || bodyEnd + 2 > end) throw cut();
    const propertiesEnd = bodyEnd + 2 + bytes.readInt16BE(bodyEnd);
    if (propertiesEnd < bodyEnd + 2 || propertiesEnd > end) throw cut();
    items.push({
      flag: bytes.readInt32BE(at + 12),
      body: bytes.subarray(at + 20, bodyEnd),
      properties: bytes.toString('utf8', bodyEnd + 2, propertiesEnd),
    });
    at = end;
  }
  return items;
}

function encodeItem({ flag, body, properties }: BatchItem): Buffer {
  const propertiesBytes = Buffer.byteLength(properties);
  const item = Buffer.alloc(FIXED_BYTES + body.length + propertiesBytes);
  item.writeInt32BE(item.length, 0);
  item.writeInt32BE(flag, 12);
  item.writeInt32BE(body.length, 16);
  body.copy(item, 20);
  item.writeInt16BE(propertiesBytes, 20 + body.length);
  item.write(properties, 22 + body.length, 'utf8');
  return item;
}

function cut(): CodedError {
  return new CodedError('message-illegal', { reason: 'the batch is cut short' });
}
