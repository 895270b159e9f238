import assert from 'node:assert/strict';

import { MessageBuffer } from '../../../src/client/messageBuffer.ts';
import { receivedMessage } from '../../../src/client/receivedMessage.ts';
import { decodeMessage } from '../../../src/protocol/message.ts';
import { record } from '../../support/scriptedCluster.ts';

function messages(first: number, count: number, sizeBytes = 10) {
  return Array.from({ length: count }, (_, index) =>
    receivedMessage(decodeMessage(record('T', 0, first + index, { body: Buffer.alloc(sizeBytes) })), 'broker-a'),
  );
}

function shown(buffer: MessageBuffer, first: number, limit: number): readonly (readonly [number, number])[] {
  return buffer.rows(first, limit).map(({ number, message }) => [number, message.offset]);
}

describe('MessageBuffer', () => {
  it('gives rows by number', () => {
    const buffer = new MessageBuffer(10);
    assert.deepEqual(shown(buffer, 0, 5), []);
    buffer.add(messages(100, 3));
    assert.deepEqual(shown(buffer, 0, 5), [
      [0, 100],
      [1, 101],
      [2, 102],
    ]);
    assert.deepEqual(shown(buffer, 1, 1), [[1, 101]]);
    assert.deepEqual(shown(buffer, 3, 5), []);
    assert.deepEqual([buffer.first, buffer.held, buffer.sizeBytes], [0, 3, 30]);
  });

  it('keeps the newest, and their numbers', () => {
    const buffer = new MessageBuffer(3);
    buffer.add(messages(0, 5));
    assert.deepEqual(shown(buffer, 0, 9), [
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
    assert.equal(buffer.get(1), undefined);
    assert.equal(buffer.get(4)?.offset, 4);
    assert.equal(buffer.get(5), undefined);
    assert.deepEqual([buffer.first, buffer.held, buffer.sizeBytes], [2, 3, 30]);
  });

  it('keeps within its bytes, and always the newest', () => {
    const buffer = new MessageBuffer(100, 250);
    buffer.add(messages(0, 3, 100));
    assert.deepEqual(shown(buffer, 0, 9), [
      [1, 1],
      [2, 2],
    ]);
    buffer.add(messages(3, 1, 1000));
    assert.deepEqual(shown(buffer, 0, 9), [[3, 3]]);
    assert.equal(buffer.sizeBytes, 1000);
    buffer.add(messages(4, 1, 10));
    assert.deepEqual(shown(buffer, 0, 9), [[4, 4]]);
  });

  it('agrees with a plain list through many turns', () => {
    const buffer = new MessageBuffer(7, 75);
    const sizes: number[] = [];
    for (let n = 0; n < 200; n += 1) {
      const sizeBytes = (n * 13) % 40;
      sizes.push(sizeBytes);
      buffer.add(messages(n, 1, sizeBytes));
      let first = Math.max(buffer.first, sizes.length - 7);
      const sum = () => sizes.slice(first).reduce((total, size) => total + size, 0);
      assert.equal(buffer.sizeBytes, sum());
      assert.equal(buffer.first, first);
      assert.ok(sum() <= 75 && buffer.held <= 7);
      assert.deepEqual(
        shown(buffer, 0, 100).map(([number, offset]) => number === offset),
        Array<boolean>(buffer.held).fill(true),
      );
      first = buffer.first;
    }
  });

  it('begins anew when cleared', () => {
    const buffer = new MessageBuffer(3);
    buffer.add(messages(0, 5));
    buffer.clear();
    assert.deepEqual([buffer.first, buffer.held, buffer.sizeBytes], [0, 0, 0]);
    buffer.add(messages(9, 1));
    assert.deepEqual(shown(buffer, 0, 9), [[0, 9]]);
  });
});
