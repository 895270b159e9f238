import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';

import * as vscode from 'vscode';

import { isAlive } from '../../../src/host/runningBroker.ts';
import type { ProcessTreeNode } from '../../../src/host/explorer/nodes.ts';
import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { untilGone } from '../../support/untilGone.ts';
import { waitFor } from '../../support/waitFor.ts';
import { activated, childrenOf, nodeAt, rowOf, rowsBelow, run, runAnswering } from './extension.ts';
import { ScriptedPrompts } from './scriptedPrompts.ts';
import { pidsOf, startCluster } from './startCluster.ts';

const MODE = '2m-2s-sync';
const LABEL = 'Two masters, a slave each, synchronous double write';
const CONNECTION = `Local Cluster ${MODE}`;

describe('a local cluster of a window', function () {
  this.timeout(120_000);
  let api: ExtensionApi;
  let place: TempDir;
  let directory: string;
  const pids = new Set<number>();

  before(async () => {
    api = await activated();
    place = makeTempDir('window');
    directory = path.join(place.path, 'nodes');
  });

  after(async () => {
    api.localClusters.watch(false);
    await api.localClusters.end();
    place.remove();
  });

  async function start(): Promise<void> {
    const script = new ScriptedPrompts().thenPick(LABEL).thenType(directory, 'nodes');
    await startCluster(api, script, 'rocketmq.localCluster.start', `The local cluster ${MODE}`);
    remember();
  }

  function remember(): void {
    for (const pid of api.localClusters.list.flatMap(pidsOf)) pids.add(pid);
  }

  async function nodeNamed(name: string): Promise<ProcessTreeNode> {
    const node = await nodeAt(api, CONNECTION, 'Nodes', name);
    assert.ok(node.kind === 'process');
    return node;
  }

  /** The row of a node, once it is as wanted. */
  async function untilRow(name: string, wanted: RegExp): Promise<void> {
    let row = '';
    await waitFor(
      `${name} to be ${wanted}`,
      async () => {
        row = rowOf(api, await nodeNamed(name));
        return wanted.test(row);
      },
      { timeoutMs: 30_000, details: () => row },
    );
  }

  const contextValueOf = async (name: string) => api.tree.getTreeItem(await nodeNamed(name)).contextValue;

  it('starts with its mode and directory, and is a connection with a row a node', async () => {
    await start();
    const connection = await nodeAt(api, CONNECTION);
    assert.equal(api.tree.getTreeItem(connection).contextValue, 'connection.cluster');
    assert.deepEqual(await rowsBelow(api, connection), ['Nodes', 'DefaultCluster']);
    // Slaves show how far they are: their masters, which wait for them, say so.
    api.localClusters.watch(true);
    const rows = [
      'namesrv-1 | NameServer · running',
      'namesrv-2 | NameServer · running',
      'broker-a | master · running',
      'broker-b | master · running',
      'broker-a-s | slave · running · in sync · 0 bytes, 0 messages behind',
      'broker-b-s | slave · running · in sync · 0 bytes, 0 messages behind',
    ];
    let shown: string[] = [];
    await waitFor(
      'every node to run, and slaves to be in sync',
      async () => {
        shown = await rowsBelow(api, await nodeAt(api, CONNECTION, 'Nodes'));
        return shown.join() === rows.join();
      },
      { details: () => shown.join('; ') },
    );
    const [, cluster] = await childrenOf(api, connection);
    const brokers = (await childrenOf(api, cluster)).find((node) => rowOf(api, node).startsWith('Brokers'));
    assert.equal((await childrenOf(api, brokers)).length, 4);
  });

  it('is one in its directory', async () => {
    const script = new ScriptedPrompts().thenPick('One master').thenType(directory);
    await runAnswering(api, script, 'rocketmq.localCluster.start');
    assert.equal(
      script.shown.at(-1),
      `error: A cluster already runs in ${directory}. Stop it where it was started, or choose another directory.`,
    );
    assert.equal(api.localClusters.list.length, 1);
  });

  it('loses a master that is killed, and gets it back', async () => {
    const node = await nodeNamed('broker-a');
    const { pid } = node.status;
    assert.ok(pid !== null);
    const script = new ScriptedPrompts();
    await runAnswering(api, script, 'rocketmq.node.kill', node);
    assert.deepEqual(script.shown, [
      `info: broker-a (process ${pid}) was killed, as kill -9 does: it could not take leave. ` +
        'Start brings it back with what it had written.',
    ]);
    assert.ok(!isAlive(pid));
    assert.equal(rowOf(api, await nodeNamed('broker-a')), 'broker-a | master · killed');
    assert.equal(await contextValueOf('broker-a'), 'process.master.killed');
    await untilRow('broker-a-s', /^broker-a-s \| slave · running · how far it is behind: unknown$/);
    // The rest of the tree follows.
    await waitFor('the master to be gone from the NameServer', async () => {
      const brokers = await nodeAt(api, CONNECTION, 'DefaultCluster', 'Brokers');
      return (await rowsBelow(api, brokers)).every((row) => !/^broker-a \| master/.test(row));
    });
    await run(api, 'rocketmq.node.start', await nodeNamed('broker-a'));
    assert.equal(rowOf(api, await nodeNamed('broker-a')), 'broker-a | master · running');
    await untilRow('broker-a-s', /· in sync · 0 bytes, 0 messages behind$/);
    remember();
  });

  it('pauses and stops a node that is picked, and refuses what its state does not allow', async () => {
    if (process.platform !== 'win32') {
      await runAnswering(api, new ScriptedPrompts().thenPick('broker-b-s'), 'rocketmq.node.pause');
      assert.equal(await contextValueOf('broker-b-s'), 'process.slave.paused');
      await run(api, 'rocketmq.node.resume', await nodeNamed('broker-b-s'));
      assert.equal(await contextValueOf('broker-b-s'), 'process.slave.running');
    }
    const namesrv = await nodeNamed('namesrv-2');
    await run(api, 'rocketmq.node.stop', namesrv);
    assert.equal(rowOf(api, await nodeNamed('namesrv-2')), 'namesrv-2 | NameServer · stopped');
    const script = new ScriptedPrompts();
    await runAnswering(api, script, 'rocketmq.node.stop', namesrv);
    assert.deepEqual(script.shown, [
      'error: The local cluster did not do it: namesrv-2 has the state "stopped". ' +
        'Look at the state of its nodes and at its log.',
    ]);
  });

  it('opens the log and the configuration of a node', async () => {
    await run(api, 'rocketmq.node.showLog', await nodeNamed('broker-b'));
    await waitFor('the log', () => {
      const document = vscode.window.activeTextEditor?.document;
      return document?.uri.path === '/broker-b.log' && /ready after/.test(document.getText());
    });
    await run(api, 'rocketmq.node.openConf', await nodeNamed('broker-b'));
    const { document } = vscode.window.activeTextEditor!;
    assert.equal(document.fileName, path.join(directory, 'broker-b', 'broker.conf'));
    assert.match(document.getText(), /^brokerRole=SYNC_MASTER$/m);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('stops: its connection and all its processes go', async () => {
    remember();
    await run(api, 'rocketmq.localCluster.stop', await nodeAt(api, CONNECTION));
    assert.deepEqual(await rowsBelow(api), []);
    assert.ok(pids.size >= 8, [...pids].join());
    assert.deepEqual([...pids].filter(isAlive), []);
    assert.equal(existsSync(path.join(directory, 'supervisor.json')), false);
  });

  it('keeps its mode in its directory', async () => {
    const script = new ScriptedPrompts().thenPick('One master').thenType(directory);
    await runAnswering(api, script, 'rocketmq.localCluster.start');
    assert.equal(
      script.shown.at(-1),
      `error: ${directory} holds a cluster of mode ${MODE}. Start that mode, or choose another directory.`,
    );
    assert.equal(api.localClusters.list.length, 0);
  });

  it('that is cancelled while it starts leaves no process', async () => {
    const abort = new AbortController();
    const started: string[] = [];
    await assert.rejects(
      api.localClusters.start(MODE, directory, {
        signal: abort.signal,
        onNode: ({ name, state }) => {
          started.push(`${name} ${state}`);
          if (state === 'running') abort.abort();
        },
      }),
      { code: 'cancelled' },
    );
    assert.ok(started.includes('namesrv-1 starting'), started.join('; '));
    assert.equal(existsSync(path.join(directory, 'supervisor.json')), false);
    assert.equal(api.localClusters.list.length, 0);
  });

  it('that ends without this window is told of', async () => {
    await start();
    const { pid } = api.localClusters.list[0]!.status;
    const script = new ScriptedPrompts().thenEscape();
    const answering = api.prompts.answerWith(script);
    try {
      process.kill(pid, 'SIGKILL');
      await waitFor('its connection to go', () => api.connections.list.length === 0);
      await untilGone([...pids]);
      assert.deepEqual(script.shown, ['error: The local cluster ended: signal SIGKILL. Show its log to see why.']);
    } finally {
      answering.dispose();
    }
  });
});
