import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { Deferred } from '../../../src/base/deferred.ts';
import { Emitter } from '../../../src/base/emitter.ts';
import { CodedError, isCodedError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { BrokerReady } from '../../../src/broker/control.ts';
import type { BrokerProcess, BrokerProcessOptions } from '../../../src/host/brokerProcess.ts';
import type { ChildExit } from '../../../src/host/forkedChild.ts';
import { LocalBroker } from '../../../src/host/localBroker.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { waitFor } from '../../support/waitFor.ts';

const PORTS = { nameServerPort: 9876, brokerPort: 10_911, grpcPort: undefined };

function infoFor(nameServerPort: number, brokerPort: number, pid = process.pid): BrokerReady {
  const namesrv = `127.0.0.1:${nameServerPort || 40_001}`;
  const broker = `127.0.0.1:${brokerPort || 40_002}`;
  return { ready: true, pid, namesrv, broker, grpc: '127.0.0.1:40003', store: '/store', readyMs: 1, control: null };
}

describe('LocalBroker', () => {
  let dir: TempDir;
  let clock: FakeClock;
  let starts: BrokerProcessOptions[];
  let stops: number;
  let crash: Emitter<ChildExit>;
  let faults: Emitter<number>;
  let startProcess: (options: BrokerProcessOptions) => Promise<BrokerProcess>;
  let running: BrokerReady | undefined;
  let findRunning: () => Promise<BrokerReady | undefined>;
  let states: string[];
  let localBroker: LocalBroker;

  beforeEach(() => {
    dir = makeTempDir('localBroker');
    clock = new FakeClock();
    starts = [];
    stops = 0;
    crash = new Emitter();
    faults = new Emitter();
    running = undefined;
    findRunning = () => Promise.resolve(running);
    states = [];
    startProcess = (options) => Promise.resolve(fakeProcess(infoFor(options.nameServerPort, options.brokerPort)));
    localBroker = new LocalBroker({
      directory: dir.path,
      modulePath: '/dist/broker.cjs',
      isControlled: () => false,
      startProcess: (options) => {
        starts.push(options);
        return startProcess(options);
      },
      findRunning: () => findRunning(),
      clock,
      logger: silentLogger,
    });
    localBroker.onDidChangeState(({ kind }) => states.push(kind));
  });

  afterEach(() => {
    localBroker.dispose();
    dir.remove();
  });

  function fakeProcess(info: BrokerReady, ended = () => Promise.resolve()): BrokerProcess {
    const stop = () => {
      stops += 1;
      return ended();
    };
    return {
      info,
      stop,
      onCrash: crash.event,
      onDidChangeFaults: faults.event,
    } as Partial<BrokerProcess> as BrokerProcess;
  }

  it('starts once for all who ask while it starts', async () => {
    const [first, second] = await Promise.all([localBroker.start(PORTS), localBroker.start(PORTS)]);
    assert.equal(first.namesrv, '127.0.0.1:9876');
    assert.equal(second, first);
    assert.equal(starts.length, 1);
    assert.equal(starts[0]?.storeDir, path.join(dir.path, 'localBroker'));
    assert.deepEqual(states, ['starting', 'running']);
  });

  it('is stopped again after a start that fails, and tells why', async () => {
    startProcess = () => Promise.reject(new CodedError('port-in-use', { port: 9876 }));
    await assert.rejects(localBroker.start(PORTS), (error) => isCodedError(error, 'port-in-use'));
    assert.deepEqual(states, ['starting', 'stopped']);
  });

  it('knows how many faults its broker has, and none of the next one', async () => {
    await localBroker.start(PORTS);
    const count = (): unknown => Reflect.get(localBroker.state, 'faults');
    faults.fire(2);
    assert.equal(count(), 2);
    assert.deepEqual(states, ['starting', 'running', 'running']);
    await localBroker.restart(PORTS);
    assert.equal(count(), 0);
    await localBroker.stop();
    faults.fire(1);
    assert.equal(localBroker.state.kind, 'stopped');
  });

  it('stops a running broker', async () => {
    await localBroker.start(PORTS);
    await localBroker.stop();
    assert.equal(stops, 1);
    assert.deepEqual(states, ['starting', 'running', 'stopping', 'stopped']);
  });

  it('waits for the end of the old one when it is started while it stops', async () => {
    const ended = new Deferred<void>();
    startProcess = ({ nameServerPort, brokerPort }) => {
      const info = infoFor(nameServerPort, brokerPort);
      return Promise.resolve(fakeProcess(info, () => ended.promise));
    };
    await localBroker.start(PORTS);
    const stopped = localBroker.stop();
    const started = localBroker.start(PORTS);
    assert.equal(starts.length, 1);
    ended.resolve();
    await Promise.all([stopped, started]);
    assert.equal(starts.length, 2);
    assert.equal(localBroker.state.kind, 'running');
  });

  it('cancels a start when it is stopped', async () => {
    startProcess = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new CodedError('cancelled'))));
    const started = localBroker.start(PORTS);
    const refused = assert.rejects(started, (error) => isCodedError(error, 'cancelled'));
    await waitFor('the process to be started', () => starts.length > 0, { pollMs: 1 });
    await localBroker.stop();
    await refused;
    assert.equal(localBroker.state.kind, 'stopped');
  });

  it('does not wait for a look at other windows when it is stopped', async () => {
    findRunning = () => new Promise(() => undefined);
    const refused = assert.rejects(localBroker.start(PORTS), (error) => isCodedError(error, 'cancelled'));
    await localBroker.stop();
    await refused;
    assert.deepEqual(states, ['starting', 'stopped']);
    assert.equal(starts.length, 0);
  });

  it('is started on the ports of before while the settings ask for the same', async () => {
    const anyPorts = { nameServerPort: 0, brokerPort: 0, grpcPort: 0 };
    const used = { nameServerPort: 40_001, brokerPort: 40_002, grpcPort: 40_003 };
    assert.deepEqual(localBroker.portsFor(PORTS), PORTS);
    await localBroker.start(anyPorts, PORTS);
    assert.deepEqual(localBroker.portsFor(PORTS), used);
    crash.fire({ exitCode: 1, signal: null, lastWords: '' });
    assert.deepEqual(localBroker.portsFor(PORTS), used);
    const others = { ...PORTS, brokerPort: 20_911 };
    assert.deepEqual(localBroker.portsFor(others), others);
    await localBroker.restart(localBroker.portsFor(PORTS), PORTS);
    assert.deepEqual(
      starts.map(({ nameServerPort, brokerPort, grpcPort }) => ({ nameServerPort, brokerPort, grpcPort })),
      [anyPorts, used],
    );
  });

  it('remembers no ports of a start that failed', async () => {
    startProcess = () => Promise.reject(new CodedError('port-in-use', { port: 9876 }));
    const others = { ...PORTS, brokerPort: 20_911 };
    await assert.rejects(localBroker.start(others, PORTS));
    assert.deepEqual(localBroker.portsFor(PORTS), PORTS);
  });

  it('gives the broker longer to end than the 10 s that it gives itself', async () => {
    await localBroker.start(PORTS);
    assert.ok((starts[0]?.stopTimeoutMs ?? 0) > 10_000);
  });

  it('deletes the store on reset, after the end of the broker', async () => {
    await localBroker.start(PORTS);
    mkdirSync(path.join(localBroker.storeDir, 'commitlog'), { recursive: true });
    writeFileSync(path.join(localBroker.storeDir, 'commitlog', '0'), 'x');
    await localBroker.reset();
    assert.equal(existsSync(localBroker.storeDir), false);
    assert.equal(stops, 1);
    assert.equal(localBroker.state.kind, 'stopped');
  });

  it('deletes the store of a broker that was killed', async () => {
    const dead = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await once(dead, 'exit');
    mkdirSync(localBroker.storeDir);
    writeFileSync(path.join(localBroker.storeDir, 'lock'), JSON.stringify({ pid: dead.pid, startMark: '' }));
    await localBroker.reset();
    assert.equal(existsSync(localBroker.storeDir), false);
    assert.equal(starts.length, 0);
  });

  it('tells of a crash and can be started again', async () => {
    const crashes: ChildExit[] = [];
    localBroker.onCrash((exit) => crashes.push(exit));
    await localBroker.start(PORTS);
    crash.fire({ exitCode: null, signal: 'SIGKILL', lastWords: '' });
    assert.equal(localBroker.state.kind, 'stopped');
    assert.equal(crashes.length, 1);
    await localBroker.start(PORTS);
    assert.equal(localBroker.state.kind, 'running');
  });

  describe('beside another window', () => {
    it('finds its broker instead of starting one, and leaves it alone', async () => {
      running = infoFor(9876, 10_911);
      assert.equal(await localBroker.start(PORTS), running);
      assert.equal(localBroker.state.kind, 'external');
      assert.equal(starts.length, 0);
      for (const act of [() => localBroker.stop(), () => localBroker.restart(PORTS), () => localBroker.reset()]) {
        await assert.rejects(act(), (error) => isCodedError(error, 'broker-of-other-window'));
      }
    });

    it('does not delete the store of its broker, though it was not seen before', async () => {
      mkdirSync(localBroker.storeDir);
      running = infoFor(9876, 10_911);
      await assert.rejects(localBroker.reset(), (error) => isCodedError(error, 'broker-of-other-window'));
      assert.equal(existsSync(localBroker.storeDir), true);
      assert.equal(localBroker.state.kind, 'external');
    });

    it('does not delete the store while a process that is alive has locked it', async () => {
      mkdirSync(localBroker.storeDir);
      writeFileSync(path.join(localBroker.storeDir, 'lock'), JSON.stringify({ pid: process.pid, startMark: '' }));
      const refused = (error: unknown) =>
        isCodedError(error, 'broker-of-other-window') && error.details['pid'] === process.pid;
      await assert.rejects(localBroker.reset(), refused);
      assert.equal(existsSync(localBroker.storeDir), true);
    });

    it('waits for the ports of one that has just got the store', async () => {
      startProcess = () => Promise.reject(new CodedError('store-locked', { directory: '/store' }));
      const started = localBroker.start(PORTS);
      await waitFor('the first try', () => clock.pendingCount > 0, { pollMs: 1 });
      running = infoFor(9876, 10_911);
      clock.advance(1_000);
      assert.equal((await started).namesrv, '127.0.0.1:9876');
      assert.equal(localBroker.state.kind, 'external');
    });

    it('gives up when the store stays locked', async () => {
      startProcess = () => Promise.reject(new CodedError('store-locked', { directory: '/store' }));
      const refused = assert.rejects(localBroker.start(PORTS), (error) => isCodedError(error, 'store-locked'));
      await waitFor('the first try', () => clock.pendingCount > 0, { pollMs: 1 });
      await clock.advanceAsync(16_000);
      await refused;
      assert.equal(localBroker.state.kind, 'stopped');
    });

    it('notices that its broker came up and went', async () => {
      localBroker.watch();
      await clock.advanceAsync(0);
      assert.deepEqual(states, []);
      const other = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
      running = infoFor(9876, 10_911, other.pid);
      await clock.advanceAsync(3_000);
      assert.deepEqual(states, ['external']);
      running = undefined;
      other.kill('SIGKILL');
      await once(other, 'exit');
      await clock.advanceAsync(3_000);
      assert.deepEqual(states, ['external', 'stopped']);
    });
  });

  it('leaves no timer behind', async () => {
    localBroker.watch();
    await localBroker.start(PORTS);
    localBroker.dispose();
    assert.equal(clock.pendingCount, 0);
  });
});
