import assert from 'node:assert/strict';
import path from 'node:path';

import { systemClock } from '../../../../src/base/clock.ts';
import { startClusterProcess } from '../../../../src/host/cluster/clusterProcess.ts';
import type { ClusterProcess, ClusterProcessOptions } from '../../../../src/host/cluster/clusterProcess.ts';
import type { ChildExit } from '../../../../src/host/forkedChild.ts';
import { isAlive } from '../../../../src/host/runningBroker.ts';
import { FakeClock } from '../../../support/fakeClock.ts';

const modulePath = path.join(import.meta.dirname, '..', 'fixtures', 'cluster.cjs');

function options(scenario: string, more: Partial<ClusterProcessOptions> = {}): ClusterProcessOptions {
  return {
    modulePath,
    mode: '2m-noslave',
    directory: path.join('/clusters', scenario),
    startTimeoutMs: 15_000,
    stopTimeoutMs: 3_000,
    clock: systemClock,
    onNode: () => undefined,
    ...more,
  };
}

describe('the process of a local cluster', () => {
  const running: ClusterProcess[] = [];
  const start = async (scenario: string, more: Partial<ClusterProcessOptions> = {}): Promise<ClusterProcess> => {
    const cluster = await startClusterProcess(options(scenario, more));
    running.push(cluster);
    return cluster;
  };
  afterEach(async () => {
    for (const cluster of running.splice(0)) await cluster.stop();
  });

  it('starts with its mode and directory, answers, and stops', async () => {
    const cluster = await start('fine');
    assert.deepEqual([cluster.info.mode, cluster.info.dir], ['2m-noslave', path.join('/clusters', 'fine')]);
    const [first, second] = await Promise.all([cluster.ask({}), cluster.ask({ action: 'resume', node: 'broker-a' })]);
    assert.deepEqual([first.pid, second.pid], [cluster.info.pid, cluster.info.pid]);
    let ends = 0;
    cluster.onEnd(() => (ends += 1));
    await cluster.stop();
    assert.ok(!isAlive(cluster.info.pid));
    assert.equal(ends, 0);
  });

  it('says what the supervisor refuses', async () => {
    const cluster = await start('fine');
    await assert.rejects(cluster.ask({ action: 'start', node: 'broker-a' }), {
      code: 'cluster-refused',
      details: { problem: 'node-state', node: 'broker-a', state: 'running', reason: 'broker-a is running' },
    });
  });

  it('waits neither for one that has ended nor for ever', async () => {
    const clock = new FakeClock();
    const cluster = await start('fine', { clock });
    const slow = assert.rejects(cluster.ask({ action: 'pause', node: 'broker-a' }), {
      details: { problem: 'no-answer', seconds: 90, reason: 'no answer in 90 s' },
    });
    clock.advance(90_000);
    await slow;
    const exit = new Promise<ChildExit>((resolve) => cluster.onEnd(resolve));
    await assert.rejects(cluster.ask({ action: 'kill', node: 'broker-a' }), { code: 'cluster-ended' });
    assert.equal((await exit).exitCode, 3);
    await assert.rejects(cluster.ask({}), { code: 'cluster-ended' });
    assert.equal(clock.pendingCount, 0);
  });

  it('does not start where one runs, or nothing can be used', async () => {
    const directory = path.join('/clusters', 'running');
    await assert.rejects(start('running'), {
      code: 'cluster-running',
      details: { directory, pid: 7, reason: 'r', next: 'n' },
    });
    await assert.rejects(start('unusable'), {
      code: 'cluster-not-started',
      details: { directory: path.join('/clusters', 'unusable'), reason: 'the file is damaged', next: 'delete it' },
    });
  });

  it('tells of its nodes while it starts, and can be cancelled then', async () => {
    const abort = new AbortController();
    const changes: string[] = [];
    const started = start('silent', {
      signal: abort.signal,
      onNode: ({ name, state }) => {
        changes.push(`${name} ${state}`);
        abort.abort();
      },
    });
    await assert.rejects(started, { code: 'cancelled' });
    assert.deepEqual(changes, ['namesrv-1 starting']);
  });
});
