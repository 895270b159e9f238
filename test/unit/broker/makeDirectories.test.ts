import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeDirectories } from '../../../src/broker/makeDirectories.ts';
import { skipTest } from '../../support/skip.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';

describe('makeDirectories', () => {
  let dir: TempDir;
  beforeEach(() => (dir = makeTempDir('makeDirectories')));
  afterEach(() => dir.remove());

  it('makes what is missing, and leaves what is there', () => {
    const deep = path.join(dir.path, 'a', 'b', 'c');
    makeDirectories(deep);
    makeDirectories(deep);
    assert.ok(statSync(deep).isDirectory());
  });

  it('tells that a file is in the way', () => {
    const file = path.join(dir.path, 'file');
    writeFileSync(file, '');
    assert.throws(() => makeDirectories(file), { code: 'EEXIST' });
    assert.throws(() => makeDirectories(path.join(file, 'below')), { code: 'ENOTDIR' });
  });

  it('ends where the system makes none, though all above is there', function () {
    if (process.platform !== 'linux') skipTest(this, '/proc is of Linux');
    assert.throws(() => makeDirectories('/proc/nothing/below'), { code: 'ENOENT' });
  });
});
