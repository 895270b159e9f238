/** Bits of a message's sysFlag. Source: MessageSysFlag.java; remoting sheet §4.4. */
export const SysFlag = {
  COMPRESSED: 0x1,
  MULTI_TAGS: 0x2,
  TRANSACTION_MASK: 0xc,
  TRANSACTION_PREPARED: 0x4,
  TRANSACTION_COMMIT: 0x8,
  TRANSACTION_ROLLBACK: 0xc,
  BORN_HOST_V6: 0x10,
  STORE_HOST_V6: 0x20,
  NEED_UNWRAP: 0x40,
  INNER_BATCH: 0x80,
  COMPRESSION_MASK: 0x700,
} as const;

export type CompressionType = 'LZ4' | 'ZSTD' | 'ZLIB';

/** 0 and 3 are zlib: messages from before the bits existed carry 0. */
export function compressionTypeOf(sysFlag: number): CompressionType {
  const bits = (sysFlag & SysFlag.COMPRESSION_MASK) >> 8;
  return bits === 1 ? 'LZ4' : bits === 2 ? 'ZSTD' : 'ZLIB';
}
