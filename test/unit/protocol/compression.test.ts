import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';

import fc from 'fast-check';
import { compress as compressLz4 } from 'lz4js';
import { isCodedError } from '../../../src/base/errors.ts';
import { decompressBody } from '../../../src/protocol/compression.ts';

const LZ4 = 0x101;
const ZSTD = 0x201;
const ZLIB = 0x301;
const LIMIT = 32 * 1024 * 1024;
const MIB = 1024 * 1024;

function refused(body: Buffer, sysFlag: number, reason: RegExp): void {
  assert.throws(
    () => decompressBody(body, sysFlag),
    (error) => {
      assert.ok(isCodedError(error, 'message-illegal'), String(error));
      assert.match(String(error.details['reason']), reason);
      return true;
    },
  );
}

/** A frame of one block: `matchBytes` repetitions of `a`, told in a 255th of them. */
function lz4Bomb(matchBytes: number): Buffer {
  const length = matchBytes - 4 - 15;
  const block = Buffer.concat([
    Buffer.from([0x1f, 0x61, 1, 0]),
    Buffer.alloc(Math.floor(length / 255), 255),
    Buffer.from([length % 255]),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  return Buffer.concat([Buffer.from('04224d18604073', 'hex'), size, block, Buffer.alloc(4)]);
}

/** Blocks that each say "repeat this byte 1 MiB". */
function zstdFrame(header: string, blocks: number): Buffer {
  const rle = Buffer.from([2, 0, 0x80, 0x61]);
  rle.writeUIntLE((MIB << 3) | 2, 0, 3);
  const last = Buffer.from(rle);
  last.writeUIntLE((MIB << 3) | 3, 0, 3);
  return Buffer.concat([
    Buffer.from(`28b52ffd${header}`, 'hex'),
    ...Array.from({ length: blocks - 1 }, () => rle),
    last,
  ]);
}

describe('compressed bodies', () => {
  it('are left alone without their bit', () => {
    const body = Buffer.from('plain');
    assert.equal(decompressBody(body, 0x100), body);
  });

  it('of zlib, also of the time before the type had bits', () => {
    const body = deflateSync(Buffer.from('hello '.repeat(100)));
    for (const sysFlag of [ZLIB, 0x1]) assert.equal(decompressBody(body, sysFlag).toString(), 'hello '.repeat(100));
  });

  it('of LZ4, whatever repeats in them', () => {
    const chunk = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 3000 }));
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), (chunks) => {
        const plain = Buffer.concat(chunks.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes)));
        assert.ok(decompressBody(Buffer.from(compressLz4(plain)), LZ4).equals(plain));
      }),
      { numRuns: 50 },
    );
  });

  it('of LZ4 with a content size, block checksums and a plain block', () => {
    const frame =
      '04224d18' + '7c40' + '0300000000000000' + '00' + '03000080' + '616263' + 'ffffffff' + '00000000' + 'ffffffff';
    assert.equal(decompressBody(Buffer.from(frame, 'hex'), LZ4).toString(), 'abc');
  });

  it('of Zstandard and LZ4, byte by byte as recorded', () => {
    // A plain block, one of a repeated byte.
    assert.equal(
      decompressBody(Buffer.from('28b52ffd2005' + '180000' + '616263' + '130000' + '64', 'hex'), ZSTD).toString(),
      'abcdd',
    );
    // What the `zstd` and `lz4` commands make of it.
    const plain = 'Orders shall be kept in order. '.repeat(8);
    const zstd =
      '28b52ffd0458350100f84f7264657273207368616c6c206265206b65707420696e206f726465722e2001005b05a59ce9335aea';
    const lz4 =
      '04224d186440a729000000f00a4f7264657273207368616c6c206265206b65707420696e206f18002f2e201f00c1506465722e2000000000fe8c747c';
    assert.equal(decompressBody(Buffer.from(zstd, 'hex'), ZSTD).toString(), plain);
    assert.equal(decompressBody(Buffer.from(lz4, 'hex'), LZ4).toString(), plain);
  });

  it('end at 32 MiB, and no later', () => {
    assert.equal(decompressBody(deflateSync(Buffer.alloc(LIMIT)), ZLIB).length, LIMIT);
    refused(deflateSync(Buffer.alloc(LIMIT + 1)), ZLIB, /ZLIB/);
    assert.equal(decompressBody(lz4Bomb(LIMIT - 1), LZ4).length, LIMIT);
    refused(lz4Bomb(LIMIT), LZ4, /more than 33554432 bytes/);
    assert.equal(decompressBody(zstdFrame('0058', 32), ZSTD).length, LIMIT);
    refused(zstdFrame('0058', 33), ZSTD, /more than 33554432 bytes/);
  });

  it('of Zstandard that announce more are refused before memory is taken', () => {
    refused(zstdFrame('00a8', 1), ZSTD, /more than 33554432 bytes/);
    refused(zstdFrame('a001000002', 1), ZSTD, /more than 33554432 bytes/);
    refused(zstdFrame('e00000000001000000', 1), ZSTD, /more than 33554432 bytes/);
    const frame = zstdFrame('0058', 1);
    refused(Buffer.concat([frame, frame]), ZSTD, /does not end with the body/);
  });

  it('that are cut off or damaged get an error, never a hang', () => {
    const lz4 = Buffer.from(compressLz4(Buffer.from('hello '.repeat(100))));
    const zlib = deflateSync(Buffer.from('hello '.repeat(100)));
    const zstd = zstdFrame('0058', 2);
    for (const [body, sysFlag] of [
      [lz4, LZ4],
      [zlib, ZLIB],
      [zstd, ZSTD],
    ] as const) {
      for (let end = 0; end < body.length; end += 1) refused(body.subarray(0, end), sysFlag, /cannot be decompressed/);
    }
    fc.assert(
      fc.property(fc.nat(lz4.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(lz4);
        damaged[at] = byte;
        try {
          decompressBody(damaged, LZ4);
        } catch (error) {
          assert.ok(isCodedError(error, 'message-illegal'));
        }
      }),
    );
  });
});
