import assert from 'node:assert/strict';
import fc from 'fast-check';

import {
  readInt16,
  readInt32,
  readInt64,
  readUInt16,
  writeInt16,
  writeInt32,
  writeInt64,
} from '../../../src/protocol/bigEndian.ts';

describe('bigEndian', () => {
  it('reads what Buffer reads', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 16 }), fc.nat(), (given, place) => {
        const bytes = Buffer.from(given);
        const at = place % (bytes.length - 7);
        assert.equal(readUInt16(bytes, at), bytes.readUInt16BE(at));
        assert.equal(readInt16(bytes, at), bytes.readInt16BE(at));
        assert.equal(readInt32(bytes, at), bytes.readInt32BE(at));
        assert.equal(readInt64(bytes, at), Number(bytes.readBigInt64BE(at)));
      }),
    );
  });

  it('writes what Buffer writes, and nothing beside it', () => {
    const at = fc.nat({ max: 4 });
    fc.assert(
      fc.property(
        fc.integer({ min: -0x8000, max: 0x7fff }),
        fc.integer(),
        fc.maxSafeInteger(),
        at,
        (a, b, c, place) => {
          const [ours, buffers] = [Buffer.alloc(24, 0xaa), Buffer.alloc(24, 0xaa)];
          let end = writeInt16(ours, a, place);
          end = writeInt32(ours, b, end);
          end = writeInt64(ours, c, end);
          buffers.writeInt16BE(a, place);
          buffers.writeInt32BE(b, place + 2);
          buffers.writeBigInt64BE(BigInt(c), place + 6);
          assert.equal(end, place + 14);
          assert.equal(ours.toString('hex'), buffers.toString('hex'));
        },
      ),
    );
  });

  for (const [name, sizeBytes, touch] of [
    ['readUInt16', 2, readUInt16],
    ['readInt16', 2, readInt16],
    ['readInt32', 4, readInt32],
    ['readInt64', 8, readInt64],
    ['writeInt16', 2, (bytes: Buffer, at: number) => writeInt16(bytes, 1, at)],
    ['writeInt32', 4, (bytes: Buffer, at: number) => writeInt32(bytes, 1, at)],
    ['writeInt64', 8, (bytes: Buffer, at: number) => writeInt64(bytes, 1, at)],
  ] as const) {
    it(`${name} throws beyond either end`, () => {
      const bytes = Buffer.alloc(16);
      touch(bytes, 16 - sizeBytes);
      assert.throws(() => touch(bytes, 17 - sizeBytes), RangeError);
      assert.throws(() => touch(bytes, -1), RangeError);
    });
  }
});
