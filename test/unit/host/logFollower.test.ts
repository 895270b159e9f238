import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { systemErrorCode } from '../../../src/base/errors.ts';
import { LogFollower } from '../../../src/host/logFollower.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';

describe('LogFollower', () => {
  let dir: TempDir;
  let file: string;
  let clock: FakeClock;
  let follower: LogFollower;
  let changes: number;

  beforeEach(() => {
    dir = makeTempDir('log');
    file = path.join(dir.path, 'broker.log');
    clock = new FakeClock();
    follower = new LogFollower({ file, maxBytes: 100, clock });
    changes = 0;
    follower.onChange(() => (changes += 1));
  });

  afterEach(() => {
    follower.dispose();
    dir.remove();
  });

  it('is empty without a file and has the text once there is one', async () => {
    await follower.poll();
    assert.equal(follower.text, '');
    assert.equal(changes, 0);
    writeFileSync(file, 'first\n');
    await follower.poll();
    assert.equal(follower.text, 'first\n');
    assert.equal(changes, 1);
  });

  it('appends what was added, also when a character was cut in two', async () => {
    const bytes = Buffer.from('a\n队列\n');
    writeFileSync(file, bytes.subarray(0, 3));
    await follower.poll();
    appendFileSync(file, bytes.subarray(3));
    await follower.poll();
    assert.equal(follower.text, 'a\n队列\n');
  });

  it('says nothing when nothing was added', async () => {
    writeFileSync(file, 'a\n');
    await follower.poll();
    await follower.poll();
    assert.equal(changes, 1);
  });

  it('keeps the end of a long file, from the beginning of a line', async () => {
    writeFileSync(file, Array.from({ length: 50 }, (_, at) => `line ${at}\n`).join(''));
    await follower.poll();
    assert.match(follower.text, /^line \d+\n/);
    assert.match(follower.text, /line 49\n$/);
    assert.ok(follower.text.length <= 100);
    appendFileSync(file, 'x'.repeat(60) + '\n' + 'y'.repeat(60) + '\n');
    await follower.poll();
    assert.equal(follower.text, 'y'.repeat(60) + '\n');
  });

  it('begins anew when the file was replaced, cut or removed', async () => {
    writeFileSync(file, 'old text\n');
    await follower.poll();
    writeFileSync(`${file}.new`, 'a rolled and longer file\n');
    renameSync(`${file}.new`, file);
    await follower.poll();
    assert.equal(follower.text, 'a rolled and longer file\n');
    truncateSync(file, 0);
    appendFileSync(file, 'cut\n');
    await follower.poll();
    assert.equal(follower.text, 'cut\n');
    rmSync(file);
    await follower.poll();
    assert.equal(follower.text, '');
  });

  it('keeps its text and says why when the file cannot be read', async () => {
    writeFileSync(file, 'a\n');
    await follower.poll();
    rmSync(file);
    mkdirSync(file);
    await follower.poll();
    assert.equal(follower.text, 'a\n');
    assert.equal(systemErrorCode(follower.problem), 'EISDIR');
    assert.equal(changes, 2);
    await follower.poll();
    assert.equal(changes, 2);
    rmdirSync(file);
    writeFileSync(file, 'b\n');
    await follower.poll();
    assert.deepEqual([follower.text, follower.problem], ['b\n', undefined]);
  });

  it('looks by itself, and not after its end', async () => {
    writeFileSync(file, 'a\n');
    clock.advance(500);
    await follower.poll();
    assert.equal(follower.text, 'a\n');
    follower.dispose();
    assert.equal(clock.pendingCount, 0);
  });
});
