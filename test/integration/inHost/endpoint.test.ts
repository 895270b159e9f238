import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { EMPTY_DRAFT } from '../../../src/host/panels/sendDraft.ts';
import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { Code, MessageType, Permission } from '../../../src/protocol/grpc/definition_pb.ts';
import { OK, ScriptedEndpoint } from '../../support/scriptedEndpoint.ts';
import { waitFor } from '../../support/waitFor.ts';
import {
  EXTENSION_ID,
  activated,
  configuration,
  nodeAt,
  openTabs,
  rowsBelow,
  runAnswering,
  setGlobally,
} from './extension.ts';
import { restoredTail, sendPage } from './panelPage.ts';
import { ScriptedPrompts } from './scriptedPrompts.ts';

const UNKNOWN_ROWS = [
  'Other topics: unknown | a gRPC endpoint does not list them; add one by its name',
  'Consumer groups: unknown | a gRPC endpoint does not list them',
];

/** Commands that a row with this context value offers. */
function menuOf(contextValue: string): string[] {
  const { contributes } = vscode.extensions.getExtension(EXTENSION_ID)?.packageJSON as {
    contributes: { menus: { 'view/item/context': { command: string; when: string }[] } };
  };
  const offered = contributes.menus['view/item/context'].filter(({ when }) => {
    const pattern = /viewItem =~ \/(.*)\/$/.exec(when)?.[1];
    return pattern === undefined
      ? when.endsWith(`viewItem == ${contextValue}`)
      : new RegExp(pattern).test(contextValue);
  });
  return [...new Set(offered.map(({ command }) => command))].sort();
}

