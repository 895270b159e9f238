import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync, readFileSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { sparseCopy } from '../../../src/broker/control/state/sparseCopy.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TestBroker, ask, connect, sendRequest } from '../testBroker.ts';
import type { Answered } from '../testBroker.ts';

describe('state of the control interface', function () {
  // A snapshot reads files of hundreds of MB, nearly all of them holes.
  this.timeout(60_000);
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start({ controlled: true });
  });
  afterEach(() => broker.stop());

  const SEED = `
topics:
  - name: Orders
    queues: 2
    type: FIFO
  - Plain
groups: [{ name: billing, maxRetries: 3, orderly: true }]
messages:
  - { topic: Orders, body: first, tag: created, keys: [o-1, o-2], properties: { region: eu } }
  - { topic: Orders, body: 17, queue: 1, count: 3 }
  - { topic: Plain, base64: /wD+, delay: 90s }
  - { topic: Plain, body: later, delayLevel: 3 }
`;
  const post = (route: string, body: unknown = {}): Promise<Answered> => broker.control('POST', route, body);
  const ok = async (answer: Promise<Answered>): Promise<Record<string, unknown>> => {
    const { status, json } = await answer;
    assert.equal(status, 200, JSON.stringify(json));
    return json;
  };
  const get = (route: string): Promise<Record<string, unknown>> => ok(broker.control('GET', route));
  const count = async (topic: string): Promise<unknown> => (await get(`/topics/${topic}`))['messages'];
  const messageOf = ({ json }: Answered): string => (json['error'] as { message: string }).message;
  /** The broker of TestBroker is gone after a restart: another listens on its port. */
  const send = async (topic: string, body: string): Promise<number> => {
    const client = await connect(broker.runtime.broker.address);
    const { code } = await client.request(sendRequest(topic, body), 4000);
    client.dispose();
    return code;
  };

  it('sows topics, groups and messages, and counts them', async () => {
    assert.deepEqual(await ok(post('/seed', SEED)), { topics: 2, groups: 1, messages: 6 });
    assert.deepEqual(await get('/topics'), { topics: ['Orders', 'Plain'] });
    assert.deepEqual(await get('/topics/Orders'), {
      topic: 'Orders',
      messages: 4,
      queues: [
        { queueId: 0, min: 0, max: 1, messages: 1 },
        { queueId: 1, min: 0, max: 3, messages: 3 },
      ],
      groups: [],
    });
    assert.equal(broker.context.topics.get('Orders')?.attributes['message.type'], 'FIFO');
    const group = broker.context.groups.get('billing');
    assert.deepEqual([group?.retryMaxTimes, group?.consumeMessageOrderly], [3, true]);
    const { messages } = await get('/messages?topic=Orders&tag=created&bodies=true');
    const [message] = messages as Record<string, unknown>[];
    assert.deepEqual(
      [message?.['body'], message?.['tag'], message?.['keys'], (message?.['properties'] as { region: string }).region],
      ['first', 'created', ['o-1', 'o-2'], 'eu'],
    );
    assert.equal((await get('/messages?topic=Orders&key=o-2&limit=0'))['count'], 1);
    assert.equal((await get('/messages?topic=Orders&key=o'))['count'], 0);
    const [shown] = (await get('/messages?topic=Orders&limit=1'))['messages'] as object[];
    assert.equal(shown !== undefined && 'body' in shown, false);
    assert.equal(await count('Plain'), 0);
    await ok(post('/clock', { by: '90s' }));
    assert.deepEqual(
      ((await get('/messages?topic=Plain&bodies=true'))['messages'] as Record<string, unknown>[])
        .map(({ body, base64 }) => body ?? base64)
        .sort(),
      ['/wD+', 'later'],
    );
  });

  it('waits until a group has read everything, what failed included', async () => {
    await ok(
      post('/seed', {
        topics: [{ name: 'T', queues: 1 }],
        groups: ['G', 'Other'],
        messages: [{ topic: 'T', body: 'x', count: 3 }],
      }),
    );
    const waiting = post('/wait', { topic: 'T', group: 'G', caughtUp: true, timeoutMs: 60_000 });
    const commit = (topic: string, commitOffset: number): Promise<unknown> =>
      broker.ask(RequestCode.UPDATE_CONSUMER_OFFSET, {
        consumerGroup: 'G',
        topic,
        queueId: '0',
        commitOffset: String(commitOffset),
      });
    await commit('T', 2);
    assert.deepEqual(((await get('/topics/T'))['groups'] as object[])[0], { group: 'G', lag: 1, offsets: [2] });
    const state = { isOver: false };
    void waiting.finally(() => (state.isOver = true));
    await broker.clock.advanceAsync(1000);
    assert.equal(state.isOver, false);
    await commit('T', 3);
    await waitFor('its end', async () => {
      await broker.clock.advanceAsync(20);
      return state.isOver;
    });
    assert.equal((await ok(waiting))['caughtUp'], true);
    const late = await post('/wait', { topic: 'T', messages: 4, timeoutMs: 0 });
    assert.deepEqual([late.status, messageOf(late)], [504, 'T has 3 of 4 messages after 0 ms']);
    const behind = await post('/wait', { topic: 'T', group: 'Other', timeoutMs: 0 });
    assert.equal(messageOf(behind), 'Other is 3 behind in T and 0 in its retries after 0 ms');
  });

  it('waits for a message that failed while that waits for its delay, and no longer', async () => {
    await ok(
      post('/seed', { topics: [{ name: 'T', queues: 1 }], groups: ['G'], messages: [{ topic: 'T', body: 'x' }] }),
    );
    await broker.send('T', 'later', { properties: { UNIQ_KEY: 'later', DELAY: '3' } });
    const commit = (topic: string, commitOffset: number): Promise<unknown> =>
      broker.ask(RequestCode.UPDATE_CONSUMER_OFFSET, {
        consumerGroup: 'G',
        topic,
        queueId: '0',
        commitOffset: String(commitOffset),
      });
    const wait = async (): Promise<unknown> => {
      const answer = await post('/wait', { topic: 'T', group: 'G', timeoutMs: 0 });
      return answer.status === 200 ? answer.json['caughtUp'] : messageOf(answer);
    };
    const [message] = await broker.read('T');
    const back = await broker.ask(RequestCode.CONSUMER_SEND_MSG_BACK, {
      offset: String(message?.physicalOffset),
      group: 'G',
      delayLevel: '3',
      originMsgId: 'x',
      originTopic: 'T',
      unitMode: 'false',
    });
    assert.equal(back.code, 0, back.remark);
    await commit('T', 1);
    assert.equal(await wait(), 'G has retries that wait for their delay after 0 ms');
    const state = { isOver: false };
    const waiting = post('/wait', { topic: 'T', group: 'G', timeoutMs: 60_000 }).finally(() => (state.isOver = true));
    await broker.clock.advanceAsync(1000);
    assert.equal(state.isOver, false);
    await ok(post('/clock', { by: '10s' }));
    assert.equal(await wait(), 'G is 1 behind in T and 1 in its retries after 0 ms');
    for (const topic of ['T', '%RETRY%G']) await commit(topic, topic === 'T' ? 2 : 1);
    await waitFor('its end', async () => {
      await broker.clock.advanceAsync(20);
      return state.isOver;
    });
    assert.equal((await ok(waiting))['caughtUp'], true);
    // One of another group holds nobody up.
    await ok(post('/seed', { groups: ['H'] }));
    const other = await broker.ask(RequestCode.CONSUMER_SEND_MSG_BACK, {
      offset: String(message?.physicalOffset),
      group: 'H',
      delayLevel: '4',
      originMsgId: 'x',
      originTopic: 'T',
      unitMode: 'false',
    });
    assert.equal(other.code, 0, other.remark);
    assert.equal(await wait(), true);
  });

  it('keeps a snapshot and brings it back as often as it is asked, on the same ports and at its time', async () => {
    await ok(post('/seed', SEED));
    await ok(post('/clock', { by: '30s' }));
    assert.deepEqual(await ok(post('/snapshot', { name: 'base' })), { snapshot: 'base' });
    for (let round = 0; round < 2; round++) {
      assert.equal(await send('Orders', 'more'), 0);
      await ok(post('/faults', { kind: 'refuse', code: 'SYSTEM_BUSY' }));
      await ok(post('/clock', { by: '5h' }));
      assert.deepEqual([await count('Orders'), await count('Plain')], [5, 2]);
      assert.deepEqual(await ok(post('/restore', { name: 'base' })), { restored: 'base' });
      assert.deepEqual([await count('Orders'), await count('Plain')], [4, 1]);
      assert.equal((await get('/clock'))['aheadMs'], 30_000);
      assert.deepEqual((await get('/faults'))['faults'], []);
    }
    assert.deepEqual(await get('/snapshots'), { snapshots: ['base'] });
    const missing = await post('/restore', { name: 'other' });
    assert.deepEqual([missing.status, messageOf(missing)], [404, 'there is no snapshot other; allowed: base']);
    assert.equal(await count('Orders'), 4);
    assert.equal((await broker.control('DELETE', '/snapshots/base')).status, 200);
    assert.deepEqual(await get('/snapshots'), { snapshots: [] });
    assert.equal(messageOf(await post('/restore', { name: 'base' })), 'there is no snapshot base');
  });

  it('empties the store, and serves on the same ports', async () => {
    await ok(post('/seed', SEED));
    await ok(post('/clock', { by: '1h', rate: 5 }));
    assert.deepEqual(await ok(post('/reset')), { reset: true });
    assert.deepEqual(await get('/topics'), { topics: [] });
    const { aheadMs, rate } = await get('/clock');
    assert.deepEqual([aheadMs, rate], [0, 1]);
    assert.equal(await send('New', 'x'), 0);
    const nameServer = await connect(broker.runtime.nameServerAddress);
    assert.equal((await ask(nameServer, RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'New' })).code, 0);
    assert.equal((await ask(nameServer, RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'Orders' })).code, 17);
    nameServer.dispose();
  });

  it('listens after a restart where it did before, and nowhere else', async () => {
    const ports = (): unknown[] => {
      const { context, hasVip } = broker.runtime.broker;
      return [context.config.listenPort, context.config.haListenPort, hasVip];
    };
    const running = async (): Promise<unknown[]> => {
      const client = await connect(broker.runtime.broker.address);
      const { body } = await ask(client, RequestCode.GET_BROKER_CONFIG);
      client.dispose();
      return ['listenPort', 'haListenPort'].map((key) =>
        Number(new RegExp(`^${key}=(.*)$`, 'm').exec(String(body))?.[1]),
      );
    };
    const [port, haPort, hasVip] = ports();
    assert.deepEqual([await running(), hasVip], [[port, haPort], false]);
    await ok(post('/reset'));
    assert.deepEqual(await running(), [port, haPort]);
    assert.equal(broker.runtime.broker.haPort, undefined);
    for (const other of [Number(port) - 2, Number(haPort)]) await assert.rejects(connect(`127.0.0.1:${other}`));
  });

  it('reads a seed as YAML 1.2: a text that looks like a time or a no stays what it is', async () => {
    const bodies = ['NO', '12:30', 'on', '2_000'];
    await ok(
      post(
        '/seed',
        `topics: [{ name: T, queues: 1 }]\nmessages:\n${bodies.map((one) => `- { topic: T, body: ${one}, tag: off }\n`).join('')}`,
      ),
    );
    const { messages } = await get('/messages?topic=T&tag=off&bodies=true');
    assert.deepEqual(
      (messages as { body: string }[]).map(({ body }) => body),
      bodies,
    );
  });

  it('shows the other messages beside one whose body is damaged, and no more than 32 MiB of bodies', async () => {
    await broker.createTopic('T', 1);
    await broker.send('T', 'damaged', { header: { f: '1' } });
    await broker.send('T', 'good');
    for (let index = 0; index < 3; index++) {
      await broker.send('T', deflateSync(Buffer.alloc(16 * 1024 * 1024, 'x')), { header: { f: '1' } });
    }
    const { messages, count: counted } = await get('/messages?topic=T&bodies=true');
    assert.equal(counted, 5);
    const shown = messages as { body?: string; bodyProblem?: string }[];
    assert.match(shown[0]?.bodyProblem ?? '', /cannot be decompressed/);
    assert.deepEqual(
      shown.slice(1).map(({ body, bodyProblem }) => body?.length ?? bodyProblem?.replace(/:.*/, '')),
      [4, 16 * 1024 * 1024, 16 * 1024 * 1024, 'left out'],
    );
  });

  it('says what is wrong with a seed, a wait, a name or a question', async () => {
    for (const [route, body, expected] of [
      ['/seed', 'a: [', /the seed is no YAML/],
      ['/seed', '- x', /a seed is to be an object, not a list/],
      ['/seed', 'topic: x', /a seed has no "topic"; allowed: topics, groups, messages/],
      ['/seed', 'topics: [{name: {a: 1}}]', /name is to be a text that is not empty, not {"a":"1"}/],
      ['/seed', 'topics: [{}]', /^topics\[0\]: a topic needs "name"/],
      [
        '/seed',
        'topics: [T, {name: U, colour: 1}]',
        /^topics\[1\]: a topic has no "colour"; allowed: name, queues, type$/,
      ],
      ['/seed', 'topics: [{name: T, type: ODD}]', /type cannot be "ODD"; allowed: NORMAL, FIFO/],
      ['/seed', 'topics: [{name: T, queues: 0}]', /queues is to be a number from 1 to 1024/],
      ['/seed', 'messages: [{topic: T}]', /a message needs "body" or "base64"/],
      ['/seed', 'messages: [{topic: T, body: x, delay: soon}]', /delay cannot be "soon"/],
      ['/seed', 'messages: [{topic: T, body: x, count: 99999999}]', /count is to be a number from 1 to 100000/],
      ['/seed', 'messages: [{topic: T, body: x, properties: 5}]', /properties is to be an object of texts/],
      ['/wait', {}, /a wait needs "topic"/],
      ['/wait', { topic: 'T' }, /a wait needs one of these; allowed: group, messages/],
      ['/wait', { topic: 'T', group: 'G', timeoutMs: 1e9 }, /timeoutMs is to be a number from 0 to 600000/],
      ['/snapshot', {}, /a snapshot needs a "name"/],
      ['/snapshot', { name: '../x' }, /a snapshot needs a "name" of at most 64 letters/],
      ['/restore', { name: '' }, /name is to be a text that is not empty/],
    ] as const) {
      const answer = await post(route, body);
      assert.equal(answer.status, 400, `${route} ${JSON.stringify(body)} ${JSON.stringify(answer.json)}`);
      assert.match(messageOf(answer), expected);
    }
    for (const [route, status, expected] of [
      ['/topics/None', 404, /there is no topic None/],
      ['/messages', 400, /needs \?topic=/],
      ['/messages?topic=T&limit=x', 400, /limit is a number from 0 to 1000/],
      ['/messages?topic=T&colour=red', 400, /there is no "colour"; allowed: topic, tag/],
    ] as const) {
      const answer = await broker.control('GET', route);
      assert.equal(answer.status, status, route);
      assert.match(messageOf(answer), expected);
    }
    const refused = await post('/seed', 'topics: [ok, "a b"]');
    assert.equal(refused.status, 409);
    assert.match(messageOf(refused), /^topics\[1\]: the broker refuses with code .*illegal characters/);
  });
});

