import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';

import { RequestCode } from '../../../src/protocol/codes.ts';
import { decodeProperties } from '../../../src/protocol/messageProperty.ts';
import type { StoredMessage } from '../../../src/protocol/message.ts';
import type { Connection } from '../../../src/remoting/connection.ts';
import { TIMEOUT_MS, ask, connect, pullRequest, records, sendRequest } from '../../broker/testBroker.ts';
import { QUICK_CHECKS, forPrograms, uniqueName } from '../../support/backends.ts';
import type { TestCluster } from '../../support/backends.ts';
import type { RunningScenario, ScenarioLine } from '../../support/scenario.ts';
import { requireTools } from '../../support/skip.ts';
import { waitFor } from '../../support/waitFor.ts';

/** An official client, and a program that does with it what the suite asks for. */
export interface GrpcClient {
  readonly name: string;
  readonly tools: readonly string[];
  /** Builds it the first time. */
  prepare(): Promise<void>;
  start(endpoint: string, prefix: string): Promise<RunningScenario>;
  /** What this client cannot do, with any broker. */
  readonly cannot: readonly Ability[];
  /** And what it cannot do with Apache's proxy, but with ours. */
  readonly cannotWithApache?: readonly Ability[];
}

type Ability = 'priority' | 'push' | 'recall' | 'make visible' | 'retry in order' | 'inflate' | 'ask at once' | 'lite';

const QUEUES = 4;
const POLL_MS = 2000;
const FOUND_MS = 120_000;
/** Brokers and clients share a busy machine. */
const MOST_LATE_MS = 15_000;
const TYPES = {
  normal: 'NORMAL',
  fifo: 'FIFO',
  delay: 'DELAY',
  transaction: 'TRANSACTION',
  retry: 'NORMAL',
  priority: 'PRIORITY',
  lite: 'LITE',
};

/** Off by default with Apache's broker. */
const LITE = { enableLmq: true, enableMultiDispatch: true };

const LITE_SENT = ['a-0', 'b-0', 'c-0', 'a-1', 'a-2'];

const FIFO_SENT = [0, 1, 2].flatMap((n) => [0, 1, 2].map((group) => `g${group}-${n}`));

/** The same for every client: it sends and consumes in all its ways, beside remoting producers and consumers. */
export function grpcClientSuite(client: GrpcClient): void {
  forPrograms(
    (cluster) =>
      describe(`the official ${client.name} client of gRPC`, function () {
        this.timeout(2 * FOUND_MS);
        defineTests(client, cluster);
      }),
    {
      // What a client decides is written at once: else it is asked again meanwhile.
      brokerConfig: {
        ...QUICK_CHECKS.brokerConfig,
        transactionOpBatchInterval: 100,
        recallMessageEnable: true,
        ...LITE,
      },
      // A client that shuts down waits so long for the answers to its last questions.
      grpc: {
        grpcClientConsumerMinLongPollingTimeoutMillis: POLL_MS,
        grpcClientConsumerMaxLongPollingTimeoutMillis: POLL_MS,
      },
    },
  );
}

