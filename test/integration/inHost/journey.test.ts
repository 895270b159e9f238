import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import * as vscode from 'vscode';

import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { EndpointClient } from '../../../src/client/grpc/endpointClient.ts';
import { commandIds } from '../../../src/host/commandIds.ts';
import { EMPTY_DRAFT } from '../../../src/host/panels/sendDraft.ts';
import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { RequestCode, ResponseCode } from '../../../src/protocol/codes.ts';
import { parseOffsetMessageId } from '../../../src/protocol/messageId.ts';
import type { Connection } from '../../../src/remoting/connection.ts';
import { dial } from '../../../src/remoting/dial.ts';
import { ask, consumerBeat } from '../../broker/testBroker.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { waitFor } from '../../support/waitFor.ts';
import {
  activated,
  childrenOf,
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
import { sendPage, tailPage } from './panelPage.ts';
import { ScriptedPrompts } from './scriptedPrompts.ts';

const LOCAL = 'Local Broker';
const CLUSTER = 'DefaultCluster';
const TOPIC = 'orders-%|_1';
const GROUP = 'order-service';
const PROPERTIES = [{ name: 'region', value: 'eu' }];

/** Language id, how its files end, name, and whether its client asks a NameServer. */
const LANGUAGES = [
  ['java', '.java', 'Java', true],
  ['go', '.go', 'Go', true],
  ['python', '.py', 'Python', false],
  ['typescript', '.ts', 'TypeScript', false],
] as const;

/** What the broker keeps of a topic; as in TopicConfig.java. */
interface TopicSettings {
  readonly perm: number;
  readonly readQueueNums: number;
  readonly writeQueueNums: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The journey of a person from the empty view to the walkthrough; every step stands on the ones before. */
describe('the journey with the local broker', () => {
  let api: ExtensionApi;
  /** Asks the broker what the extension does not show. */
  let broker: Connection;
  const directory = makeTempDir('code');

  before(async () => {
    api = await activated();
    await setGlobally({ 'localBroker.nameServerPort': 0, 'localBroker.port': 0, 'localBroker.grpcPort': 0 });
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    directory.remove();
    broker.dispose();
    await api.localBroker.end();
    await setGlobally({
      'localBroker.nameServerPort': undefined,
      'localBroker.port': undefined,
      'localBroker.grpcPort': undefined,
    });
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
    broker = await dial(runningInfo(api).broker, { clock: systemClock, logger: silentLogger });
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
    // The view asks for rows when it is told of a change, and not before.
    let changes = 0;
    const listening = api.tree.onDidChangeTreeData(() => (changes += 1));
    try {
      await run(api, 'rocketmq.showSystemTopics');
      await waitFor('the tree to tell of a change', () => changes > 0);
      assert.equal(configuration().get('explorer.showSystemTopics'), true);
      assert.ok((await rowsBelow(api, topics)).includes('TBW102 | system'));
      changes = 0;
      await run(api, 'rocketmq.hideSystemTopics');
      await waitFor('the tree to tell of a change', () => changes > 0);
      assert.deepEqual(await rowsBelow(api, topics), ['No topics yet']);
    } finally {
      listening.dispose();
      await setGlobally({ 'explorer.showSystemTopics': undefined });
    }
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
    const answer = await ask(broker, RequestCode.GET_TOPIC_CONFIG, { topic: TOPIC });
    const { perm, readQueueNums, writeQueueNums, attributes } = JSON.parse(answer.body.toString()) as TopicSettings;
    assert.deepEqual([perm, readQueueNums, writeQueueNums], [6, 3, 3]);
    assert.deepEqual(attributes, { 'message.type': 'FIFO' });
  });

  it('4. copies a name', async () => {
    await run(api, 'rocketmq.copyName', await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC));
    assert.equal(await vscode.env.clipboard.readText(), TOPIC);
  });

  it('5. opens the send panel; what is sent stands in the queues after a refresh of the topic alone', async () => {
    const topic = await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC);
    await run(api, 'rocketmq.openSendPanel', topic);
    await waitFor('the panel', () => openTabs().includes(`Send: ${LOCAL}`));
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    const page = await sendPage(api, 'local');
    try {
      const body = '{"id":1}';
      const draft = { ...EMPTY_DRAFT, topic: TOPIC, tag: 'new', keys: 'k1', properties: PROPERTIES, body };
      const sent = await page.call('send', { draft, delivery: { type: 'NORMAL' } });
      assert.equal(sent.status, 'SEND_OK');
      assert.equal(sent.offset, 0);
      await run(api, 'rocketmq.refreshNode', topic);
      const rows = await rowsBelow(api, topic);
      assert.equal(rows[sent.queueId ?? -1], `broker-a, queue ${sent.queueId ?? -1} | offsets 0 to 1`);
      assert.equal(rows.filter((row) => row.endsWith('offsets 0 to 0')).length, 2);
      const queues = await childrenOf(api, topic);
      const positions = queues.map((node) => node.kind === 'queue' && [node.queue.minOffset, node.queue.maxOffset]);
      assert.deepEqual(
        positions,
        [0, 1, 2].map((queue) => [0, queue === sent.queueId ? 1 : 0]),
      );
      assert.deepEqual((await page.call('ready', { saved: undefined })).draft.body, body);
    } finally {
      page.dispose();
    }
  });

  it('6. tails a topic without leaving a trace of it on the broker', async () => {
    await run(api, 'rocketmq.openTailPanel', await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC));
    await waitFor('the panel', () => openTabs().some((label) => label === `Tail: ${TOPIC}`));
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    const before = await kept(broker);
    const page = await tailPage(api, 'local', TOPIC);
    try {
      const { client } = api.clients.byId('local')!;
      const sent = await client.send({ topic: TOPIC, tag: 'new', keys: ['k2'], body: Buffer.from('second') });
      const [row, ...others] = await waitFor('the message', async () => {
        const rows = await page.call('rows', { first: 0, limit: 10 });
        return rows.length > 0 && rows;
      });
      assert.deepEqual(others, []);
      assert.deepEqual(
        [row?.queueId, row?.offset, row?.tag, row?.keys, row?.preview],
        [sent.queueId, sent.offset, 'new', 'k2', 'second'],
      );
      const whole = await page.call('message', { number: row?.number ?? -1 });
      assert.equal(whole.messageId, sent.messageId);
      await page.call('pause', undefined);
      await page.call('resume', undefined);
      assert.equal((await page.call('clear', undefined)).held, 0);
    } finally {
      page.dispose();
    }
    assert.deepEqual(await kept(broker), before);
    const groups = await nodeAt(api, LOCAL, CLUSTER, 'Consumer Groups');
    await run(api, 'rocketmq.refreshNode', groups);
    assert.deepEqual(await rowsBelow(api, groups), ['No consumer groups yet']);
  });

  it('6. shows a consumer group, and tells its retry topic and its dead letters from topics of people', async () => {
    const { client } = api.clients.byId('local')!;
    const { offsetMessageId } = await client.send({ topic: TOPIC, body: Buffer.from('fails') });
    const beat = consumerBeat('a-client', GROUP, { [TOPIC]: '*' });
    assert.equal((await ask(broker, RequestCode.HEART_BEAT, {}, beat)).code, ResponseCode.SUCCESS);
    const failed = {
      offset: String(parseOffsetMessageId(offsetMessageId).physicalOffset),
      group: GROUP,
      // At once to the dead letters.
      delayLevel: '-1',
      originTopic: TOPIC,
    };
    assert.equal((await ask(broker, RequestCode.CONSUMER_SEND_MSG_BACK, failed)).code, ResponseCode.SUCCESS);
    const groups = await nodeAt(api, LOCAL, CLUSTER, 'Consumer Groups');
    await run(api, 'rocketmq.refreshNode', groups);
    assert.deepEqual(await rowsBelow(api, groups), [GROUP]);
    const topics = await nodeAt(api, LOCAL, CLUSTER, 'Topics');
    const rows = await waitFor('the topics of the group', async () => {
      await run(api, 'rocketmq.refreshNode', topics);
      const now = await rowsBelow(api, topics);
      return now.length === 3 && now;
    });
    assert.deepEqual(rows, [TOPIC, `%RETRY%${GROUP} | retry`, `%DLQ%${GROUP} | dead letter`]);
    const dead = await nodeAt(api, LOCAL, CLUSTER, 'Topics', `%DLQ%${GROUP}`);
    assert.deepEqual(await rowsBelow(api, dead), ['broker-a, queue 0 | offsets 0 to 1']);
    const retry = await nodeAt(api, LOCAL, CLUSTER, 'Topics', `%RETRY%${GROUP}`);
    assert.deepEqual(await rowsBelow(api, retry), ['broker-a, queue 0 | offsets 0 to 0']);
  });

  for (const [language, ending, name, usesNameServer] of LANGUAGES) {
    it(`7. completes rmq- in ${name}, filled with the selected topic`, async () => {
      await vscode.commands.executeCommand('rocketmq.explorer.focus');
      await api.treeView.reveal(await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC), { select: true, focus: true });
      await waitFor('the topic to be selected', () => api.treeView.selection[0]?.kind === 'topic');
      // Files: the editor gives the names of untitled documents again that it has not let go of altogether.
      const open = async (content: string): Promise<vscode.TextDocument> => {
        const file = path.join(directory.path, `${content}${ending}`);
        writeFileSync(file, content);
        return vscode.workspace.openTextDocument(file);
      };
      const document = await open('rmq-');
      assert.equal(document.languageId, language);
      const ours = await waitFor('completions', async () => {
        const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
          'vscode.executeCompletionItemProvider',
          document.uri,
          new vscode.Position(0, 4),
        );
        const found = items.filter((item) => labelOf(item).startsWith('rmq-'));
        return found.length > 0 && found;
      });
      assert.deepEqual(ours.map(labelOf).sort(), ['rmq-producer', 'rmq-push-consumer']);
      for (const item of ours) {
        assert.ok(item.insertText instanceof vscode.SnippetString);
        const text = item.insertText.value.replaceAll('\\', '');
        assert.ok(text.includes(TOPIC), text);
        assert.equal(text.includes(runningInfo(api).namesrv), usesNameServer, text);
        assert.ok(item.range instanceof vscode.Range && item.range.isEqual(new vscode.Range(0, 0, 0, 4)));
        assert.match(item.detail ?? '', new RegExp(`^${name}: `));
      }
      const nothing = await open('order-');
      const others = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        nothing.uri,
        new vscode.Position(0, 6),
      );
      assert.deepEqual(
        others.items.map(labelOf).filter((label) => label.startsWith('rmq-')),
        [],
      );
    });

    it(`7. inserts ${name} code into a new file of its language`, async () => {
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
      const script = new ScriptedPrompts().thenPick(name).thenPick('Push consumer').thenPick(TOPIC).thenType(GROUP);
      await runAnswering(api, script, 'rocketmq.insertSnippet', await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC));
      const { document } = vscode.window.activeTextEditor!;
      assert.equal(document.languageId, language);
      for (const value of [TOPIC, GROUP]) assert.ok(document.getText().includes(`"${value}"`), value);
      const { namesrv, grpc } = runningInfo(api);
      assert.ok(grpc !== null);
      assert.deepEqual(
        [namesrv, grpc].map((address) => document.getText().includes(`"${address}"`)),
        [usesNameServer, !usesNameServer],
      );
      assert.doesNotMatch(document.getText(), /\{\{|\$\{?\d/);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    });
  }

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
    assert.equal((await rowsBelow(api, await nodeAt(api, LOCAL, CLUSTER, 'Topics')))[0], TOPIC);
    const topic = await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC);
    const ends = (await rowsBelow(api, topic)).map((row) => Number(/\d+$/.exec(row)?.[0]));
    assert.equal(
      ends.reduce((sum, end) => sum + end, 0),
      3,
    );
  });

  it('4. deletes a topic when its name is typed', async () => {
    const script = new ScriptedPrompts().thenType(TOPIC, 'orders', '');
    await runAnswering(api, script, 'rocketmq.topic.delete', await nodeAt(api, LOCAL, CLUSTER, 'Topics', TOPIC));
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, LOCAL, CLUSTER, 'Topics')), [
      `%RETRY%${GROUP} | retry`,
      `%DLQ%${GROUP} | dead letter`,
    ]);
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

  it('10. shows a consumer by gRPC as online, and no more when it left', async () => {
    const group = 'by-grpc';
    const spec = { topic: 'Calls', readQueueNums: 1, writeQueueNums: 1, perm: 6, messageType: 'NORMAL' } as const;
    await api.clients.byId('local')!.client.createTopic(CLUSTER, spec);
    const endpoint = new EndpointClient({ address: runningInfo(api).grpc ?? '', tls: 'off' });
    try {
      const tail = endpoint.tail('Calls', group);
      await tail.ready;
      await run(api, 'rocketmq.refreshNode', await nodeAt(api, LOCAL, CLUSTER, 'Consumer Groups'));
      const node = await nodeAt(api, LOCAL, CLUSTER, 'Consumer Groups', group);
      const rowsNow = async (): Promise<string[]> => {
        await run(api, 'rocketmq.refreshNode', node);
        return rowsBelow(api, node);
      };
      const [row, ...others] = await rowsNow();
      assert.match(row ?? '', /^[^|]+@\d+@[0-9a-f]{16} \| online · OTHER · 127\.0\.0\.1:\d+$/);
      assert.deepEqual(others, []);
      tail.dispose();
      await waitFor('the leave', async () => (await rowsNow())[0] === 'No client is online');
    } finally {
      endpoint.dispose();
    }
  });
});

/** All that a reader could leave on a broker: groups with their settings, offsets, members and topics. */
async function kept(broker: Connection): Promise<unknown> {
  const codes = [
    RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG,
    RequestCode.GET_ALL_CONSUMER_OFFSET,
    RequestCode.GET_ALL_TOPIC_CONFIG,
  ];
  const answers = await Promise.all(codes.map((code) => ask(broker, code)));
  return answers.map(({ code, body }) => [code, JSON.parse(body.toString()) as unknown]);
}

function labelOf({ label }: vscode.CompletionItem): string {
  return typeof label === 'string' ? label : label.label;
}
