import assert from 'node:assert/strict';
import { withoutCrumbs } from '../../../src/protocol/crumbs.ts';

describe('protocol/crumbs', () => {
  const pieces = (count: number, sizeBytes: number): Buffer[] =>
    Array.from({ length: count }, (_, at) => Buffer.alloc(sizeBytes, at));

  it('puts many small pieces together, in their order', () => {
    const many = pieces(65, 4095);
    assert.deepEqual(withoutCrumbs(many, 65 * 4095), [Buffer.concat(many)]);
  });

  it('leaves a few as they are, and many that are large', () => {
    for (const [count, sizeBytes] of [
      [64, 1],
      [65, 4096],
    ] as const) {
      const kept = pieces(count, sizeBytes);
      assert.equal(withoutCrumbs(kept, count * sizeBytes), kept);
    }
  });

  it('copies no more than 4 KiB for each piece, however many come', () => {
    let kept: Buffer[] = [];
    let copiedBytes = 0;
    for (let bytes = 1; bytes <= 100_000; bytes += 1) {
      kept.push(Buffer.of(1));
      const before = kept;
      kept = withoutCrumbs(kept, bytes);
      if (kept !== before) copiedBytes += bytes;
    }
    assert.ok(kept.length <= 100_000 / 4096 + 64, `${kept.length} pieces`);
    assert.ok(copiedBytes <= 100_000 * 4096, `${copiedBytes} bytes copied`);
  });
});
