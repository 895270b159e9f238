import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { RequestCode } from '../../src/protocol/codes.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { ask, connect, sendRequest, TIMEOUT_MS } from '../broker/testBroker.ts';
import { startApacheRocketmq } from '../support/apacheRocketmq.ts';
import { startLocalBroker } from '../support/localBroker.ts';
import { ackRequest, popRequest, poppedMessages } from '../support/popClient.ts';
import type { PoppedMessage } from '../support/popClient.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const TOPIC = 'Popped';
const GROUP = 'PopGroup';
const ORDERED = 'OrderedGroup';
/** Longer than a broker of Apache takes to start. */
const INVISIBLE_MS = 20_000;
const AGAIN_MS = 60_000;
const ORDER_FILE = 'consumerOrderInfo.json';

describe('what was popped', () => {
  const dirs = [makeTempDir('pop-kill'), makeTempDir('pop-files')] as const;
  after(() => dirs.forEach((dir) => dir.remove()));

  it('and not acknowledged comes again after the broker was killed', async function () {
    this.timeout(AGAIN_MS + 30_000);
    const [{ path: directory }] = dirs;
    const first = await startLocalBroker('--store', directory);
    await withBroker(first.broker, async (broker) => {
      await createTopic(broker);
      await send(broker, ['a', 'b', 'c']);
      const [a] = await pop(broker, { invisibleTime: '3000' });
      await ack(broker, a);
    });
    first.kill('SIGKILL');
    await first.exited;
    const second = await startLocalBroker('--store', directory);
    try {
      await withBroker(second.broker, async (broker) => {
        const found = await popUntil(broker, (bodies) => bodies.includes('b') && bodies.includes('c'));
        for (const message of found) await ack(broker, message);
        await send(broker, ['d']);
        const rest = await popUntil(broker, (bodies) => bodies.includes('d'));
        assert.ok(!rest.some(({ body }) => body === 'b' || body === 'c'));
      });
    } finally {
      await second.stop();
    }
  });

  it('is known to the broker of Apache RocketMQ, and to ours when it comes back', async function () {
    requireTools(this, 'java', 'mvn');
    this.timeout(4 * AGAIN_MS);
    const [, { path: directory }] = dirs;
    const invisibleTime = String(INVISIBLE_MS);

    const first = await startLocalBroker('--store', directory);
    await withBroker(first.broker, async (broker) => {
      await createTopic(broker);
      await send(broker, ['a', 'b', 'c', 'd']);
      const [a] = await pop(broker, { invisibleTime });
      await ack(broker, a);
      const [one] = await pop(broker, { order: 'true', invisibleTime: '60000' }, ORDERED);
      await ack(broker, one, ORDERED);
      const mode = { topic: TOPIC, consumerGroup: GROUP, mode: 'POP', popShareQueueNum: 3 };
      assert.equal((await ask(broker, RequestCode.SET_MESSAGE_REQUEST_MODE, {}, mode)).code, 0);
    });
    // A broker that is killed pops again what it did not write down yet.
    await waitFor('the offsets on disk', () => {
      const offsets = configFile(directory, 'consumerOffset.json');
      return offsets.includes(`"${TOPIC}@${GROUP}":{0:4}`) && configFile(directory, ORDER_FILE) !== '';
    });
    first.kill('SIGKILL');
    await first.exited;

    const apache = await startApacheRocketmq({
      brokerConfig: { storePathRootDir: directory, storePathCommitLog: `${directory}/commitlog` },
    });
    try {
      await withBroker(apache.brokerAddress, async (broker) => {
        assert.deepEqual(await modes(broker), [`${GROUP} POP 3`]);
        assert.deepEqual(await pop(broker, { order: 'true', invisibleTime }, ORDERED), [], 'the order is kept');
        const again = await popUntil(broker, (bodies) => bodies.length >= 3, { invisibleTime });
        assert.deepEqual(again.map(({ body, reconsumeTimes }) => `${body} ${reconsumeTimes}`).sort(), [
          'b 1',
          'c 1',
          'd 1',
        ]);
        await ack(
          broker,
          again.find(({ body }) => body === 'b'),
        );
        await waitFor(
          'the queue to be free',
          async () => {
            const next = await pop(broker, { order: 'true', invisibleTime: '60000' }, ORDERED);
            if (next.length === 0) return false;
            assert.deepEqual(
              next.map(({ body, orderCount }) => `${body} ${orderCount}`),
              ['b 1', 'c 1', 'd 1'],
            );
            return true;
          },
          { timeoutMs: AGAIN_MS, pollMs: 500 },
        );
        await waitFor('Apache’s order on disk', () => configFile(directory, ORDER_FILE).includes('"oc":{'));
      });
    } finally {
      await apache.stop();
    }

    const second = await startLocalBroker('--store', directory);
    try {
      await withBroker(second.broker, async (broker) => {
        assert.deepEqual(await modes(broker), [`${GROUP} POP 3`]);
        assert.deepEqual(await pop(broker, { order: 'true', invisibleTime }, ORDERED), [], 'the order is kept');
        const again = await popUntil(broker, (bodies) => bodies.length >= 2);
        assert.deepEqual(again.map(({ body, reconsumeTimes }) => `${body} ${reconsumeTimes}`).sort(), ['c 2', 'd 2']);
        for (const message of again) await ack(broker, message);
        assert.deepEqual(await pop(broker), []);
      });
    } finally {
      await second.stop();
    }
  });
});

