import assert from 'node:assert/strict';

import manifest from '../../../../package.json' with { type: 'json' };
import { OLDEST, parseVersions } from '../../../support/vscodeHost/versions.ts';

describe('parseVersions', () => {
  it('takes names and numbers, each version once', () => {
    assert.deepEqual(parseVersions('oldest'), ['1.100.3']);
    assert.deepEqual(parseVersions('newest,oldest'), ['1.139.1', '1.100.3']);
    assert.deepEqual(parseVersions('all, 1.100.3'), ['1.100.3', '1.139.1']);
  });

  it('names what can be had when asked for something else', () => {
    assert.throws(() => parseVersions('1.99.0'), /"1\.99\.0" cannot be had.*1\.100\.3, 1\.139\.1/);
  });

  it('has the oldest version that engines admits', () => {
    const [major, minor] = OLDEST.split('.');
    assert.equal(manifest.engines.vscode, `^${major}.${minor}.0`);
  });
});
