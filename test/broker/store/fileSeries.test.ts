import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FileSeries } from '../../../src/broker/store/fileSeries.ts';
import { openFilesBelow } from '../../support/openFiles.ts';
import { skipTest } from '../../support/skip.ts';
import { makeTempDir } from '../../support/tempDir.ts';

const FILE_BYTES = 64;

describe('FileSeries', () => {
  const temp = makeTempDir('series');
  let count = 0;
  after(() => temp.remove());

  const filled = (files: number): FileSeries => {
    const series = new FileSeries(join(temp.path, String((count += 1))), FILE_BYTES);
    for (let index = 0; index < files; index += 1) series.write(index * FILE_BYTES, Buffer.alloc(FILE_BYTES, index));
    return series;
  };
  const byteAt = async (series: FileSeries, position: number): Promise<number | undefined> =>
    (await series.read(position, 1))[0];

  it('reads through any number of files with a few of them open', async function () {
    if (!existsSync('/proc/self/fd')) skipTest(this, 'open files are counted through /proc, which is not here');
    const series = filled(200);
    for (let index = 0; index < 200; index += 1) assert.equal(await byteAt(series, index * FILE_BYTES), index);
    const all = Array.from({ length: 200 }, (_, index) => byteAt(series, index * FILE_BYTES));
    assert.deepEqual(
      await Promise.all(all),
      Array.from({ length: 200 }, (_, index) => index),
    );
    assert.ok(openFilesBelow(series.directory) <= 32);
    await series.sync();
    series.release();
    assert.equal(openFilesBelow(series.directory), 0);
  });

  it('leaves no file open that a read opened while all were released', async function () {
    if (!existsSync('/proc/self/fd')) skipTest(this, 'open files are counted through /proc, which is not here');
    const series = new FileSeries(join(temp.path, 'released'), 4096);
    series.write(0, Buffer.from('bytes'));
    series.release();
    const reading = series.read(0, 5);
    series.release();
    assert.equal((await reading).toString(), 'bytes');
    assert.equal(openFilesBelow(series.directory), 0);
  });

  it('removes its first file while it is being read', async () => {
    const series = filled(3);
    const reading = byteAt(series, 1);
    await series.removeFirst();
    assert.equal(await reading, 0);
    assert.deepEqual([series.start, series.end], [FILE_BYTES, 3 * FILE_BYTES]);
    assert.equal(await byteAt(series, 1), undefined);
    assert.equal(await byteAt(series, FILE_BYTES), 1);
    assert.equal(readdirSync(series.directory).length, 2);
    series.release();
  });

  it('is found again with a hole, and cut at any byte', async () => {
    const made = filled(4);
    made.release();
    const series = new FileSeries(made.directory, FILE_BYTES);
    assert.deepEqual(series.starts, [0, 64, 128, 192]);
    series.truncate(100);
    assert.deepEqual(series.starts, [0, 64]);
    assert.deepEqual([...(await series.read(98, 4))], [1, 1, 0, 0]);
    series.write(256, Buffer.from([9]));
    assert.equal(await byteAt(series, 256), 9);
    assert.equal(await byteAt(series, 192), undefined);
    series.truncate(64);
    assert.deepEqual(series.starts, [0]);
    series.truncate(0);
    assert.deepEqual(series.starts, [0], 'the first file stays, empty');
    assert.equal(await byteAt(series, 0), 0);
    series.release();
  });

  it('makes a file beside the event loop, and keeps what is written to it meanwhile', async () => {
    const series = filled(0);
    const making = series.make(FILE_BYTES + 5);
    series.write(FILE_BYTES + 1, Buffer.from([7]));
    await Promise.all([making, series.make(3)]);
    assert.deepEqual(series.starts, [0, FILE_BYTES]);
    assert.deepEqual([...(await series.read(FILE_BYTES, 3))], [0, 7, 0]);
    assert.deepEqual(
      readdirSync(series.directory).map((name) => statSync(join(series.directory, name)).size),
      [FILE_BYTES, FILE_BYTES],
    );
    await series.sync();
    series.release();
  });
});
