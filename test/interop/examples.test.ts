import assert from 'node:assert/strict';

import { startJava } from '../support/apache/java.ts';
import { forPrograms } from '../support/backends.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const TIMEOUT_MS = 120_000;
/** How the client prints a message that it received. */
const RECEIVED = /queueId=(\d+), storeSize=\d+, queueOffset=(\d+)/g;
const LATER = /msgId=([0-9A-F]{32}) (\d+) {2}ms later/g;

/** The examples that Apache ships with the client, as they are; those that name a fixed port are left out. */
describe("Apache's examples", () => {
  const home = makeTempDir('examples');

  before(function () {
    requireTools(this, 'java', 'mvn');
  });

  after(() => home.remove());

  forPrograms((cluster) => {
    /** Runs an example until `done` finds in its output what it looks for, and ends it then. */
    async function run<T>(
      example: string,
      done: (output: string) => T | Promise<T>,
    ): Promise<Exclude<T, false | undefined>> {
      const program = await startJava(`org.apache.rocketmq.example.${example}`, [], {
        home: home.path,
        nameServer: cluster.nameServer,
        stopTimeoutMs: 0,
      });
      try {
        return await waitFor<T>(`the end of ${example}`, () => done(program.output()), {
          timeoutMs: TIMEOUT_MS,
          details: () => program.output().slice(-2_000),
        });
      } finally {
        await program.stop();
      }
    }

    const countOf = (pattern: RegExp, count: number) => (output: string) =>
      (output.match(pattern)?.length ?? 0) >= count;
    const placesOf = (count: number) => (output: string) => {
      const places = new Set([...output.matchAll(RECEIVED)].map(([, queueId, offset]) => `${queueId}/${offset}`));
      return places.size >= count && places;
    };
    const delaysOf = (count: number) => (output: string) => {
      const delays = new Map([...output.matchAll(LATER)].map(([, id, ms]) => [id, Number(ms)]));
      return delays.size >= count && [...delays.values()];
    };

    async function stored(topic: string): Promise<number> {
      const { items } = await cluster.client.queues(topic);
      return items.reduce((sum, { maxOffset }) => sum + maxOffset, 0);
    }

    for (const [example, count] of [
      ['simple.Producer', 128],
      ['ordermessage.Producer', 100],
      ['filter.TagFilterProducer', 60],
      ['filter.SqlFilterProducer', 10],
      ['schedule.ScheduledMessageProducer', 100],
      ['schedule.TimerMessageProducer', 10],
      ['tracemessage.TraceProducer', 128],
      ['transaction.TransactionProducer', 10],
      ['batch.SimpleBatchProducer', 1],
    ] as const) {
      it(`${example} has all its sends accepted`, async () => {
        await run(example, countOf(/sendStatus=SEND_OK/g, count));
      });
    }

    it('simple.AsyncProducer hears of all its sends', async () => {
      await run('simple.AsyncProducer', countOf(/^\d+ +OK [0-9A-F]{32}/gm, 100));
    });

    it('batch.SplitBatchProducer stores 100 000 messages', async () => {
      const before = await stored('BatchTest');
      await run('batch.SplitBatchProducer', async () => (await stored('BatchTest')) - before >= 100_000);
    });

    it('filter.TagFilterConsumer gets the tags that it asks for', async () => {
      assert.equal((await run('filter.TagFilterConsumer', placesOf(40))).size, 40);
    });

    it('filter.SqlFilterConsumer gets what its expression is true for', async () => {
      assert.equal((await run('filter.SqlFilterConsumer', placesOf(3))).size, 3);
    });

    // 128 of simple.Producer and as many of tracemessage.TraceProducer.
    for (const example of [
      'broadcast.PushConsumer',
      'ordermessage.Consumer',
      'simple.LitePullConsumerSubscribe',
      'simple.PopConsumer',
    ]) {
      it(`${example} gets all of the topic`, async () => {
        assert.equal((await run(example, placesOf(256))).size, 256);
      });
    }

    it('schedule.ScheduledMessageConsumer gets what was delayed by a level', async () => {
      assert.equal((await run('schedule.ScheduledMessageConsumer', delaysOf(100))).length, 100);
    });

    it('schedule.TimerMessageConsumer gets what was to be delivered at a time', async () => {
      const delays = await run('schedule.TimerMessageConsumer', delaysOf(10));
      assert.ok(
        delays.every((ms) => ms >= 9_000),
        delays.join(' '),
      );
    });

    it('traces of the example are stored', async () => {
      assert.ok((await stored('RMQ_SYS_TRACE_TOPIC')) > 0);
    });
  });
});