function configFile(directory: string, name: string): string {
  const file = path.join(directory, 'config', name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

async function withBroker(address: string, work: (broker: Connection) => Promise<void>): Promise<void> {
  const connection = await connect(address);
  try {
    await work(connection);
  } finally {
    connection.dispose();
  }
}

async function createTopic(broker: Connection): Promise<void> {
  const fields = { topic: TOPIC, defaultTopic: 'TBW102', readQueueNums: '1', writeQueueNums: '1', perm: '6' };
  const more = { topicFilterType: 'SINGLE_TAG', order: 'false' };
  assert.equal((await ask(broker, RequestCode.UPDATE_AND_CREATE_TOPIC, { ...fields, ...more })).code, 0);
}

async function send(broker: Connection, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) assert.equal((await broker.request(sendRequest(TOPIC, body), TIMEOUT_MS)).code, 0);
}

async function pop(
  broker: Connection,
  header: Readonly<Record<string, string>> = {},
  group = GROUP,
): Promise<PoppedMessage[]> {
  const request = popRequest({ topic: TOPIC, group, bornTime: Date.now(), header });
  return poppedMessages(await broker.request(request, 2 * TIMEOUT_MS), group);
}

async function popUntil(
  broker: Connection,
  isEnough: (bodies: readonly string[]) => boolean,
  header: Readonly<Record<string, string>> = {},
): Promise<PoppedMessage[]> {
  const found: PoppedMessage[] = [];
  return waitFor(
    'messages to come again',
    async () => {
      found.push(...(await pop(broker, { pollTime: '1000', ...header })));
      return isEnough(found.map(({ body }) => body)) && found;
    },
    { timeoutMs: AGAIN_MS, details: () => found.map(({ body }) => body).join(' ') },
  );
}

async function ack(broker: Connection, message: PoppedMessage | undefined, group = GROUP): Promise<void> {
  assert.ok(message);
  assert.equal((await broker.request(ackRequest(group, message), TIMEOUT_MS)).code, 0);
}

async function modes(broker: Connection): Promise<string[]> {
  const { body } = await ask(broker, RequestCode.GET_ALL_MESSAGE_REQUEST_MODE);
  const { messageRequestModeMap } = JSON.parse(body.toString()) as {
    messageRequestModeMap: Record<string, Record<string, { mode: string; popShareQueueNum: number }>>;
  };
  return Object.entries(messageRequestModeMap[TOPIC] ?? {}).map(
    ([group, { mode, popShareQueueNum }]) => `${group} ${mode} ${popShareQueueNum}`,
  );
}