function defineTests(client: GrpcClient, cluster: TestCluster): void {
  let prefix = '';
  let remoting: Connection;
  let program: RunningScenario | undefined;

  const can = (ability: Ability): boolean =>
    !client.cannot.includes(ability) &&
    (cluster.backend === 'local' || !(client.cannotWithApache ?? []).includes(ability));
  const remote = ['remote', ...(can('inflate') ? ['packed'] : [])];

  before(async function () {
    this.timeout(900_000);
    requireTools(this, ...client.tools);
    await client.prepare();
    prefix = uniqueName('Grpc');
    remoting = await connect(cluster.brokerAddress);
    for (const [kind, type] of Object.entries(TYPES)) await makeTopic(`${prefix}-${kind}`, type);
    // All other groups begin to exist with their consumers.
    await makeGroup({ groupName: `${prefix}-fifo`, consumeMessageOrderly: true });
    const soon = { type: 'CUSTOMIZED', customizedRetryPolicy: { next: [1000, 1000, 1000] } };
    const lite = { attributes: { '+lite.bind.topic': `${prefix}-lite` }, groupRetryPolicy: soon };
    await makeGroup({ groupName: `${prefix}-lite`, retryMaxTimes: 16, ...lite });
    await makeGroup({ groupName: `${prefix}-retry`, retryMaxTimes: 1, groupRetryPolicy: soon });
    program = await client.start(cluster.grpc, prefix);
    await program.untilLines('started');
    await sendByRemoting();
  });

  after(async () => {
    await program?.stop();
    remoting.dispose();
  });

  const makeTopic = async (topic: string, type: string): Promise<void> => {
    const answer = await ask(remoting, RequestCode.UPDATE_AND_CREATE_TOPIC, {
      ...{ topic, defaultTopic: 'TBW102', topicFilterType: 'SINGLE_TAG', perm: '6', order: 'false' },
      ...{ readQueueNums: String(QUEUES), writeQueueNums: String(QUEUES), attributes: `+message.type=${type}` },
    });
    assert.equal(answer.code, 0, answer.remark);
  };

  const makeGroup = async (config: object): Promise<void> => {
    const answer = await ask(remoting, RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, config);
    assert.equal(answer.code, 0, answer.remark);
  };

  /** One as it is, and one compressed as remoting producers do it. */
  const sendByRemoting = async (): Promise<void> => {
    for (const body of remote) {
      const packed = body === 'packed';
      const properties = { UNIQ_KEY: `7F0000010007${body}`, TAGS: 'A', KEYS: 'r1 r2', colour: packed ? 'red' : 'blue' };
      const request = sendRequest(`${prefix}-normal`, packed ? deflateSync(body) : body, {
        properties,
        queueId: packed ? 1 : 3,
        header: { f: packed ? '1' : '0' },
      });
      assert.equal((await remoting.request(request, TIMEOUT_MS)).code, 0);
    }
  };

  /** What a topic holds, queue by queue, as a remoting consumer reads it. */
  const stored = async (topic: string): Promise<StoredMessage[]> => {
    const found: StoredMessage[] = [];
    for (let queueId = 0; queueId < QUEUES; queueId++) {
      const request = pullRequest({ topic, queueId, header: { suspendTimeoutMillis: '0' } });
      const answer = await remoting.request(request, TIMEOUT_MS);
      if (answer.code === 0) found.push(...records(answer.body));
    }
    return found;
  };

  const lines = (by: string): ScenarioLine[] => program!.lines('received').filter((line) => line['by'] === by);

  /** What one consumer has got, when it is as much. */
  const received = (by: string, count: number): Promise<ScenarioLine[]> =>
    waitFor(`${count} messages for ${by}`, () => lines(by).length >= count && lines(by), {
      timeoutMs: FOUND_MS,
      details: () => program!.output().slice(-8_000),
    });

  const inOrder = (found: readonly ScenarioLine[]): string[] =>
    found.map((line) => String(line['body']).replace(/x+$/, ''));
  const bodies = (found: readonly ScenarioLine[]): string[] => inOrder(found).sort();

  /** Of those that ask before the proxy has stored their settings, Apache's says so. */
  const failures = (): ScenarioLine[] =>
    program!.lines('failed').filter(({ text }) => can('ask at once') || !String(text).includes('"settings" is null'));

  /** How many consumers of a group are online. */
  const online = async (group: string): Promise<number> => {
    const answer = await ask(remoting, RequestCode.GET_CONSUMER_LIST_BY_GROUP, { consumerGroup: `${prefix}-${group}` });
    return answer.code === 0
      ? (JSON.parse(answer.body.toString()) as { consumerIdList: string[] }).consumerIdList.length
      : 0;
  };

  const untilOnline = (group: string, count: number): Promise<unknown> =>
    waitFor(`${count} online in ${group}`, async () => (await online(group)) === count);

  const sentId = (body: string): string => String(program!.lines('sent').find((line) => line['body'] === body)?.['id']);

  it('sends messages of all types', async () => {
    await program!.untilLines('done');
    assert.deepEqual(failures(), []);
    const sent = program!.lines('sent');
    assert.deepEqual(
      sent.map((line) => line['body']),
      [
        ...['plain A', 'plain B', 'plain C'],
        ...FIFO_SENT,
        'fails',
        ...(can('priority') ? ['urgent'] : []),
        ...(can('lite') ? LITE_SENT : []),
        ...['later', 'last', 'rolled back', 'committed', 'refused', 'checked'],
      ],
    );
    for (const { id } of sent) assert.match(String(id), /^[0-9A-Fa-f]{34}$/);
    assert.equal(new Set(sent.map(({ id }) => id)).size, sent.length);
  });

  it('is read by a remoting consumer, message by message as it was sent', async () => {
    await program!.untilLines('done');
    const plain = new Map((await stored(`${prefix}-normal`)).map((message) => [message.body.toString(), message]));
    for (const [body, tag, colour] of [
      ['plain A', 'A', 'blue'],
      ['plain B', 'B', 'red'],
      [`plain C${'x'.repeat(100_000)}`, 'C', 'blue'],
    ] as const) {
      const properties = decodeProperties(
        plain.get(body)?.properties ?? assert.fail(`${body.slice(0, 10)} is missing`),
      );
      assert.deepEqual(
        ['TAGS', 'colour', 'UNIQ_KEY'].map((name) => properties.get(name)),
        [tag, colour, sentId(body.slice(0, 7))],
      );
      assert.deepEqual((properties.get('KEYS') ?? '').split(' ').sort(), ['k1', 'k2']);
    }
    const ordered = await stored(`${prefix}-fifo`);
    for (const group of ['g0', 'g1', 'g2']) {
      const ofGroup = ordered.filter(({ properties }) => decodeProperties(properties).get('__SHARDINGKEY') === group);
      assert.deepEqual(
        ofGroup.map(({ body }) => body.toString()),
        [`${group}-0`, `${group}-1`, `${group}-2`],
      );
      assert.equal(new Set(ofGroup.map(({ queueId }) => queueId)).size, 1);
    }
  });

  it('gets all of a topic, also what remoting producers sent', async () => {
    const expected = ['plain A', 'plain B', 'plain C', ...remote];
    const found = await received('all', expected.length);
    assert.deepEqual(bodies(found), expected.toSorted());
    assert.ok(found.every((line) => line['attempt'] === 1 && line['topic'] === `${prefix}-normal`));
    const of = (body: string): unknown[] => {
      const line = found.find((one) => String(one['body']).startsWith(body));
      return ['tag', 'keys', 'colour', 'size', 'id'].map((name) =>
        name === 'keys' ? String(line?.['keys']).split(' ').sort() : line?.[name],
      );
    };
    assert.deepEqual(of('plain A'), ['A', ['k1', 'k2'], 'blue', 7, sentId('plain A')]);
    assert.deepEqual(of('plain C'), ['C', ['k1', 'k2'], 'blue', 100_007, sentId('plain C')]);
    assert.deepEqual(of('remote'), ['A', ['r1', 'r2'], 'blue', 6, '7F0000010007remote']);
    if (can('inflate')) assert.deepEqual(of('packed'), ['A', ['r1', 'r2'], 'red', 6, '7F0000010007packed']);
  });

  it('gets what the tags and what the SQL92 expression take', async () => {
    const tagged = ['plain A', 'plain B', ...remote].sort();
    assert.deepEqual(bodies(await received('tag', tagged.length)), tagged);
    assert.deepEqual(bodies(await received('sql', 2)), ['plain A', 'remote']);
  });

  it('asks for messages one by one, and for one a second time', async () => {
    const again = can('make visible') ? ['plain B'] : [];
    const expected = ['plain A', 'plain B', 'plain C', ...again, ...remote];
    const found = await received('simple', expected.length);
    assert.deepEqual(bodies(found), expected.toSorted());
    const attempts = found.filter((line) => line['body'] === 'plain B').map((line) => line['attempt']);
    assert.deepEqual(attempts, can('make visible') ? [1, 2] : [1]);
  });

  it('gets what is in order in order, also when one fails', async () => {
    const again = can('retry in order') ? ['g1-1'] : [];
    const found = inOrder(await received('fifo', FIFO_SENT.length + again.length));
    for (const group of [0, 1, 2]) {
      const ofGroup = found.filter((body) => body.startsWith(`g${group}`));
      assert.deepEqual(again.length > 0 ? ofGroup : [...new Set(ofGroup)], [
        ...[`g${group}-0`, `g${group}-1`],
        ...again.filter((body) => body.startsWith(`g${group}`)),
        `g${group}-2`,
      ]);
    }
  });

  if (!client.cannot.includes('priority')) {
    it('sends to the queue of a priority, and gets that', async () => {
      assert.deepEqual(inOrder(await received('priority', 1)), ['urgent']);
      const [urgent] = await stored(`${prefix}-priority`);
      assert.deepEqual(
        [urgent?.queueId, decodeProperties(urgent?.properties ?? '').get('_SYS_MSG_PRIORITY_')],
        [3, '3'],
      );
    });
  }

  if (can('lite')) {
    it('gets what it subscribes to of lite topics, each in order, and again what failed', async () => {
      const found = await received('lite', 5);
      // Apache's proxy counts none of these.
      const second = cluster.backend === 'local' ? 2 : 1;
      assert.deepEqual(
        found
          .map((line) => [line['lite'], line['body'], line['attempt'], line['id'] === sentId(String(line['body']))])
          .sort(),
        [
          ['a', 'a-0', 1, true],
          ['a', 'a-1', 1, true],
          ['a', 'a-2', 1, true],
          ['c', 'c-0', 1, true],
          ['c', 'c-0', second, true],
        ],
      );
      const ofTopic = await stored(`${prefix}-lite`);
      assert.deepEqual(ofTopic.map(({ body }) => body.toString()).sort(), [...LITE_SENT].sort());
    });
  }

  it('gets each delayed message at its time, and none that was recalled', async () => {
    if (can('recall')) {
      const [recalled] = await program!.untilLines('recalled');
      assert.equal(recalled?.['is'], true);
    }
    const found = await received('later', 2);
    assert.deepEqual(inOrder(found), ['later', 'last']);
    for (const { body, dueMs, atMs } of found) {
      const lateMs = Number(atMs) - Number(dueMs);
      assert.ok(lateMs >= 0 && lateMs < MOST_LATE_MS, `${String(body)} came ${lateMs} ms after its time`);
    }
  });

  it('gets what a transaction committed, itself or when it was asked', async () => {
    const found = await received('transaction', 2);
    assert.deepEqual(bodies(found), ['checked', 'committed']);
    const checked = await waitFor(
      'both questions',
      () => {
        const asked = program!.lines('checked');
        return new Set(asked.map((line) => line['body'])).size === 2 && asked;
      },
      { timeoutMs: FOUND_MS, details: () => program!.output().slice(-8_000) },
    );
    for (const { body, id } of checked) assert.equal(id, sentId(String(body)));
    assert.deepEqual([...new Set(checked.map((line) => line['body']))].sort(), ['checked', 'refused']);
  });

  if (!client.cannot.includes('push')) {
    it('gets again what failed, until it is a dead letter that remoting consumers read', async () => {
      const found = await received('retry', 2);
      assert.deepEqual(
        found.map((line) => [line['body'], line['attempt'], line['topic'], line['id']]),
        [1, 2].map((attempt) => ['fails', attempt, `${prefix}-retry`, sentId('fails')]),
      );
      const [dead] = await waitFor(
        'the dead letter',
        async () => {
          const letters = await stored(`%DLQ%${prefix}-retry`);
          return letters.length > 0 && letters;
        },
        { timeoutMs: FOUND_MS },
      );
      const properties = decodeProperties(dead!.properties);
      assert.deepEqual(
        [dead!.body.toString(), properties.get('UNIQ_KEY'), properties.get('RETRY_TOPIC')],
        ['fails', sentId('fails'), `%RETRY%${prefix}-retry_${prefix}-retry`],
      );
      assert.equal(lines('retry').length, 2);
    });
  }

  it('made its groups, and its consumers are known while they are there', async () => {
    await received('all', 1);
    const groups = (await cluster.client.groups()).items.map(({ group }) => group);
    assert.ok(groups.includes(`${prefix}-all`) && groups.includes(`${prefix}-simple`), groups.join(' '));
    // Apache's proxy tells the broker nothing of its clients.
    const here = cluster.backend === 'local' ? 1 : 0;
    await Promise.all(['all', 'simple'].map((group) => untilOnline(group, here)));
  });

  it('shuts down all its producers and consumers', async () => {
    await program!.end();
    await Promise.all(['all', 'simple'].map((group) => untilOnline(group, 0)));
    const [closed] = program!.lines('closed');
    assert.ok(closed, program!.output().slice(-8_000));
    assert.deepEqual(failures(), []);
    assert.deepEqual(bodies(lines('later')), ['last', 'later']);
    assert.deepEqual(bodies(lines('transaction')), ['checked', 'committed']);
  });
}
