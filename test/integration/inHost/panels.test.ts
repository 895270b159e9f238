import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import type { SendDraft, SendFormContract } from '../../../src/contract/sendForm.ts';
import type { TailContract } from '../../../src/contract/tail.ts';
import { EMPTY_DRAFT } from '../../../src/host/panels/sendDraft.ts';
import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { startLocalBroker } from '../../support/localBroker.ts';
import type { LocalBroker } from '../../support/localBroker.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { waitFor } from '../../support/waitFor.ts';
import { activated, setGlobally } from './extension.ts';
import { sendPage, tailPage } from './panelPage.ts';
import type { PanelPage } from './panelPage.ts';

const CONNECTION = 'user:small';
const TOPIC = 'Orders';
const MAX_STORE_BYTES = 16 * 1024;
const MIB = 1024 * 1024;

/** What people do and what becomes of it, through the panels' own host, with a broker that has little room. */
describe('the panels with a broker that is soon full', () => {
  let api: ExtensionApi;
  let directory: TempDir;
  let broker: LocalBroker;
  let send: PanelPage<SendFormContract>;
  let tail: PanelPage<TailContract>;

  before(async () => {
    api = await activated();
    directory = makeTempDir('small');
    const file = path.join(directory.path, 'broker.conf');
    writeFileSync(file, `maxStoreBytes=${MAX_STORE_BYTES}\n`);
    broker = await startLocalBroker('-c', file);
    await setGlobally({ connections: [{ name: 'small', nameServers: broker.namesrv }] });
    await waitFor('the connection', () => api.clients.byId(CONNECTION) !== undefined);
    const { client } = api.clients.byId(CONNECTION)!;
    const spec = { topic: TOPIC, readQueueNums: 1, writeQueueNums: 1, perm: 6, messageType: 'NORMAL' } as const;
    await client.createTopic('DefaultCluster', spec);
    await waitFor('the topic', async () => (await client.topics()).some(({ topic }) => topic === TOPIC));
    send = await sendPage(api, CONNECTION);
    tail = await tailPage(api, CONNECTION, TOPIC);
  });

  after(async () => {
    send.dispose();
    tail.dispose();
    await setGlobally({ connections: undefined });
    await broker.stop();
    directory.remove();
  });

  const draft = (body: string): SendDraft => ({ ...EMPTY_DRAFT, topic: TOPIC, tag: 'paid', keys: 'k1 k2', body });
  const post = (what: SendDraft) => send.call('send', { draft: what, delivery: { type: 'NORMAL' } });
  const stored = async (): Promise<number> => {
    const [queue] = (await api.clients.byId(CONNECTION)!.client.queues(TOPIC)).items;
    assert.ok(queue !== undefined && queue.minOffset === 0);
    return queue.maxOffset;
  };

  it('send, answer where it lies, and show it', async () => {
    assert.deepEqual((await send.call('ready', { saved: undefined })).draft, EMPTY_DRAFT);
    const receipt = await post(draft('{"id":1}'));
    assert.deepEqual([receipt.status, receipt.queueId, receipt.offset], ['SEND_OK', 0, 0]);
    const [row] = await waitFor('the row', async () => {
      const rows = await tail.call('rows', { first: 0, limit: 10 });
      return rows.length > 0 && rows;
    });
    assert.deepEqual([row?.offset, row?.tag, row?.keys, row?.preview], [0, 'paid', 'k1 k2', '{"id":1}']);
    assert.equal((await tail.call('message', { number: 0 })).messageId, receipt.messageId);
  });

  it('refuse a body over 4 MiB in words before anything is sent, and keep it', async () => {
    const before = await stored();
    const body = 'x'.repeat(4 * MIB + 1);
    await assert.rejects(post(draft(body)), {
      message:
        'The body has 4194305 bytes; the broker takes at most 4194304. Shorten it, or split it into several messages.',
    });
    assert.equal(await stored(), before);
    assert.deepEqual((await send.call('ready', { saved: undefined })).draft, draft(body));
  });

  it('say that the broker is full, lose nothing that it took, and keep what was typed', async () => {
    let refused: Error | undefined;
    let taken = await stored();
    const body = (index: number): string => `${index} `.padEnd(1024, '.');
    while (refused === undefined && taken < 100) {
      await post(draft(body(taken))).then(
        () => (taken += 1),
        (error: unknown) => (refused = error as Error),
      );
    }
    assert.match(refused?.message ?? 'it took all', /disk is full/);
    assert.match(refused?.message ?? '', /Reset the data|free disk space|log of the broker/);
    assert.ok(taken > 5 && taken < MAX_STORE_BYTES / 1024, `${taken} were taken`);
    assert.equal(await stored(), taken);
    const rows = await waitFor('all rows', async () => {
      const all = await tail.call('rows', { first: 0, limit: 100 });
      return all.length >= taken && all;
    });
    assert.deepEqual(
      rows.map(({ offset }) => offset),
      Array.from({ length: taken }, (_, index) => index),
    );
    for (let index = 1; index < taken; index += 1) {
      assert.equal((await tail.call('message', { number: index })).body, body(index));
    }
    assert.deepEqual((await send.call('ready', { saved: undefined })).draft, draft(body(taken)));
  });
});
