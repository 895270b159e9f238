import assert from 'node:assert/strict';
import { Http2Code, Http2Error } from '../../../../src/protocol/http2/http2Code.ts';
import { HpackDecoder } from '../../../../src/protocol/http2/hpackDecoder.ts';
import { encodeHeaders } from '../../../../src/protocol/http2/hpackEncoder.ts';
import { decodeHuffman } from '../../../../src/protocol/http2/huffman.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const isIllegal = (error: unknown): boolean =>
  error instanceof Http2Error && error.code === Http2Code.COMPRESSION_ERROR;

describe('the Huffman code of HPACK', () => {
  const text = (bytes: Buffer): string => decodeHuffman(bytes, 0, bytes.length);

  // Source: RFC 7541, appendix C.4 and C.6.
  for (const [encoded, expected] of [
    ['', ''],
    ['f1e3 c2e5 f23a 6ba0 ab90 f4ff', 'www.example.com'],
    ['a8eb 1064 9cbf', 'no-cache'],
    ['25a8 49e9 5ba9 7d7f', 'custom-key'],
    ['25a8 49e9 5bb8 e8b4 bf', 'custom-value'],
    ['6402', '302'],
    ['d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3', 'https://www.example.com'],
    [
      '94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    ],
  ] as const) {
    it(`reads ${JSON.stringify(expected)}`, () => assert.equal(text(hex(encoded)), expected));
  }

  it('refuses what ends within a letter, with a whole byte too much, and the end of a string', () => {
    for (const encoded of ['f1e3 c2e5 f23a 6ba0 ab90 f400', 'a8eb 1064 9cbf ff', 'ffff ffff', 'ffff fffc', 'fe']) {
      assert.throws(() => text(hex(encoded)), isIllegal, encoded);
    }
  });
});

describe('HpackDecoder', () => {
  const request = (authority: string, ...more: string[]): string[] => [
    ...[':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', authority],
    ...more,
  ];

  it('reads requests that refer to what was said before, as the RFC shows them (C.3, C.4)', () => {
    for (const blocks of [
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ]) {
      const decoder = new HpackDecoder(1000);
      const found = blocks.map((block) => decoder.decode(hex(block)));
      assert.deepEqual(found, [
        request('www.example.com'),
        request('www.example.com', 'cache-control', 'no-cache'),
        [
          ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com'],
          ...['custom-key', 'custom-value'],
        ],
      ]);
    }
  });

  it('forgets what no longer fits into a table that was made smaller (C.5)', () => {
    const decoder = new HpackDecoder(1000);
    const date = 'Mon, 21 Oct 2013 20:13:21 GMT';
    const location = ['location', 'https://www.example.com'];
    assert.deepEqual(
      decoder.decode(
        // First the size of 256 bytes.
        hex(
          '3fe1 01 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133' +
            '3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        ),
      ),
      [':status', '302', 'cache-control', 'private', 'date', date, ...location],
    );
    assert.deepEqual(decoder.decode(hex('4803 3330 37c1 c0bf')), [
      ...[':status', '307', 'cache-control', 'private', 'date', date, ...location],
    ]);
    // The first of the entries had to go.
    assert.throws(() => decoder.decode(hex('c2')), isIllegal);
  });

  it('reads literals that nobody is to keep', () => {
    const decoder = new HpackDecoder(1000);
    for (const first of ['00', '10']) assert.deepEqual(decoder.decode(hex(`${first} 0161 0162`)), ['a', 'b']);
    assert.throws(() => decoder.decode(hex('be')), isIllegal);
  });

  it('says what is too much, and knows it later all the same', () => {
    const decoder = new HpackDecoder(64);
    assert.equal(decoder.decode(hex(`4001 6120${'62'.repeat(32)}`)), undefined);
    assert.equal(decoder.decode(hex('be be')), undefined);
    assert.deepEqual(decoder.decode(hex('4001 6101 62')), ['a', 'b']);
  });

  it('refuses blocks that cannot be', () => {
    for (const [what, block] of [
      ['no index', '80'],
      ['an index beyond the table', 'be'],
      ['a number that ends early', 'ff'],
      ['a number that is too large', 'ffff ffff ffff 7f'],
      ['a text that ends early', '4005 6162'],
      ['no value', '4001 61'],
      ['a table that is too large', '3fe2 1f'],
      ['another table behind a header', '8220'],
    ] as const) {
      assert.throws(() => new HpackDecoder(1000).decode(hex(block)), isIllegal, what);
    }
  });

  it('reads what the encoder writes, of any length', () => {
    for (const length of [0, 1, 126, 127, 128, 254, 255, 256, 5000]) {
      const headers = { ':status': '200', 'grpc-message': 'x'.repeat(length), a: 'b' };
      const block = encodeHeaders(headers);
      assert.equal(block[0], 0x88);
      assert.deepEqual(new HpackDecoder(10_000).decode(block), Object.entries(headers).flat());
    }
    assert.deepEqual(new HpackDecoder(1000).decode(encodeHeaders({ ':status': '415' })), [':status', '415']);
  });
});
