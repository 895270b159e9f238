import { Http2Code, Http2Error } from './http2Code.ts';
import { decodeHuffman } from './huffman.ts';

/** What is known before anything was said: names, some with a value. Source: RFC 7541, appendix A. */
const STATIC = [
  ':authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204',
  ':status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate',
  'accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control',
  'content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type',
  'cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since',
  'last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after',
  'server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate',
]
  .flatMap((row) => row.split('|'))
  .map((entry): Entry => {
    const [name = '', value = ''] = entry.split('=');
    return { name, value, bytes: 0, isLegal: true };
  });

interface Entry {
  readonly name: string;
  readonly value: string;
  /** What it takes in the table, by the words of the RFC. */
  readonly bytes: number;
  /** Found out once, since most headers come again and again. */
  readonly isLegal: boolean;
}

/** Visible letters but those in upper case; a colon may stand before them. Source: RFC 9113 §8.2.1. */
const LEGAL_NAME = /^:?[!-9;-@[-~]+$/;
/** A gateway to HTTP/1 would take what follows for another header. */
const ILLEGAL_VALUE = /[\0\r\n]/;

const ENTRY_BYTES = 32;
/** Nobody is told of another size. Source: RFC 9113 §6.5.2. */
const TABLE_BYTES = 4096;

/** Names and values in turns, as they came. */
export type Headers = readonly string[];

/**
 * Reads the header blocks of one connection, each of them in the order of their coming: what one says others refer to.
 * Source: RFC 7541.
 */
export class HpackDecoder {
  readonly #maxListBytes: number;
  /** The newest last. */
  readonly #entries: Entry[] = [];
  #bytes = 0;
  #mostBytes = TABLE_BYTES;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;
  #isMalformed = false;

  constructor(maxListBytes: number) {
    this.#maxListBytes = maxListBytes;
  }

  /** The block that was read last has a header whose name or value HTTP does not know. */
  get isMalformed(): boolean {
    return this.#isMalformed;
  }

  /**
   * @returns undefined when it is more than is taken, though it was read for what follows
   * @throws Http2Error COMPRESSION_ERROR
   */
  decode(block: Buffer): Headers | undefined {
    this.#block = block;
    this.#at = 0;
    this.#isMalformed = false;
    const headers: string[] = [];
    let listBytes = 0;
    while (this.#at < block.length) {
      const entry = this.#next(block[this.#at] as number, headers.length === 0);
      if (entry === undefined) continue;
      if (!entry.isLegal) this.#isMalformed = true;
      listBytes += entry.name.length + entry.value.length + ENTRY_BYTES;
      if (listBytes <= this.#maxListBytes) headers.push(entry.name, entry.value);
    }
    return listBytes <= this.#maxListBytes ? headers : undefined;
  }

  #next(first: number, isFirst: boolean): Entry | undefined {
    if (first >= 0x80) return this.#entry(this.#integer(0x7f));
    if (first >= 0x40) return this.#keep(this.#literal(0x3f));
    if (first < 0x20) return this.#literal(0x0f);
    if (!isFirst) throw illegal('the size of the table changes behind a header');
    this.#resize(this.#integer(0x1f));
    return undefined;
  }

  #literal(mask: number): Entry {
    const index = this.#integer(mask);
    const name = index === 0 ? this.#string() : this.#entry(index).name;
    const value = this.#string();
    const isLegal = LEGAL_NAME.test(name) && !ILLEGAL_VALUE.test(value);
    return { name, value, bytes: name.length + value.length + ENTRY_BYTES, isLegal };
  }

  #entry(index: number): Entry {
    const entry =
      index <= STATIC.length ? STATIC[index - 1] : this.#entries[this.#entries.length - (index - STATIC.length)];
    if (entry === undefined) throw illegal(`there is no header ${index}`);
    return entry;
  }

  #keep(entry: Entry): Entry {
    this.#bytes += entry.bytes;
    this.#entries.push(entry);
    this.#evict();
    return entry;
  }

  #resize(bytes: number): void {
    if (bytes > TABLE_BYTES) throw illegal(`a table of ${bytes} bytes is larger than was agreed`);
    this.#mostBytes = bytes;
    this.#evict();
  }

  #evict(): void {
    while (this.#bytes > this.#mostBytes) this.#bytes -= this.#entries.shift()?.bytes ?? this.#bytes;
  }

  #integer(mask: number): number {
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw illegal('a number is too large');
  }

  #string(): string {
    const isHuffman = (this.#block[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(0x7f);
    const from = this.#at;
    const to = from + length;
    if (to > this.#block.length) throw illegal('it ends within a header');
    this.#at = to;
    return isHuffman ? decodeHuffman(this.#block, from, to) : this.#block.toString('latin1', from, to);
  }

  #byte(): number {
    const byte = this.#block[this.#at];
    if (byte === undefined) throw illegal('it ends within a header');
    this.#at += 1;
    return byte;
  }
}

function illegal(problem: string): Http2Error {
  return new Http2Error(Http2Code.COMPRESSION_ERROR, `a header block cannot be read: ${problem}`);
}