describe('A connection to a gRPC endpoint', () => {
  let api: ExtensionApi;
  let endpoint: ScriptedEndpoint;

  before(async () => {
    api = await activated();
    endpoint = await ScriptedEndpoint.start({
      telemetry: ({ command }) => (command.case === 'settings' ? [{ status: OK, command }] : undefined),
      queryRoute: ({ topic }) => {
        if (topic?.name !== 'orders') {
          return [{ status: { code: Code.TOPIC_NOT_FOUND, message: 'no such topic' }, messageQueues: [] }];
        }
        const broker = { name: 'broker-a', id: 0 };
        const acceptMessageTypes = [MessageType.NORMAL, MessageType.FIFO];
        return [
          {
            status: OK,
            messageQueues: [{ topic, id: 0, permission: Permission.READ_WRITE, broker, acceptMessageTypes }],
          },
        ];
      },
      sendMessage: ({ messages }) => {
        if (messages[0]?.systemProperties?.messageType !== MessageType.DELAY) {
          return [{ status: OK, entries: [{ status: OK, messageId: 'M1', offset: 4n }] }];
        }
        const message = 'TopicMessageType validate failed, the expected type is FIFO, but actual type is DELAY';
        return [{ status: { code: Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE, message }, entries: [] }];
      },
      receiveMessage: () => undefined,
    });
  });

  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await configuration().update('connections', undefined, vscode.ConfigurationTarget.Global);
    await waitFor('the connections to go', () => api.connections.list.every(({ id }) => id === 'local'));
  });

  after(() => endpoint.stop());

  const keep = async (topics: readonly string[]): Promise<void> => {
    const proxy = { name: 'proxy', grpcEndpoint: endpoint.address, tls: 'off', topics };
    await setGlobally({ connections: [proxy] });
    await waitFor('the connection', () => api.connections.get('user:proxy'));
  };

  it('is asked for, tested and kept; the secret is kept apart', async () => {
    const script = new ScriptedPrompts()
      .thenPick('gRPC endpoint')
      .thenType(endpoint.address, '', 'h', 'h:1;i:2')
      .thenPick('No TLS')
      .thenPick('Access key and secret')
      .thenType('ak', ' ')
      .thenType('sk', '')
      .thenPick('User')
      .thenType('proxy', ' ');
    await runAnswering(api, script, 'rocketmq.connection.add');
    assert.equal(script.refusals.get('h'), '"h" is no address. Write host:port.');
    assert.deepEqual(configuration().inspect('connections')?.globalValue, [
      { name: 'proxy', grpcEndpoint: endpoint.address, tls: 'off', topics: [] },
    ]);
    const kept = { id: 'user:proxy', endpoint: { grpcEndpoint: endpoint.address, tls: 'off', topics: [] } } as const;
    assert.deepEqual(await api.secrets.read(kept), { accessKey: 'ak', secretKey: 'sk' });
    assert.match(endpoint.seen.at(-1)?.header('authorization') ?? '', /Credential=ak, /);
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, 'proxy')), UNKNOWN_ROWS);
    await runAnswering(
      api,
      new ScriptedPrompts().thenAgree(),
      'rocketmq.connection.remove',
      await nodeAt(api, 'proxy'),
    );
    assert.equal(await api.secrets.read(kept), undefined);
  });

  it('tells why it does not answer, and is kept when wished', async () => {
    const script = new ScriptedPrompts()
      .thenPick('gRPC endpoint')
      .thenType(endpoint.address)
      .thenPick('TLS')
      .thenPick('No credentials')
      .thenPick('User')
      .thenType('proxy')
      .thenPick('$(save) Keep the connection nevertheless');
    await runAnswering(api, script, 'rocketmq.connection.add');
    assert.match(script.lastItems[0] ?? '', /\| gRPC endpoint \| .* does not speak gRPC\. Use the gRPC port/);
    const entry = { name: 'proxy', grpcEndpoint: endpoint.address, tls: 'verified', topics: [] };
    assert.deepEqual(configuration().inspect('connections')?.globalValue, [entry]);
  });

  it('shows topics that are named, with their queues', async () => {
    await keep([]);
    const absent = new ScriptedPrompts().thenType('nowhere');
    await runAnswering(api, absent, 'rocketmq.endpoint.addTopic', await nodeAt(api, 'proxy'));
    assert.match(absent.shown.at(-1) ?? '', /^error: There is no topic nowhere\./);
    const script = new ScriptedPrompts().thenType('orders', '', 'a b');
    await runAnswering(api, script, 'rocketmq.endpoint.addTopic', await nodeAt(api, 'proxy'));
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, 'proxy')), ['orders', ...UNKNOWN_ROWS]);
    const topic = await nodeAt(api, 'proxy', 'orders');
    assert.deepEqual(await rowsBelow(api, topic), ['broker-a, queue 0 | read and write · NORMAL, FIFO']);
    assert.deepEqual(menuOf(api.tree.getTreeItem(topic).contextValue ?? ''), [
      'rocketmq.copyName',
      'rocketmq.endpoint.removeTopic',
      'rocketmq.insertSnippet',
      'rocketmq.openSendPanel',
      'rocketmq.openTailPanel',
      'rocketmq.refreshNode',
    ]);
    await runAnswering(api, new ScriptedPrompts(), 'rocketmq.endpoint.removeTopic', topic);
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, 'proxy')), UNKNOWN_ROWS);
  });

  it('says what it cannot do', async () => {
    await keep(['orders']);
    const script = new ScriptedPrompts();
    await runAnswering(api, script, 'rocketmq.topic.create', await nodeAt(api, 'proxy'));
    assert.match(script.shown.at(-1) ?? '', /^error: proxy is a gRPC endpoint, which cannot do that\./);
  });

  it('answers a test', async () => {
    await keep([]);
    const script = new ScriptedPrompts().thenEscape();
    await runAnswering(api, script, 'rocketmq.connection.test', await nodeAt(api, 'proxy'));
    assert.match(script.lastItems[0] ?? '', /^\$\(pass\) .* \| gRPC endpoint \| answered in \d+ ms$/);
  });

  it('sends from the panel', async () => {
    await keep(['orders']);
    const page = await sendPage(api, 'user:proxy');
    try {
      assert.deepEqual(await page.call('refreshTopics', undefined), ['orders']);
      assert.deepEqual((await page.call('ready', { saved: undefined })).connection, {
        name: 'proxy',
        knowsTypes: true,
      });
      assert.deepEqual(await page.call('messageTypes', { topic: 'orders' }), ['NORMAL', 'FIFO']);
      const draft = { ...EMPTY_DRAFT, topic: 'orders', tag: 'a', keys: 'k', body: 'hello' };
      const { elapsedMs, ...receipt } = await page.call('send', { draft, delivery: { type: 'FIFO', group: 'g' } });
      assert.ok(elapsedMs >= 0);
      const told = { status: 'SEND_OK', messageId: 'M1', offset: 4, transactionId: undefined, recallHandle: undefined };
      assert.deepEqual(
        { ...receipt },
        { ...told, offsetMessageId: undefined, brokerName: undefined, queueId: undefined },
      );
      const sent = endpoint.requests('sendMessage').at(-1)?.messages[0];
      assert.equal(Buffer.from(sent?.body ?? []).toString(), 'hello');
      assert.equal(sent?.systemProperties?.messageGroup, 'g');
      const delivery = { type: 'DELAY', afterMs: 60_000 } as const;
      const from = Date.now();
      await assert.rejects(page.call('send', { draft, delivery }), {
        message: new RegExp(
          'refused SendMessage with MESSAGE_PROPERTY_CONFLICT_WITH_TYPE: .*expected type is FIFO.* ' +
            'Choose the type of message that the topic takes\\.$',
        ),
      });
      const at = endpoint.requests('sendMessage').at(-1)?.messages[0]?.systemProperties?.deliveryTimestamp;
      const waitMs = Number(at?.seconds ?? 0n) * 1000 - from;
      assert.ok(waitMs > 58_000 && waitMs < 90_000, String(waitMs));
    } finally {
      page.dispose();
    }
  });

  it('is tailed as a group, after a warning', async () => {
    await keep(['orders']);
    const topic = await nodeAt(api, 'proxy', 'orders');
    const doubt = new ScriptedPrompts().thenType('g', '', 'a b').thenEscape();
    await runAnswering(api, doubt, 'rocketmq.openTailPanel', topic);
    assert.match(doubt.shown.at(-1) ?? '', /as the group g\? .*other members of the group do not get it/);
    assert.deepEqual(openTabs(), []);
    await runAnswering(api, new ScriptedPrompts().thenType('g').thenAgree(), 'rocketmq.openTailPanel', topic);
    await waitFor('the panel', () => openTabs().includes('Tail: orders, as g'));
    await waitFor('a receive', () => endpoint.requests('receiveMessage').length > 0);
    assert.equal(endpoint.requests('receiveMessage')[0]?.group?.name, 'g');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await waitFor('the leave', () => endpoint.requests('notifyClientTermination').length > 0);
  });

  it('joins no group when its tail comes back with the window, until somebody says so', async () => {
    await keep(['orders']);
    const group = 'restored';
    const receives = () =>
      endpoint.requests('receiveMessage').filter((request) => request.group?.name === group).length;
    const joins = () =>
      endpoint
        .requests('telemetry')
        .filter(
          ({ command }) =>
            command.case === 'settings' &&
            command.value.pubSub.case === 'subscription' &&
            command.value.pubSub.value.group?.name === group,
        ).length;
    const page = await restoredTail(api, { connectionId: 'user:proxy', topic: 'orders', group });
    try {
      const before = await page.call('ready', undefined);
      assert.deepEqual([before.group, before.waitsToJoin, before.reading], [group, true, false]);
      // What else changes does not make it join.
      await keep(['orders', 'more']);
      await page.call('resume', undefined);
      assert.deepEqual([joins(), receives()], [0, 0]);
      assert.equal((await page.call('join', undefined)).waitsToJoin, false);
      await waitFor('a receive', () => receives() > 0);
      assert.equal(joins(), 1);
      await waitFor('the tail to read', async () => (await page.call('ready', undefined)).reading);
    } finally {
      page.dispose();
    }
  });

  it('joins at once when its tail is opened anew while one waits', async () => {
    await keep(['orders']);
    const page = await restoredTail(api, { connectionId: 'user:proxy', topic: 'orders', group: 'again' });
    try {
      assert.equal((await page.call('ready', undefined)).waitsToJoin, true);
      const topic = await nodeAt(api, 'proxy', 'orders');
      await runAnswering(api, new ScriptedPrompts().thenType('again').thenAgree(), 'rocketmq.openTailPanel', topic);
      assert.equal((await page.call('ready', undefined)).waitsToJoin, false);
      await waitFor('a receive', () =>
        endpoint.requests('receiveMessage').some((request) => request.group?.name === 'again'),
      );
    } finally {
      page.dispose();
    }
  });
});
