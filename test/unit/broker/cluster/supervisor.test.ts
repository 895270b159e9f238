import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../../../src/base/clock.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import type { PlacedNode } from '../../../../src/broker/cluster/clusterDirectory.ts';
import { ClusterNode } from '../../../../src/broker/cluster/clusterNode.ts';
import { ownProgram } from '../../../../src/broker/cluster/ownProgram.ts';
import { prepareCluster } from '../../../../src/broker/cluster/prepareCluster.ts';
import { Supervisor } from '../../../../src/broker/cluster/supervisor.ts';
import { untilGone } from '../../../support/untilGone.ts';
import { makeTempDir } from '../../../support/tempDir.ts';
import { startWish } from '../../../support/startWish.ts';

/** Ready at once; it ends a moment after it is asked to, or when its parent is gone. */
const NODE = `
  process.stdout.write('{}\\n');
  process.on('message', () => setTimeout(() => process.exit(0), 200));
  process.on('disconnect', () => process.exit(0));
`;

describe('broker/cluster/supervisor and clusterNode', function () {
  this.timeout(60_000);
  this.slow(5000);
  const place = makeTempDir('supervisor');
  const children: ChildProcess[] = [];
  const onSpawn = (message: unknown): void => void children.push((message as { process: ChildProcess }).process);
  let directory: string;
  let script: string;
  let nodes: readonly PlacedNode[];
  beforeEach(async () => {
    subscribe('child_process', onSpawn);
    script = path.join(place.path, 'node.cjs');
    writeFileSync(script, NODE);
    directory = path.join(place.path, 'cluster');
    ({ nodes } = await prepareCluster(directory, startWish('single', directory)));
  });
  afterEach(async () => {
    unsubscribe('child_process', onSpawn);
    for (const child of children) child.kill('SIGKILL');
    await untilGone(children.splice(0).map(({ pid }) => pid ?? 0));
  });
  after(() => place.remove());

  it('starts no master when it is told to stop while the NameServer starts', async () => {
    const program = ownProgram(script);
    const onChange = (): void => undefined;
    const parts = {
      mode: 'single',
      directory,
      nodes,
      program,
      clock: systemClock,
      logger: silentLogger,
      onChange,
    } as const;
    const supervisor = new Supervisor(parts);
    const started = assert.rejects(supervisor.start());
    await supervisor.stop();
    await started;
    await assert.rejects(supervisor.act('start', 'broker-a'), { details: ENDING });
    const status = await supervisor.status();
    assert.deepEqual(
      status.nodes.map(({ name, pid }) => [name, pid]),
      [
        ['namesrv-1', null],
        ['broker-a', null],
      ],
    );
    assert.equal(children.length, 1);
  });

  it('outlives every error that a node raises', async () => {
    const [placed] = nodes;
    assert.ok(placed);
    const node = new ClusterNode({
      node: placed,
      directory,
      program: ownProgram(script),
      clock: systemClock,
      onChange: () => undefined,
    });
    await node.start();
    children[0]?.emit('error', new Error('the first'));
    children[0]?.emit('error', new Error('the second'));
    assert.equal(node.state, 'running');
    await node.stop();
  });
});

const ENDING = { problem: 'ending', reason: 'the cluster is ending', next: 'start it again when it has ended' };
