import { inflateSync } from 'node:zlib';
import { decompress as decompressZstd } from 'fzstd';
import { decompress as decompressLz4 } from 'lz4js';
import { CodedError, errorText } from '../base/errors.ts';
import { compressionTypeOf, SysFlag } from './sysFlag.ts';

/** A body of a few KiB can inflate to gigabytes; no honest message does. */
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;

/**
 * The body as its producer gave it.
 * @throws CodedError `message-illegal` when the compressed bytes are damaged
 */
export function decompressBody(body: Buffer, sysFlag: number): Buffer {
  if ((sysFlag & SysFlag.COMPRESSED) === 0) return body;
  const type = compressionTypeOf(sysFlag);
  try {
    if (type === 'ZLIB') return inflateSync(body, { maxOutputLength: MAX_INFLATED_BYTES });
    return Buffer.from(type === 'ZSTD' ? decompressZstd(body) : decompressLz4(body));
  } catch (error) {
    throw new CodedError(
      'message-illegal',
      { reason: `the ${type} body is damaged: ${errorText(error)}` },
      { cause: error },
    );
  }
}
