import assert from 'node:assert/strict';
import { CodedError } from '../../../src/base/errors.ts';
import {
  HaReportReader,
  HaTransferReader,
  encodeHaReport,
  encodeTransferHeader,
} from '../../../src/protocol/haTransfer.ts';
import type { LogPiece } from '../../../src/protocol/haTransfer.ts';

describe('HA: what a slave reports', () => {
  it('is eight bytes', () => {
    assert.equal(encodeHaReport(0x1_0000_0002).toString('hex'), '0000000100000002');
  });

  it('counts as soon as it is whole, and the newest counts', () => {
    const reader = new HaReportReader();
    const bytes = Buffer.concat([encodeHaReport(7), encodeHaReport(8), encodeHaReport(2 ** 40)]);
    assert.equal(reader.push(bytes.subarray(0, 7)), undefined);
    assert.equal(reader.push(bytes.subarray(7, 20)), 8);
    assert.equal(reader.push(bytes.subarray(20, 23)), undefined);
    assert.equal(reader.push(bytes.subarray(23)), 2 ** 40);
    assert.equal(reader.push(Buffer.alloc(0)), undefined);
  });
});

describe('HA: what a master transfers', () => {
  const stream = Buffer.concat([
    encodeTransferHeader(100, 0),
    encodeTransferHeader(100, 5),
    Buffer.from('abcde'),
    encodeTransferHeader(105, 3),
    Buffer.from('fgh'),
    encodeTransferHeader(2 ** 33, 0),
  ]);

  /** Where each byte belongs, and the signs of life. */
  function read(chunks: readonly Buffer[]): { text: string; at: number[]; idle: number[] } {
    const reader = new HaTransferReader();
    const pieces: LogPiece[] = chunks.flatMap((chunk) => [...reader.push(chunk)]);
    return {
      text: pieces.map(({ bytes }) => bytes.toString()).join(''),
      at: pieces.flatMap(({ offset, bytes }) => [...bytes].map((_, index) => offset + index)),
      idle: pieces.filter(({ bytes }) => bytes.length === 0).map(({ offset }) => offset),
    };
  }

  it('has a header of twelve bytes', () => {
    assert.equal(encodeTransferHeader(0x1_0000_0002, 258).toString('hex'), '000000010000000200000102');
  });

  it('is the same however it is cut', () => {
    const whole = { text: 'abcdefgh', at: [100, 101, 102, 103, 104, 105, 106, 107], idle: [100, 2 ** 33] };
    assert.deepEqual(read([stream]), whole);
    for (let size = 1; size < stream.length; size += 1) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
      assert.deepEqual(read(chunks), whole, `in chunks of ${size}`);
    }
  });

  it('is refused where it cannot be', () => {
    for (const header of [encodeTransferHeader(-1, 4), encodeTransferHeader(0, -4)]) {
      assert.throws(
        () => read([header]),
        (error) => error instanceof CodedError && error.code === 'frame-illegal',
      );
    }
  });
});
