declare module 'lz4js' {
  /** Reads the LZ4 frame format. */
  export function decompress(source: Uint8Array, maxSize?: number): Uint8Array;
  export function compress(source: Uint8Array, maxSize?: number): Uint8Array;
}
