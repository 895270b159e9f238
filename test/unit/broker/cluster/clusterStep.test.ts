import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { clusterStep } from '../../../../src/broker/cluster/clusterStep.ts';

describe('broker/cluster/clusterStep', () => {
  it('is a command that names its directory', () => {
    assert.equal(
      clusterStep('start broker-a', '/data/c-1', 'linux'),
      'rocketmq-local cluster start broker-a --dir /data/c-1',
    );
    assert.equal(
      clusterStep('status', 'C:\\Users\\a b\\c', 'win32'),
      'rocketmq-local cluster status --dir "C:\\Users\\a b\\c"',
    );
    assert.equal(clusterStep('status', 'C:\\c', 'win32'), 'rocketmq-local cluster status --dir C:\\c');
  });

  it('is read by a shell as it was meant', () => {
    for (const directory of ['/a b', "/it's", '/$HOME/`x`', '/"q"', '/a\\b', '/~', '/ü;rm', '/a\tb']) {
      const step = clusterStep('status', directory, 'linux').replace('rocketmq-local', 'printf "%s\\n"');
      assert.equal(
        execFileSync('/bin/sh', ['-c', step], { encoding: 'utf8' }),
        `cluster\nstatus\n--dir\n${directory}\n`,
      );
    }
  });
});
