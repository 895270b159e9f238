import assert from 'node:assert/strict';
import { EntryPieces } from '../../../src/broker/store/entryPieces.ts';

describe('EntryPieces', () => {
  it('give all entries that are asked for or none, and forget the oldest piece', () => {
    const pieces = new EntryPieces(2);
    const queues = Array.from({ length: 65 }, () => ({}));
    for (const [index, queue] of queues.entries()) pieces.keep(queue, 10, Buffer.from([index, 1, 2, 3, 4, 5]));
    const found = (index: number, offset: number, count: number): number[] | undefined => {
      const bytes = pieces.find(queues[index]!, offset, count);
      return bytes && [...bytes];
    };
    assert.deepEqual(found(64, 10, 3), [64, 1, 2, 3, 4, 5]);
    assert.deepEqual(found(64, 11, 1), [2, 3]);
    assert.deepEqual([found(64, 9, 1), found(64, 11, 3), found(0, 10, 1)], [undefined, undefined, undefined]);
    assert.deepEqual(found(1, 10, 1), [1, 1]);
    pieces.forget(queues[1]!);
    assert.equal(found(1, 10, 1), undefined);
  });
});
