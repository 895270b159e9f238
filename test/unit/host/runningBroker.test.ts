import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import type { RunningBroker } from '../../../src/broker/control.ts';
import { findRunningBroker, storeOwner } from '../../../src/host/runningBroker.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';

describe('storeOwner', () => {
  let dir: TempDir;

  beforeEach(() => (dir = makeTempDir('storeOwner')));
  afterEach(() => dir.remove());

  async function ownerBy(text: string): Promise<number | undefined> {
    writeFileSync(path.join(dir.path, 'lock'), text);
    return storeOwner(dir.path);
  }

  it('is the process that lives', async () => {
    assert.equal(await ownerBy(JSON.stringify({ pid: process.pid, startMark: '' })), process.pid);
  });

  it('is nobody without a lock, with one that names none, and with one of the number but of another start', async () => {
    assert.equal(await storeOwner(dir.path), undefined);
    for (const text of ['', '{', 'null', '{"pid":"1"}']) assert.equal(await ownerBy(text), undefined, text);
    if (existsSync('/proc/self/stat')) {
      assert.equal(await ownerBy(JSON.stringify({ pid: process.pid, startMark: '1' })), undefined);
    }
  });
});

describe('findRunningBroker', () => {
  let store: TempDir;
  const info: RunningBroker = {
    ready: true,
    pid: process.pid,
    namesrv: '127.0.0.1:9876',
    broker: '127.0.0.1:10911',
    grpc: null,
    store: '/store',
    readyMs: 100,
    control: null,
  };
  const answers = () => Promise.resolve(true);

  beforeEach(() => (store = makeTempDir('store')));
  afterEach(() => store.remove());

  function write(text: string): void {
    writeFileSync(path.join(store.path, 'running.json'), text);
  }

  it('finds a broker that is alive and answers', async () => {
    write(JSON.stringify(info));
    const asked: string[] = [];
    const found = await findRunningBroker(store.path, (address) => Promise.resolve(asked.push(address) > 0));
    assert.deepEqual(found, info);
    assert.deepEqual(asked, ['127.0.0.1:9876']);
  });

  it('finds none without a directory, without a file and in a file that is half written', async () => {
    assert.equal(await findRunningBroker(path.join(store.path, 'absent'), answers), undefined);
    assert.equal(await findRunningBroker(store.path, answers), undefined);
    for (const text of ['', '{"ready":true,"pi', 'null', '{"pid":"1"}']) {
      write(text);
      assert.equal(await findRunningBroker(store.path, answers), undefined, text);
    }
  });

  it('finds none when the process is gone or its NameServer does not answer', async () => {
    const gone = spawnSync(process.execPath, ['--version']).pid;
    write(JSON.stringify({ ...info, pid: gone }));
    assert.equal(await findRunningBroker(store.path, answers), undefined);
    write(JSON.stringify(info));
    assert.equal(await findRunningBroker(store.path, () => Promise.resolve(false)), undefined);
  });
});
