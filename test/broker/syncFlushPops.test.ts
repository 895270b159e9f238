import assert from 'node:assert/strict';
import { Deferred } from '../../src/base/deferred.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { changedMessage } from '../support/popClient.ts';
import type { PoppedMessage } from '../support/popClient.ts';
import { waitFor } from '../support/waitFor.ts';
import { GROUP, PopBroker, TOPIC } from './pop/popBroker.ts';
import type { TestBrokerOptions } from './testBroker.ts';
import { COMMIT, ROLLBACK, TransactionClient } from './transactionClient.ts';

/** Who waits for the disk is who waits in Apache's broker: whoever wrote something to the log that is to be kept. */
describe('broker: transactions and pops under SYNC_FLUSH', () => {
  let pops: PopBroker;
  let disk: Deferred<boolean>;

  const start = async (broker: TestBrokerOptions['broker'] = {}): Promise<void> => {
    pops = await PopBroker.start({ broker: { flushDiskType: 'SYNC_FLUSH', ...broker } });
  };
  afterEach(() => pops.stop());

  /** From now on the disk takes as long as the test says. */
  function slowDown(): void {
    disk = new Deferred();
    Object.defineProperty(pops.broker.context.store, 'flushed', { configurable: true, value: () => disk.promise });
  }

  /** Asks, and sees that the answer comes only when the disk has, or has not, what was written. */
  async function afterDisk(ask: () => Promise<RemotingCommand>, isOnDisk: boolean): Promise<RemotingCommand> {
    const { store } = pops.broker.context;
    slowDown();
    const before = store.reservedOffset;
    let isOver = false;
    const answer = ask().then((reply) => {
      assert.ok(isOver, `answered ${reply.code} before the disk had it`);
      return reply;
    });
    await Promise.race([waitFor('the record', () => store.reservedOffset > before, { pollMs: 2 }), answer]);
    await pops.broker.ask(RequestCode.GET_ALL_TOPIC_CONFIG);
    isOver = true;
    disk.resolve(isOnDisk);
    return answer;
  }

  /** Asks, and sees that it is answered whatever the disk does; afterwards the disk is quick again. */
  async function withoutDisk(ask: () => Promise<RemotingCommand>): Promise<number> {
    slowDown();
    const { code } = await ask();
    disk.resolve(true);
    return code;
  }

  async function popOne(header: Record<string, string> = {}): Promise<PoppedMessage> {
    const [message] = await pops.pop({ header: { maxMsgNums: '1', ...header } });
    assert.ok(message);
    return message;
  }

  describe('a transaction', () => {
    let producer: TransactionClient;

    beforeEach(async () => {
      await start();
      const { broker } = pops;
      producer = await TransactionClient.start({ connect: (handle) => broker.connect(handle), clock: broker.clock });
    });

    it('is committed when the disk has its message, and also when the disk was too slow', async () => {
      for (const isOnDisk of [true, false]) {
        const place = await producer.half(TOPIC, `m${isOnDisk}`);
        assert.equal((await afterDisk(() => producer.end(place, COMMIT), isOnDisk)).code, 0);
      }
      assert.equal(pops.broker.context.store.maxOffset(TOPIC, 0), 2);
    });

    it('is not held when its message says WAIT=false, nor when it is rolled back', async () => {
      const quick = await producer.half(TOPIC, 'quick', { WAIT: 'false' });
      assert.equal(await withoutDisk(() => producer.end(quick, COMMIT)), 0);
      const back = await producer.half(TOPIC, 'back');
      assert.equal(await withoutDisk(() => producer.end(back, ROLLBACK)), 0);
    });

    it('is marked as ended some seconds later, for which nobody waits', async () => {
      const place = await producer.half(TOPIC, 'm');
      await producer.end(place, ROLLBACK);
      slowDown();
      const { clock, context } = pops.broker;
      assert.equal(context.store.maxOffset('RMQ_SYS_TRANS_OP_HALF_TOPIC', 0), 0);
      clock.advance(context.config.transactionOpBatchInterval);
      assert.equal(context.store.maxOffset('RMQ_SYS_TRANS_OP_HALF_TOPIC', 0), 1);
      disk.resolve(true);
    });

    it('begins when the disk has its half message', async () => {
      slowDown();
      let isOver = false;
      const half = producer.half(TOPIC, 'm').then(() => assert.ok(isOver));
      const { store } = pops.broker.context;
      await waitFor('the half', () => store.maxOffset('RMQ_SYS_TRANS_HALF_TOPIC', 0) === 1, { pollMs: 2 });
      await pops.broker.ask(RequestCode.GET_ALL_TOPIC_CONFIG);
      isOver = true;
      disk.resolve(true);
      await half;
    });
  });

  describe('a pop', () => {
    it('is answered when the disk has its check point; so are changes and acknowledgements, late or not', async () => {
      await start();
      await pops.send('a', 'b');
      const late = await afterDisk(() => pops.ask({ header: { maxMsgNums: '1' } }), false);
      assert.equal(late.code, 0);
      const message = await popOne();
      assert.equal(message.body, 'b');
      const changed = changedMessage(message, await afterDisk(() => pops.change(message, 30_000), true));
      assert.equal((await afterDisk(() => pops.ack(changed), false)).code, 0);
    });

    it('in batches too, once for all queues, and not for one that acknowledges nothing', async () => {
      await start();
      await pops.send('a');
      const { queueId, queueOffset } = await popOne();
      const common = { c: GROUP, t: TOPIC, r: '0', so: queueOffset, rq: 0, pt: pops.broker.clock.now(), it: 10_000 };
      const batch = (q: number): Promise<RemotingCommand> =>
        pops.broker.ask(
          RequestCode.BATCH_ACK_MESSAGE,
          {},
          { brokerName: 'broker-a', acks: [{ ...common, q, b: 'AQ==' }] },
        );
      assert.equal((await afterDisk(() => batch(queueId), true)).code, 0);
      assert.equal(await withoutDisk(() => batch(7)), 0);
    });

    it('of an ordered group writes nothing, and waits for nobody', async () => {
      await start();
      await pops.send('a', 'b');
      assert.equal(
        await withoutDisk(() => pops.ask({ header: { maxMsgNums: '1', order: 'true', attemptId: '1' } })),
        0,
      );
      const message = await popOne({ order: 'true', attemptId: '1' });
      assert.equal(await withoutDisk(() => pops.change(message, 30_000)), 0);
      assert.equal(await withoutDisk(() => pops.ack(message)), 0);
    });

    it('that stays in memory with its acknowledgement waits for nobody either', async () => {
      await start({ enablePopBufferMerge: true });
      await pops.send('a', 'b');
      const header = { maxMsgNums: '1', invisibleTime: '60000' };
      assert.equal(await withoutDisk(() => pops.ask({ header })), 0);
      const message = await popOne({ invisibleTime: '60000' });
      assert.equal(await withoutDisk(() => pops.ack(message)), 0);
      assert.equal(pops.broker.context.pops.checkPoints.buffered, 1, 'the first, which nobody acknowledged');
    });
  });
});
