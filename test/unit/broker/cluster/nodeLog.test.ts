import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { NodeLog } from '../../../../src/broker/cluster/nodeLog.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { makeTempDir } from '../../../support/tempDir.ts';
import type { TempDir } from '../../../support/tempDir.ts';

describe('broker/cluster/nodeLog', () => {
  let directory: TempDir;
  let file: string;
  beforeEach(() => {
    directory = makeTempDir('log');
    file = path.join(directory.path, 'node.log');
  });
  afterEach(() => directory.remove());

  it('gives the last lines, whatever the file holds', () => {
    assert.equal(new NodeLog(file).lastLines(2), undefined);
    writeFileSync(file, '');
    assert.equal(new NodeLog(file).lastLines(2), '');
    writeFileSync(file, 'one\ntwo\nthree\n');
    const log = new NodeLog(file);
    assert.deepEqual([log.lastLines(0), log.lastLines(2), log.lastLines(9)], ['', 'two\nthree\n', 'one\ntwo\nthree\n']);
    writeFileSync(file, `first\n${'ä'.repeat(70_000)}\nlast`);
    assert.deepEqual([log.lastLines(1), log.lastLines(2)?.length], ['last', 70_005]);
  });

  it('follows what is written, from the start of a file that was begun anew', () => {
    const clock = new FakeClock();
    writeFileSync(file, 'before\n');
    const log = new NodeLog(file);
    log.lastLines(1);
    let followed = '';
    log.follow(clock, (bytes) => (followed += bytes.toString()));
    appendFileSync(file, 'after\n');
    clock.advance(1000);
    writeFileSync(file, 'new\n');
    clock.advance(1000);
    assert.equal(followed, 'after\nnew\n');
  });
});
