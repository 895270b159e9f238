import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { commandIds } from '../../../src/host/commandIds.ts';
import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { waitFor } from '../../support/waitFor.ts';
import {
  activated,
  configuration,
  EXTENSION_ID,
  nodeAt,
  openTabs,
  rowOf,
  rowsBelow,
  run,
  runAnswering,
  runningInfo,
  setGlobally,
} from './extension.ts';
import { ScriptedPrompts } from './scriptedPrompts.ts';

const LOCAL = 'Local Broker';
const CLUSTER = 'DefaultCluster';
const TOPIC = 'orders-%|_1';

/** The journey of a person from the empty view to the walkthrough; every step stands on the ones before. */
describe('the journey with the local broker', () => {
  let api: ExtensionApi;

  before(async () => {
    api = await activated();
    await setGlobally({ 'localBroker.nameServerPort': 0, 'localBroker.port': 0 });
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await api.localBroker.end();
    await setGlobally({ 'localBroker.nameServerPort': undefined, 'localBroker.port': undefined });
  });

  it('1. begins with nothing in the view and every command there', async () => {
    assert.deepEqual(await rowsBelow(api), []);
    const registered = await vscode.commands.getCommands(true);
    assert.deepEqual(
      commandIds.filter((id) => !registered.includes(id)),
      [],
    );
  });

  it('2. starts the local broker', async () => {
    await run(api, 'rocketmq.localBroker.start');
    const { namesrv, pid } = runningInfo(api);
    assert.match(namesrv, /^127\.0\.0\.1:\d+$/);
    assert.notEqual(pid, process.pid);
    assert.deepEqual(
      api.connections.list.map(({ id, name, nameServers }) => [id, name, nameServers]),
      [['local', LOCAL, namesrv]],
    );
  });

  it('3. shows its cluster, broker, topics and groups', async () => {
    const { namesrv, broker } = runningInfo(api);
    assert.deepEqual(await rowsBelow(api), [`${LOCAL} | ${namesrv}`]);
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, LOCAL)), [CLUSTER]);
    const brokers = await nodeAt(api, LOCAL, CLUSTER, 'Brokers');
    const described = await waitFor('the version of the broker', async () => {
      const rows = await rowsBelow(api, brokers);
      return rows.every((row) => row.split(' · ').length === 3) && rows;
    });
    assert.equal(described.length, 1);
    assert.match(described[0]!, new RegExp(`^broker-a \\| master · ${broker} · \\d+\\.\\d+\\.\\d+`));
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, LOCAL, CLUSTER, 'Topics')), ['No topics yet']);
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, LOCAL, CLUSTER, 'Consumer Groups')), [
      'No consumer groups yet',
    ]);
  });

  it('3. shows system topics when they are wanted, and says how many are hidden when not', async () => {
    const topics = await nodeAt(api, LOCAL, CLUSTER, 'Topics');
    assert.match(rowOf(api, topics), /^Topics \| 0, \d+ of the system hidden$/);
    await run(api, 'rocketmq.showSystemTopics');
    assert.equal(configuration().get('explorer.showSystemTopics'), true);
    assert.ok((await rowsBelow(api, topics)).includes('TBW102 | system'));
    await run(api, 'rocketmq.hideSystemTopics');
    assert.deepEqual(await rowsBelow(api, topics), ['No topics yet']);
  });

  it('4. creates a topic whose name is checked as the broker would, and reveals it', async () => {
    const script = new ScriptedPrompts()
      .thenType(TOPIC, '', 'a b', 'ü', 'x'.repeat(128), 'TBW102')
      .thenType('3', '0', 'many', '1025')
      .thenPick('Read and write')
      .thenPick('FIFO');
    await vscode.commands.executeCommand('rocketmq.explorer.focus');
    await runAnswering(api, script, 'rocketmq.topic.create', await nodeAt(api, LOCAL, CLUSTER, 'Topics'));
    assert.equal(script.refusals.get('a b'), 'Only letters, digits and the characters _ - % | are allowed.');
    assert.equal(script.refusals.get('x'.repeat(128)), 'The name of a topic has at most 127 characters.');
    assert.equal(script.refusals.get('TBW102'), 'RocketMQ keeps this name for itself.');
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, LOCAL, CLUSTER, 'Topics')), [TOPIC]);
    const selected = await waitFor('the topic to be selected', () => api.treeView.selection[0]);
    assert.equal(rowOf(api, selected), TOPIC);
    assert.deepEqual(
      await rowsBelow(api, selected),
      [0, 1, 2].map((queue) => `broker-a, queue ${queue} | offsets 0 to 0`),
    );
  });

  it('4. copies a name', async () => {
    await run(api, 'rocketmq.copyName', await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC));
    assert.equal(await vscode.env.clipboard.readText(), TOPIC);
  });

  it('5. opens the send panel; what is sent stands in the queues after a refresh of the topic alone', async () => {
    const topic = await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC);
    await run(api, 'rocketmq.openSendPanel', topic);
    await waitFor('the panel', () => openTabs().includes(`Send: ${LOCAL}`));
    const client = api.clients.byId('local')!.client;
    const receipt = await client.send({ topic: TOPIC, tag: 'new', keys: ['k1'], body: Buffer.from('{"id":1}') });
    assert.equal(receipt.status, 'SEND_OK');
    assert.equal(receipt.offset, 0);
    await run(api, 'rocketmq.refreshNode', topic);
    const rows = await rowsBelow(api, topic);
    assert.equal(rows[receipt.queueId], `broker-a, queue ${receipt.queueId} | offsets 0 to 1`);
    assert.equal(rows.filter((row) => row.endsWith('offsets 0 to 0')).length, 2);
  });

  it('6. tails a topic without leaving a trace of it on the broker', async () => {
    await run(api, 'rocketmq.openTailPanel', await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC));
    await waitFor('the panel', () => openTabs().some((label) => label === `Tail: ${TOPIC}`));
    const client = api.clients.byId('local')!.client;
    const tail = client.tail(TOPIC);
    try {
      const bodies: string[] = [];
      tail.onMessages((messages) => bodies.push(...messages.map(({ body }) => body.toString())));
      await tail.ready;
      await client.send({ topic: TOPIC, body: Buffer.from('second') });
      await waitFor('the message', () => bodies.length > 0);
      assert.deepEqual(bodies, ['second']);
    } finally {
      tail.dispose();
    }
    const groups = await nodeAt(api, LOCAL, CLUSTER, 'Consumer Groups');
    await run(api, 'rocketmq.refreshNode', groups);
    assert.deepEqual(await rowsBelow(api, groups), ['No consumer groups yet']);
  });

  it('7. inserts a snippet filled with the address, the topic and a group', async () => {
    const document = await vscode.workspace.openTextDocument({ language: 'java', content: '' });
    await vscode.window.showTextDocument(document);
    const script = new ScriptedPrompts().thenPick('Push consumer').thenPick(TOPIC).thenType('order-group');
    const topic = await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC);
    await runAnswering(api, script, 'rocketmq.insertSnippet', topic);
    const text = vscode.window.activeTextEditor!.document.getText();
    assert.match(text, /DefaultMQPushConsumer/);
    for (const value of [runningInfo(api).namesrv, TOPIC, 'order-group']) assert.ok(text.includes(`"${value}"`), value);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('8. shows the log in its language and follows it', async () => {
    await run(api, 'rocketmq.localBroker.showLog');
    const shown = await waitFor('the log', () => {
      const editor = vscode.window.activeTextEditor;
      return editor?.document.languageId === 'rocketmq-log' && editor;
    });
    assert.match(shown.document.getText(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO /);
    const before = shown.document.lineCount;
    await run(api, 'rocketmq.localBroker.restart');
    await waitFor('the log to grow', () => shown.document.lineCount > before);
    await waitFor('the end to be in view', () =>
      shown.visibleRanges.some(({ end }) => end.line >= shown.document.lineCount - 2),
    );
  });

  it('8. finds everything again after the restart, on the same ports', async () => {
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, LOCAL, CLUSTER, 'Topics')), [TOPIC]);
    const topic = await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC);
    const ends = (await rowsBelow(api, topic)).map((row) => Number(/\d+$/.exec(row)?.[0]));
    assert.equal(
      ends.reduce((sum, end) => sum + end, 0),
      2,
    );
  });

  it('4. deletes a topic when its name is typed', async () => {
    const script = new ScriptedPrompts().thenType(TOPIC, 'orders', '');
    await runAnswering(api, script, 'rocketmq.topic.delete', await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC));
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, LOCAL, CLUSTER, 'Topics')), ['No topics yet']);
  });

  it('9. opens the walkthrough', async () => {
    const { contributes } = vscode.extensions.getExtension(EXTENSION_ID)!.packageJSON as {
      contributes: { walkthroughs: { id: string; title: string; steps: unknown[] }[] };
    };
    assert.deepEqual(
      contributes.walkthroughs.map(({ id, steps }) => [id, steps.length]),
      [['start', 7]],
    );
    await run(api, 'rocketmq.openWalkthrough');
    await waitFor('the walkthrough', () => openTabs().some((label) => /^(Walkthrough|Welcome)/.test(label)), {
      details: () => openTabs().join('; '),
    });
  });
});
