import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { RequestCode } from '../../src/protocol/codes.ts';
import { SNIPPETS } from '../../src/snippets/catalogue.ts';
import { ask, connect } from '../broker/testBroker.ts';
import { forPrograms, uniqueName } from '../support/backends.ts';
import { go, writeGoModule } from '../support/goModule.ts';
import { repository } from '../support/repository.ts';
import { runProgram } from '../support/runProgram.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';

interface GoEvent {
  readonly event: string;
  readonly how?: string;
  readonly status?: number;
  readonly state?: number;
  readonly topic?: string;
  readonly body?: string;
  readonly sizeBytes?: number;
  readonly tag?: string;
  readonly keys?: string;
  readonly colour?: string;
  readonly queueId?: number;
  readonly offset?: number;
  readonly reconsumeTimes?: number;
  readonly messageId?: string;
  readonly offsetMessageId?: string;
  readonly brokerName?: string;
  readonly waitedMs?: number;
  readonly count?: number;
  readonly before?: boolean;
  readonly after?: boolean;
  readonly group?: boolean;
}

const STATE_COMMIT = 1;
const STATE_ROLLBACK = 2;

describe('the official Go client', () => {
  const dir = makeTempDir('go-client');
  const driver = path.join(dir.path, 'driver');

  before(async function () {
    this.timeout(600_000);
    requireTools(this, 'go');
    fs.copyFileSync(path.join(repository, 'test', 'interop', 'go', 'main.go'), path.join(dir.path, 'main.go'));
    await writeGoModule(SNIPPETS.go.producer.dependency, dir.path);
    await go(['build', '-o', driver, '.'], dir.path);
  });

  after(() => dir.remove());

  /** What the driver told, in its order. */
  async function run(scenario: string, ...args: string[]): Promise<readonly GoEvent[]> {
    const { code, output } = await runProgram(driver, [scenario, ...args], { cwd: dir.path, timeoutMs: 240_000 });
    assert.equal(code, 0, `${scenario}: ${output}`);
    return output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as GoEvent);
  }

  forPrograms((cluster) => {
    const topicOf = (): Promise<string> => cluster.newTopic();
    const bodies = (events: readonly GoEvent[]): (string | undefined)[] =>
      events.filter(({ event }) => event === 'message').map(({ body }) => body);

    it('sends in every way it has, and consumes by tags what it sent', async () => {
      const topic = await topicOf();
      const sent = await run('send', cluster.nameServer, topic, uniqueName('go-p'));
      assert.deepEqual(
        sent.map(({ how, status, brokerName }) => [how, status, brokerName]),
        ['sync', 'async', 'batch', 'large', 'delayed'].map((how) => [how, 0, 'broker-a']),
      );
      const [sync, async, batch] = sent;
      assert.match(sync?.messageId ?? '', /^[0-9A-Fa-f]{32}$/);
      assert.match(sync?.offsetMessageId ?? '', /^[0-9A-F]{32}$/);
      assert.deepEqual([sync?.offset, async?.offset, async?.queueId], [0, 1, sync?.queueId]);
      assert.equal(batch?.offsetMessageId?.split(',').length, 3);

      const got = await run('consume', cluster.nameServer, topic, uniqueName('go-c'));
      const byBody = new Map(got.map((message) => [message.body, message]));
      assert.deepEqual(
        [...byBody.keys()].sort(),
        ['sync', 'async', 'one-way', 'batch 0', 'batch 1', 'batch 2', 'x'.repeat(20), 'delayed'].sort(),
      );
      const first = byBody.get('sync');
      assert.deepEqual([first?.tag, first?.keys, first?.colour], ['TagA', 'k1 k2', 'blue']);
      assert.equal(first?.messageId, sync?.messageId);
      assert.equal(byBody.get('x'.repeat(20))?.sizeBytes, 100_000);
      assert.ok((byBody.get('delayed')?.waitedMs ?? 0) >= 1000, 'the delayed message waited for its level');
    });

    it('consumes by SQL92 what has the properties asked for', async () => {
      const topic = await topicOf();
      await run('send', cluster.nameServer, topic, uniqueName('go-p'));
      const expression = "colour = 'blue' AND TAGS IN ('TagA', 'TagB')";
      assert.deepEqual(bodies(await run('sql', cluster.nameServer, topic, uniqueName('go-s'), expression)), ['sync']);
    });

    it('consumes in order within a sharding key', async () => {
      const got = bodies(await run('orderly', cluster.nameServer, await topicOf(), uniqueName('go-o'), '30')).map(
        Number,
      );
      assert.equal(got.length, 30);
      for (const key of [0, 1, 2]) {
        const ofKey = got.filter((number) => number % 3 === key);
        assert.deepEqual(
          ofKey,
          ofKey.toSorted((a, b) => a - b),
        );
      }
    });

    it('gets again what it refused', async () => {
      const topic = await topicOf();
      const group = uniqueName('go-r');
      const { queueId, offset } = await cluster.client.send({ topic, body: Buffer.from('first') });
      // From here on the NameServer knows the group's retry topic; a new group would look for it 20 s later.
      await run('one', cluster.nameServer, topic, group);
      // What the client tells as it ends may come too late for itself.
      const broker = await connect(cluster.brokerAddress);
      const progress = { consumerGroup: group, topic, queueId: String(queueId), commitOffset: String(offset + 1) };
      assert.equal((await ask(broker, RequestCode.UPDATE_CONSUMER_OFFSET, progress)).code, 0);
      broker.dispose();
      await cluster.client.send({ topic, body: Buffer.from('again') });
      const got = await run('retry', cluster.nameServer, topic, group);
      assert.deepEqual(
        got.map((message) => [message.topic, message.body, message.reconsumeTimes]),
        [
          [topic, 'again', 0],
          [topic, 'again', 1],
        ],
      );
    });

    it('shows what a transaction committed, and never what it rolled back', async () => {
      const events = await run('transaction', cluster.nameServer, await topicOf(), uniqueName('go-t'));
      assert.deepEqual(
        events.filter(({ event }) => event === 'sent').map(({ how, status, state }) => [how, status, state]),
        [
          ['rollback', 0, STATE_ROLLBACK],
          ['commit', 0, STATE_COMMIT],
        ],
      );
      assert.deepEqual(bodies(events), ['commit']);
    });

    it('administrates: creates, lists and deletes a topic', async () => {
      const group = uniqueName('go-a');
      const topic = await topicOf();
      await cluster.client.send({ topic, body: Buffer.from('x') });
      // A group exists once it consumed.
      await run('one', cluster.nameServer, topic, group);
      const events = await run('admin', cluster.nameServer, uniqueName('GoTopic'), group, cluster.brokerAddress);
      assert.deepEqual(events, [
        { event: 'queues', count: 3 },
        { event: 'lists', before: true, after: false, group: true },
      ]);
    });
  });
});
