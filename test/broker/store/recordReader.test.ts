import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { CommitLog } from '../../../src/broker/store/commitLog.ts';
import { RecordReader } from '../../../src/broker/store/recordReader.ts';
import type { Extent } from '../../../src/broker/store/recordReader.ts';
import { makeTempDir } from '../../support/tempDir.ts';

const FILE_BYTES = 64 * 1024;

describe('RecordReader', () => {
  const temp = makeTempDir('reader');
  const bytes = Buffer.from(Array.from({ length: 3 * FILE_BYTES }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
  let log: CommitLog;
  let reads: number;
  beforeEach(() => {
    log = new CommitLog(join(temp.path, 'log'), FILE_BYTES, Number.MAX_SAFE_INTEGER);
    for (let at = 0; at < bytes.length; at += FILE_BYTES) log.files.write(at, bytes, at, at + FILE_BYTES);
    reads = 0;
    const read = log.files.read.bind(log.files);
    log.files.read = (position, sizeBytes) => {
      reads += 1;
      return read(position, sizeBytes);
    };
  });
  afterEach(() => {
    log.files.release();
    rmSync(join(temp.path, 'log'), { recursive: true });
  });
  after(() => temp.remove());

  async function readAll(extents: readonly Extent[]): Promise<(Buffer | undefined)[]> {
    const reader = new RecordReader(log, extents);
    const found: (Buffer | undefined)[] = [];
    for (const index of extents.keys()) found.push(await reader.read(index));
    return found;
  }

  function wanted(extents: readonly Extent[]): Buffer[] {
    return extents.map(({ physicalOffset, sizeBytes }) => bytes.subarray(physicalOffset, physicalOffset + sizeBytes));
  }

  it('reads what lies near each other at once, a file at a time', async () => {
    const extents = Array.from({ length: 120 }, (_, index) => ({ physicalOffset: index * 1500, sizeBytes: 700 }));
    const within = extents.filter(
      ({ physicalOffset, sizeBytes }) =>
        Math.floor(physicalOffset / FILE_BYTES) === Math.floor((physicalOffset + sizeBytes - 1) / FILE_BYTES),
    );
    assert.deepEqual(await readAll(within), wanted(within));
    assert.equal(reads, 3);
  });

  it('does not read what lies between records that are far apart, or behind a reader that goes back', async () => {
    const extents = [100, 40_000, 200, 90_000].map((physicalOffset) => ({ physicalOffset, sizeBytes: 50 }));
    assert.deepEqual(await readAll(extents), wanted(extents));
    assert.equal(reads, 4);
  });

  it('has nothing where the log has a hole, and goes on behind it', async () => {
    log.files.release();
    rmSync(join(temp.path, 'log', String(FILE_BYTES).padStart(20, '0')));
    log = new CommitLog(join(temp.path, 'log'), FILE_BYTES, Number.MAX_SAFE_INTEGER);
    const extents = [FILE_BYTES - 100, FILE_BYTES + 100, 2 * FILE_BYTES].map((physicalOffset) => ({
      physicalOffset,
      sizeBytes: 100,
    }));
    const [first, hole, last] = await readAll(extents);
    assert.deepEqual([first, hole, last], [wanted(extents)[0], undefined, wanted(extents)[2]]);
  });
});
