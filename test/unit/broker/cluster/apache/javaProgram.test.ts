import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { javaProgram } from '../../../../../src/broker/cluster/apache/javaProgram.ts';
import { makeTempDir } from '../../../../support/tempDir.ts';

describe('broker/cluster/apache/javaProgram', () => {
  const place = makeTempDir('java-program');
  let spawned = 0;
  const onSpawn = (): void => void (spawned += 1);
  before(() => subscribe('child_process', onSpawn));
  after(() => {
    unsubscribe('child_process', onSpawn);
    place.remove();
  });

  it('starts no process whose log cannot be written, since nobody would end it', () => {
    const home = path.join(place.path, 'distribution');
    mkdirSync(path.join(home, 'conf'), { recursive: true });
    mkdirSync(path.join(place.path, 'broker-a', 'console.log'), { recursive: true });
    const program = javaProgram({ home, version: '5.3.2' }, { executable: process.execPath, version: 17 });
    const conf = path.join(place.path, 'broker-a', 'broker.conf');
    const node = { name: 'broker-a', role: 'master', bindAddress: '', port: 1, address: '', log: '' } as const;
    assert.throws(() => program.start({ ...node, conf, storeDirectory: '' }), { code: 'EISDIR' });
    assert.equal(spawned, 0);
  });
});