describe('a copy of a sparse file', () => {
  it('holds the same bytes where the file system says that they take no room', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'sparse-'));
    const from = path.join(directory, 'from');
    writeFileSync(from, Buffer.concat([Buffer.alloc(5000, 'a'), Buffer.alloc(100_000), Buffer.from('end')]));
    const handle = await open(from);
    const prototype = Object.getPrototypeOf(handle) as { stat: (...args: unknown[]) => Promise<object> };
    const { stat } = prototype;
    prototype.stat = async function (...args) {
      return Object.assign(await stat.apply(this, args), { blocks: 0 });
    };
    try {
      const copy = path.join(directory, 'copy');
      await sparseCopy(from, copy);
      assert.ok(readFileSync(copy).equals(readFileSync(from)));
    } finally {
      prototype.stat = stat;
      await handle.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('holds the same bytes, and takes no more room', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'sparse-'));
    try {
      const from = path.join(directory, 'from');
      writeFileSync(from, Buffer.concat([Buffer.alloc(5000, 'a'), Buffer.alloc(2_000_000), Buffer.from('end')]));
      truncateSync(from, 50_000_000);
      await sparseCopy(directory, `${directory}-copy`);
      const copy = path.join(`${directory}-copy`, 'from');
      assert.ok(readFileSync(copy).equals(readFileSync(from)));
      assert.ok(statSync(copy).blocks <= statSync(from).blocks);
    } finally {
      for (const one of [directory, `${directory}-copy`]) rmSync(one, { recursive: true, force: true });
    }
  });
});
