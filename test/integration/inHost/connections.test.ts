import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createSilentServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import * as vscode from 'vscode';

import { CodedError, isCodedError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { ClusterClient } from '../../../src/client/clusterClient.ts';
import { addConnection } from '../../../src/host/commands/connection.ts';
import { insertSnippet } from '../../../src/host/commands/snippet.ts';
import { Connections } from '../../../src/host/connections.ts';
import { ExplorerTree } from '../../../src/host/explorer/explorerTree.ts';
import { Settings } from '../../../src/host/settings.ts';
import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { waitFor } from '../../support/waitFor.ts';
import { freePort } from '../../support/freePort.ts';
import {
  activated,
  childrenOf,
  configuration,
  nodeAt,
  rowOf,
  rowsBelow,
  run,
  runAnswering,
  runningInfo,
  setGlobally,
} from './extension.ts';
import { ScriptedPrompts } from './scriptedPrompts.ts';

const { ConfigurationTarget } = vscode;

describe('connections', () => {
  let api: ExtensionApi;
  let namesrv: string;
  let http: Server;
  let httpAddress: string;

  before(async () => {
    api = await activated();
    await setGlobally({ 'localBroker.nameServerPort': 0, 'localBroker.port': 0, 'localBroker.grpcPort': 0 });
    await run(api, 'rocketmq.localBroker.start');
    ({ namesrv } = runningInfo(api));
    http = createHttpServer((_, response) => response.end('hello'));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    httpAddress = `127.0.0.1:${(http.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    await configuration().update('connections', undefined, ConfigurationTarget.Global);
    await configuration().update('connections', undefined, ConfigurationTarget.Workspace);
    await waitFor('the connections to go', () => api.connections.list.length <= 1);
  });

  after(async () => {
    http.close();
    http.closeAllConnections();
    await api.localBroker.end();
    await setGlobally({
      'localBroker.nameServerPort': undefined,
      'localBroker.port': undefined,
      'localBroker.grpcPort': undefined,
    });
  });

  it('a good one is tested, kept in the workspace and shown with its cluster', async () => {
    const script = new ScriptedPrompts()
      .thenPick('NameServer')
      .thenType(namesrv, '', 'localhost:99999', '127.0.0:9876', 'http://h:9876')
      .thenPick('Workspace')
      .thenType('team', ' ');
    await runAnswering(api, script, 'rocketmq.connection.add');
    assert.equal(
      script.refusals.get('localhost:99999'),
      '"localhost:99999" is no address. Write host:port, several separated by semicolons.',
    );
    assert.deepEqual(configuration().inspect('connections')?.workspaceValue, [{ name: 'team', nameServers: namesrv }]);
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, 'team')), ['DefaultCluster']);
  });

  it('the name of another connection in the same place is refused', async () => {
    await setGlobally({ connections: [{ name: 'dev', nameServers: namesrv }] });
    await waitFor('the connection', () => api.connections.get('user:dev'));
    const script = new ScriptedPrompts()
      .thenPick('NameServer')
      .thenType(namesrv)
      .thenPick('User')
      .thenType('dev 2', 'dev');
    await runAnswering(api, script, 'rocketmq.connection.add');
    assert.equal(script.refusals.get('dev'), 'There is a connection dev already.');
    assert.deepEqual(
      api.connections.list.map(({ id }) => id),
      ['local', 'user:dev', 'user:dev 2'],
    );
  });

  it('of a closed port is told, can be corrected, and is kept when wished', async () => {
    const closed = `127.0.0.1:${await freePort()}`;
    const script = new ScriptedPrompts()
      .thenPick('NameServer')
      .thenType(closed)
      .thenPick('User')
      .thenType('dead')
      .thenPick('$(edit) Change the addresses')
      .thenType(`${closed};${namesrv}`)
      .thenPick('User')
      .thenType('half')
      .thenPick('$(save) Keep the connection nevertheless');
    await runAnswering(api, script, 'rocketmq.connection.add');
    assert.equal(script.lastItems.length, 5, script.lastItems.join('\n'));
    assert.equal(
      script.lastItems[0],
      `$(error) ${closed} | NameServer | Nothing listens on ${closed}. Check the address, and whether RocketMQ runs there.`,
    );
    assert.match(script.lastItems[1]!, new RegExp(`^\\$\\(pass\\) ${namesrv} \\| NameServer \\| answered in \\d+ ms`));
    assert.match(script.lastItems[2]!, /^\$\(pass\) .+ \| broker broker-a, id 0 \| answered in \d+ ms/);
    assert.deepEqual(configuration().inspect('connections')?.globalValue, [
      { name: 'half', nameServers: `${closed};${namesrv}` },
    ]);
    // One NameServer that answers is enough to see the cluster.
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, 'half')), ['DefaultCluster']);
  });

  it('an error node names cause and next step, and Retry asks again', async () => {
    const port = await freePort();
    await setGlobally({ connections: [{ name: 'late', nameServers: `127.0.0.1:${port}` }] });
    await waitFor('the connection', () => api.connections.get('user:late'));
    const late = await nodeAt(api, 'late');
    assert.deepEqual(await rowsBelow(api, late), [
      `Nothing listens on 127.0.0.1:${port}. | Check the address, and whether RocketMQ runs there.`,
    ]);
    const [error] = await childrenOf(api, late);
    const item = api.tree.getTreeItem(error!);
    assert.equal(item.command?.command, 'rocketmq.retryNode');
    http.close();
    http.closeAllConnections();
    http = createHttpServer((_, response) => response.end('hello'));
    http.listen(port, '127.0.0.1');
    await once(http, 'listening');
    httpAddress = `127.0.0.1:${port}`;
    await run(api, 'rocketmq.retryNode', error);
    assert.deepEqual(await rowsBelow(api, late), [
      `${httpAddress} speaks HTTP, not RocketMQ. | Use the port of a NameServer, 9876 by default.`,
    ]);
  });

  it('a NameServer that never answers is shown as loading, then as an error', async () => {
    const silent = createSilentServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    try {
      const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
      await setGlobally({ requestTimeoutMs: 1_000, connections: [{ name: 'silent', nameServers: address }] });
      await waitFor('the connection', () => api.connections.get('user:silent'));
      const node = await nodeAt(api, 'silent');
      const both = await Promise.all([api.tree.getChildren(node), api.tree.getChildren(node)]);
      assert.deepEqual(
        both.map((children) => children.map((child) => rowOf(api, child))),
        [['Loading…'], ['Loading…']],
      );
      const [row] = await rowsBelow(api, node);
      const told = /did not answer GET_BROKER_CLUSTER_INFO within (\d+) ms\. \| Try again, or raise the setting/.exec(
        row!,
      );
      // Connecting took its share of the 1 000 ms.
      assert.ok(told !== null && Number(told[1]) <= 1_000, row);
    } finally {
      await setGlobally({ requestTimeoutMs: undefined });
      silent.close();
    }
  });

  it('a change of the time for requests takes effect at once', async () => {
    const before = api.clients.byId('local')!.client;
    let told = 0;
    const subscription = api.clients.onDidChange(() => (told += 1));
    try {
      await setGlobally({ requestTimeoutMs: 2_000 });
      await waitFor('the clients to be renewed', () => told > 0);
      assert.notEqual(api.clients.byId('local')!.client, before);
      await assert.rejects(before.topics());
      assert.ok(Array.isArray(await api.clients.byId('local')!.client.topics()));
    } finally {
      subscription.dispose();
      await setGlobally({ requestTimeoutMs: undefined });
    }
  });

  it('system topics come and go in the view without asking the broker', async () => {
    const topics = await nodeAt(api, 'Local Broker', 'DefaultCluster', 'Topics');
    await rowsBelow(api, topics);
    const drawn: unknown[] = [];
    const subscription = api.tree.onDidChangeTreeData((node) => drawn.push(node));
    try {
      await run(api, 'rocketmq.showSystemTopics');
      await waitFor('the view to be drawn again', () => drawn.includes(undefined));
      assert.ok((await rowsBelow(api, topics)).includes('TBW102 | system'));
      drawn.length = 0;
      await run(api, 'rocketmq.hideSystemTopics');
      await waitFor('the view to be drawn again', () => drawn.includes(undefined));
      assert.ok(!(await rowsBelow(api, topics)).includes('TBW102 | system'));
    } finally {
      subscription.dispose();
      await setGlobally({ 'explorer.showSystemTopics': undefined });
    }
  });

  it('entries that are no connections are shown with what is wrong, and survive every change', async () => {
    const odd = { name: 'odd', nameservers: 'h:9876' };
    await setGlobally({ connections: [odd, { name: 'dev', nameServers: namesrv }] });
    await waitFor('the connection', () => api.connections.get('user:dev'));
    const wrong =
      'Entry 1 of rocketmq.connections has no NameServer addresses: nameServers is no text. | Correct it in the settings.';
    assert.equal((await rowsBelow(api)).at(-1), wrong);
    const [error] = (await childrenOf(api)).slice(-1);
    assert.equal(api.tree.getTreeItem(error!).command?.command, 'workbench.action.openSettingsJson');
    await api.connections.add('user', { name: 'new', nameServers: namesrv });
    await api.connections.replace('user', 'dev', { name: 'test', nameServers: namesrv });
    await api.connections.remove('user', 'new');
    assert.deepEqual(configuration().inspect('connections')?.globalValue, [
      odd,
      { name: 'test', nameServers: namesrv },
    ]);
  });

  it('those of a workspace that is not trusted are left alone', async () => {
    const kept = [{ name: 'team', nameServers: namesrv }];
    await configuration().update('connections', kept, ConfigurationTarget.Workspace);
    const connections = new Connections(api.localBroker, api.localClusters, api.composeRuns, () => false);
    try {
      const refused = (error: unknown) => isCodedError(error, 'workspace-untrusted');
      await assert.rejects(connections.add('workspace', { name: 'new', nameServers: namesrv }), refused);
      await assert.rejects(connections.remove('workspace', 'team'), refused);
      assert.deepEqual(configuration().inspect('connections')?.workspaceValue, kept);
      // Add Connection does not ask where to keep it then.
      const prompts = new ScriptedPrompts().thenPick('NameServer').thenType(namesrv).thenType('mine');
      const createClient = (nameServers: string) => new ClusterClient({ nameServers });
      await addConnection({ ...api, connections, prompts, createClient });
      prompts.assertDone();
      assert.deepEqual(configuration().inspect('connections')?.globalValue, [{ name: 'mine', nameServers: namesrv }]);
    } finally {
      connections.dispose();
    }
  });

  it('there is nothing to edit but the local one: only adding is offered', async () => {
    const script = new ScriptedPrompts().thenEscape();
    await runAnswering(api, script, 'rocketmq.connection.edit');
    assert.deepEqual(script.shown, ['info: The settings hold no connection yet.']);
    assert.deepEqual(script.lastActions, ['Add Connection…']);
  });

  it('a message that was sent makes the topic show its queues anew, once for many', async () => {
    const { client } = api.clients.byId('local')!;
    const spec = { topic: 'sent', readQueueNums: 1, writeQueueNums: 1, perm: 6, messageType: 'NORMAL' as const };
    await client.createTopic('DefaultCluster', spec);
    const { connections, localClusters, localFaults, clients, endpoints } = api;
    const clock = new FakeClock();
    const settings = new Settings(() => undefined);
    const tree = new ExplorerTree({
      ...{ connections, localClusters, localFaults, clients, endpoints, settings, clock },
      logger: silentLogger,
    });
    const view = { ...api, tree };
    try {
      const topic = await nodeAt(view, 'Local Broker', 'DefaultCluster', 'Topics', 'sent');
      assert.deepEqual(await rowsBelow(view, topic), ['broker-a, queue 0 | offsets 0 to 0']);
      let drawn = 0;
      tree.onDidChangeTreeData((node) => (drawn += node === topic ? 1 : 0));
      for (let count = 0; count < 3; count += 1) {
        await client.send({ topic: 'sent', body: Buffer.from('x') });
        tree.messagesArrived('local', 'sent');
        await rowsBelow(view, topic);
      }
      assert.equal(drawn, 0);
      clock.advance(500);
      assert.equal(drawn, 1);
      assert.deepEqual(await rowsBelow(view, topic), ['broker-a, queue 0 | offsets 0 to 3']);
    } finally {
      tree.dispose();
      await client.deleteTopic('DefaultCluster', 'sent');
    }
  });

  it('the question for a topic says in words why there is no list', async () => {
    const refused = new CodedError('connect-refused', { address: '127.0.0.1:1' });
    const prompts = new ScriptedPrompts().thenPick('Java').thenPick('Producer').thenEscape();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await insertSnippet(prompts, { topics: () => Promise.reject(refused) });
    assert.equal(
      prompts.shown.at(-1),
      'Insert Snippet: Topic. The list is not available: Nothing listens on 127.0.0.1:1. ' +
        'Check the address, and whether RocketMQ runs there.',
    );
  });

  it('addresses that a person mistyped in the settings become an error node', async () => {
    await setGlobally({ connections: [{ name: 'typo', nameServers: 'local host:9876:1' }] });
    await waitFor('the connection', () => api.connections.get('user:typo'));
    const [row] = await rowsBelow(api, await nodeAt(api, 'typo'));
    assert.match(row!, /is no address\. \| Write host:port, several separated by semicolons\.$/);
  });

  it('Test Connection shows each NameServer and each broker', async () => {
    const script = new ScriptedPrompts().thenEscape();
    await runAnswering(api, script, 'rocketmq.connection.test', await nodeAt(api, 'Local Broker'));
    assert.equal(script.shown[0], 'Local Broker answers: Escape closes this list');
    assert.equal(script.lastItems.length, 2);
    assert.match(script.lastItems[0]!, new RegExp(`^\\$\\(pass\\) ${namesrv} \\| NameServer \\| answered in`));
    assert.match(script.lastItems[1]!, /\| broker broker-a, id 0 \| answered in \d+ ms, V\d/);
  });

  it('is edited in its place', async () => {
    await setGlobally({ connections: [{ name: 'dev', nameServers: '127.0.0.1:1' }] });
    await waitFor('the connection', () => api.connections.get('user:dev'));
    const script = new ScriptedPrompts().thenType(namesrv).thenType('test');
    await runAnswering(api, script, 'rocketmq.connection.edit', await nodeAt(api, 'dev'));
    assert.deepEqual(configuration().inspect('connections')?.globalValue, [{ name: 'test', nameServers: namesrv }]);
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, 'test')), ['DefaultCluster']);
  });

  it('is removed after asking', async () => {
    await setGlobally({ connections: [{ name: 'dev', nameServers: namesrv }] });
    await waitFor('the connection', () => api.connections.get('user:dev'));
    const node = await nodeAt(api, 'dev');
    await runAnswering(api, new ScriptedPrompts().thenEscape(), 'rocketmq.connection.remove', node);
    assert.ok(api.connections.get('user:dev') !== undefined);
    await runAnswering(api, new ScriptedPrompts().thenAgree(), 'rocketmq.connection.remove', node);
    assert.equal(api.connections.get('user:dev'), undefined);
    assert.equal(configuration().inspect('connections')?.globalValue, undefined);
  });

  it('two that are added at once are both kept', async () => {
    const added = ['one', 'two'].map((name) => ({ name, nameServers: '127.0.0.1:1' }));
    await Promise.all(added.map((setting) => api.connections.add('user', setting)));
    assert.deepEqual(configuration().inspect('connections')?.globalValue, added);
    await Promise.all(added.map(({ name }) => api.connections.remove('user', name)));
    assert.equal(configuration().inspect('connections')?.globalValue, undefined);
  });

  it('nothing is kept when a question is dismissed', async () => {
    for (const script of [
      new ScriptedPrompts().thenEscape(),
      new ScriptedPrompts().thenPick('NameServer').thenType(namesrv).thenEscape(),
      new ScriptedPrompts().thenPick('NameServer').thenType(namesrv).thenPick('User').thenEscape(),
      new ScriptedPrompts().thenPick('NameServer').thenType('127.0.0.1:1').thenPick('User').thenType('x').thenEscape(),
    ]) {
      await runAnswering(api, script, 'rocketmq.connection.add');
    }
    assert.equal(configuration().inspect('connections')?.globalValue, undefined);
  });
});
