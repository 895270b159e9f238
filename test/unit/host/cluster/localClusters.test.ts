import assert from 'node:assert/strict';

import { Deferred } from '../../../../src/base/deferred.ts';
import { Emitter } from '../../../../src/base/emitter.ts';
import { CodedError } from '../../../../src/base/errors.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import type { ClusterRequest, ClusterStatus, NodeState } from '../../../../src/broker/control.ts';
import type { ClusterProcess, ClusterProcessOptions } from '../../../../src/host/cluster/clusterProcess.ts';
import { LocalClusters } from '../../../../src/host/cluster/localClusters.ts';
import type { ClusterEnd } from '../../../../src/host/cluster/localClusters.ts';
import type { ChildExit } from '../../../../src/host/forkedChild.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { turns } from '../../../support/turns.ts';

function statusWith(state: NodeState, lagBytes = 0): ClusterStatus {
  const node = { name: 'broker-a-s', role: 'slave', address: 'h:2', pid: 2, ended: null, conf: 'c', log: 'l' } as const;
  const nodes = [{ ...node, state, replication: { inSync: lagBytes === 0, lagBytes } }];
  return { mode: 'single', pid: 1, namesrv: 'h:1', dir: '/d', nodes };
}

describe('the local clusters of a window', () => {
  let clock: FakeClock;
  let clusters: LocalClusters;
  let options: ClusterProcessOptions;
  let asked: ClusterRequest[];
  let answer: () => Promise<ClusterStatus>;
  let ends: Emitter<ChildExit>;
  let stops: number;
  let ready: Promise<void>;

  beforeEach(() => {
    clock = new FakeClock();
    asked = [];
    answer = () => Promise.resolve(statusWith('running'));
    ends = new Emitter();
    stops = 0;
    ready = Promise.resolve();
    clusters = new LocalClusters({
      modulePath: '/broker.cjs',
      startProcess: async (given) => {
        options = given;
        await ready;
        if (given.signal?.aborted === true) throw new CodedError('cancelled');
        const process = {
          info: { ready: true, pid: 1, namesrv: 'h:1', nodes: [], dir: given.directory, mode: given.mode, readyMs: 1 },
          onEnd: ends.event,
          ask: (request: ClusterRequest) => {
            asked.push(request);
            return answer();
          },
          stop: () => {
            stops += 1;
            return Promise.resolve();
          },
        };
        return process as unknown as ClusterProcess;
      },
      clock,
      logger: silentLogger,
    });
  });
  afterEach(() => clusters.dispose());

  const stateOf = () => clusters.get('/d')?.status.nodes[0]?.state;

  it('are one a directory, also while one starts', async () => {
    const begun = new Deferred<undefined>();
    ready = begun.promise.then(() => undefined);
    const started = clusters.start('single', '/d');
    await assert.rejects(clusters.start('2m-noslave', '/d'), { code: 'cluster-running' });
    begun.resolve(undefined);
    assert.equal((await started).namesrv, 'h:1');
    await assert.rejects(clusters.start('single', '/d'), { code: 'cluster-running' });
    await clusters.start('single', '/e');
    assert.deepEqual(
      clusters.list.map(({ directory }) => directory),
      ['/d', '/e'],
    );
  });

  it('are asked how they are while somebody looks, and no longer', async () => {
    await clusters.start('single', '/d');
    assert.equal(asked.length, 1);
    clusters.watch(true);
    await turns(1);
    assert.equal(asked.length, 2);
    answer = () => Promise.resolve(statusWith('running', 8));
    let changes = 0;
    clusters.onDidChange(() => (changes += 1));
    clock.advance(2_000);
    await turns(1);
    assert.deepEqual([asked.length, changes], [3, 1]);
    assert.deepEqual(clusters.get('/d')?.status.nodes[0]?.replication, { inSync: false, lagBytes: 8 });
    clock.advance(2_000);
    await turns(1);
    assert.deepEqual([asked.length, changes], [4, 1]);
    clusters.watch(false);
    clock.advance(10_000);
    await turns(1);
    assert.equal(asked.length, 4);
    assert.equal(clock.pendingCount, 0);
  });

  it('show a change at once, and take no answer from before it', async () => {
    await clusters.start('single', '/d');
    const old = new Deferred<ClusterStatus>();
    answer = () => old.promise;
    clusters.watch(true);
    options.onNode({ name: 'broker-a-s', state: 'killed' });
    assert.equal(stateOf(), 'killed');
    answer = () => Promise.resolve(statusWith('died'));
    old.resolve(statusWith('running'));
    const seen: (NodeState | undefined)[] = [];
    clusters.onDidChange(() => seen.push(stateOf()));
    await turns(1);
    assert.deepEqual(seen, ['died']);
  });

  it('do what a node is asked, and know how it is then', async () => {
    await clusters.start('single', '/d');
    answer = () => Promise.resolve(statusWith('stopped'));
    assert.equal((await clusters.act('/d', 'stop', 'broker-a-s')).state, 'stopped');
    assert.deepEqual(asked.slice(1), [{ action: 'stop', node: 'broker-a-s' }, {}]);
    await assert.rejects(clusters.act('/gone', 'stop', 'broker-a-s'), { code: 'cluster-refused' });
  });

  it('go when they end by themselves, which is told; not when they are stopped', async () => {
    const told: ClusterEnd[] = [];
    clusters.onEnd((end) => told.push(end));
    const exit = { exitCode: 1, signal: null, lastWords: 'w' };
    await clusters.start('single', '/d');
    ends.fire(exit);
    assert.deepEqual([clusters.list.length, told], [0, [{ mode: 'single', directory: '/d', exit }]]);
    await clusters.start('single', '/d');
    await clusters.stop('/d');
    ends.fire(exit);
    assert.deepEqual([clusters.list.length, stops, told.length], [0, 1, 1]);
  });

  it('end with the window, those that start too', async () => {
    await clusters.start('single', '/d');
    const begun = new Deferred<undefined>();
    ready = begun.promise.then(() => undefined);
    const starting = assert.rejects(clusters.start('single', '/e'), { code: 'cancelled' });
    const ended = clusters.end();
    begun.resolve(undefined);
    await Promise.all([ended, starting]);
    assert.deepEqual([clusters.list.length, stops], [0, 1]);
  });
});
