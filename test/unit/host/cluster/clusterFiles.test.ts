import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

import { isCodedError } from '../../../../src/base/errors.ts';
import { clusterDirectories, removeCluster } from '../../../../src/host/cluster/clusterFiles.ts';
import { makeTempDir } from '../../../support/tempDir.ts';
import type { TempDir } from '../../../support/tempDir.ts';

describe('host/cluster/clusterFiles', () => {
  let place: TempDir;
  beforeEach(() => (place = makeTempDir('cluster-files')));
  afterEach(() => place.remove());

  function write(...names: string[]): string {
    const file = path.join(place.path, ...names);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '{}');
    return file;
  }
  function cluster(name: string, ...nodes: string[]): string {
    const layout = { mode: 'single', nodes: nodes.map((node) => ({ name: node })) };
    writeFileSync(write('root', name, 'cluster.json'), JSON.stringify(layout));
    for (const node of nodes) write('root', name, node, 'store', 'x');
    write('root', name, 'supervisor.log');
    return path.join(place.path, 'root', name);
  }

  it('finds the clusters below the directories where they are', async () => {
    const two = cluster('two', 'broker-a');
    const one = cluster('one', 'broker-a');
    write('root', 'none', 'x');
    write('root', 'file');
    const roots = [path.join(place.path, 'root'), path.join(place.path, 'nowhere')];
    assert.deepEqual(await clusterDirectories(roots), [one, two]);
  });

  it('deletes what a cluster made, and its directory with it', async () => {
    const directory = cluster('one', 'namesrv-1', 'broker-a');
    await removeCluster(directory);
    assert.equal(existsSync(directory), false);
    await removeCluster(directory);
  });

  it('leaves what is of others, whatever the file of the cluster says', async () => {
    const directory = cluster('one', 'broker-a', '..', '../two', '.git', 'a/b');
    write('root', 'one', 'notes.txt');
    write('root', 'one', '.git', 'HEAD');
    await removeCluster(directory);
    assert.deepEqual(readdirSync(directory).sort(), ['.git', 'a', 'notes.txt']);
    assert.ok(existsSync(path.join(place.path, 'root', 'two')));
  });

  it('takes no stranger for a supervisor that was killed: neither who has its id, nor who has not its port', async () => {
    const stranger = createServer().listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    const directory = cluster('one', 'broker-a');
    const leave = (left: object): void => writeFileSync(path.join(directory, 'supervisor.json'), JSON.stringify(left));
    leave({ pid: process.pid, port });
    await assert.rejects(removeCluster(directory), (error) => isCodedError(error, 'cluster-running'));
    if (process.platform === 'linux') {
      leave({ pid: process.pid, startMark: 'of another boot', port });
      await removeCluster(directory);
      cluster('one', 'broker-a');
    }
    stranger.close();
    await once(stranger, 'close');
    leave({ pid: process.pid, port });
    await removeCluster(directory);
    assert.equal(existsSync(directory), false);
  });

  it('touches nothing while the supervisor lives', async () => {
    const directory = cluster('one', 'broker-a');
    writeFileSync(path.join(directory, 'supervisor.json'), JSON.stringify({ pid: process.pid }));
    await assert.rejects(removeCluster(directory), (error) => isCodedError(error, 'cluster-running'));
    assert.ok(existsSync(path.join(directory, 'broker-a', 'store', 'x')));
  });
});
