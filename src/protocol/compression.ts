import { inflateSync } from 'node:zlib';
import { CodedError, errorText } from '../base/errors.ts';
import { decompressLz4Frame } from './lz4Frame.ts';
import { compressionTypeOf, SysFlag } from './sysFlag.ts';
import { decompressZstdFrame } from './zstdFrame.ts';

/** A body of a few KiB can inflate to gigabytes; brokers take 4 MiB of a body, unless they are told otherwise. */
const MAX_INFLATED_BYTES = 32 * 1024 * 1024;

/**
 * The body as its producer gave it.
 * @throws CodedError `message-illegal` when the compressed bytes are damaged, or hold more than 32 MiB
 */
export function decompressBody(body: Buffer, sysFlag: number): Buffer {
  if ((sysFlag & SysFlag.COMPRESSED) === 0) return body;
  const type = compressionTypeOf(sysFlag);
  try {
    if (type === 'ZLIB') return inflateSync(body, { maxOutputLength: MAX_INFLATED_BYTES });
    return (type === 'ZSTD' ? decompressZstdFrame : decompressLz4Frame)(body, MAX_INFLATED_BYTES);
  } catch (error) {
    throw new CodedError(
      'message-illegal',
      { reason: `the ${type} body cannot be decompressed: ${errorText(error)}` },
      { cause: error },
    );
  }
}
