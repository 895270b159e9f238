import assert from 'node:assert/strict';
import { Deferred } from '../../../src/base/deferred.ts';
import { encodeBatch } from '../../../src/protocol/batch.ts';
import { RequestCode, ResponseCode } from '../../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../../src/protocol/command.ts';
import { changedMessage } from '../../support/popClient.ts';
import { waitFor } from '../../support/waitFor.ts';
import { GROUP, PopBroker, TOPIC } from '../pop/popBroker.ts';
import { TIMEOUT_MS, sendRequest } from '../testBroker.ts';
import { COMMIT, ROLLBACK, TransactionClient } from '../transactionClient.ts';

const { FLUSH_SLAVE_TIMEOUT } = ResponseCode;
const WAITS_NOT = { WAIT: 'false' };

/** Who waits for slaves is who waits in Apache's broker: what it stores with WAIT=false, the sender's or its own, waits not. */
describe('broker: what a SYNC_MASTER answers after its slaves', () => {
  let pops: PopBroker;
  let producer: TransactionClient;
  /** Is false when the time of the slaves is over. */
  let slaves: Deferred<boolean>;
  let asked: number;

  beforeEach(async () => {
    pops = await PopBroker.start({ broker: { recallMessageEnable: true, storeReplyMessageEnable: true } });
    const { broker } = pops;
    producer = await TransactionClient.start({ connect: (handle) => broker.connect(handle), clock: broker.clock });
  });
  afterEach(() => pops.stop());

  function watch(): void {
    slaves = new Deferred();
    asked = 0;
    pops.broker.context.replication.replicated = () => {
      asked += 1;
      return slaves.promise;
    };
  }

  /** Asks, and sees that no answer comes before the slaves had their time. */
  async function codeAfterSlaves(ask: () => Promise<RemotingCommand>): Promise<number> {
    watch();
    let isOver = false;
    const answer = ask().then(({ code }) => {
      assert.ok(isOver, `answered ${code} before its slaves`);
      return code;
    });
    await Promise.race([waitFor('somebody to wait', () => asked > 0, { pollMs: 2 }), answer]);
    await pops.broker.ask(RequestCode.GET_ALL_TOPIC_CONFIG);
    isOver = true;
    slaves.resolve(false);
    return answer;
  }

  /** Asks, and sees that nobody waits for slaves. */
  async function codeWithoutSlaves(ask: () => Promise<RemotingCommand>): Promise<number> {
    watch();
    const { code } = await ask();
    assert.equal(asked, 0);
    return code;
  }

  const send = (properties: Record<string, string>, body: string | Buffer = 'x', code?: number) =>
    pops.broker.send(TOPIC, body, { properties, ...(code === undefined ? {} : { code }) });

  it('sends of every kind', async () => {
    const batch = encodeBatch([{ flag: 0, body: Buffer.from('a'), properties: '' }]);
    const half = { TRAN_MSG: 'true', PGROUP: 'TxGroup', UNIQ_KEY: 'h' };
    const delayed = { UNIQ_KEY: 'd', DELAY: '2' };
    const timed = { UNIQ_KEY: 't', TIMER_DELAY_SEC: '60' };
    for (const properties of [{ UNIQ_KEY: 'x' }, half, delayed, timed]) {
      assert.equal(await codeAfterSlaves(() => send(properties)), FLUSH_SLAVE_TIMEOUT);
      assert.equal(await codeWithoutSlaves(() => send({ ...properties, ...WAITS_NOT })), 0);
    }
    const { SEND_BATCH_MESSAGE } = RequestCode;
    assert.equal(await codeAfterSlaves(() => send({ UNIQ_KEY: 'b' }, batch, SEND_BATCH_MESSAGE)), FLUSH_SLAVE_TIMEOUT);
  });

  it('a commit, which is a success all the same, but no rollback', async () => {
    const [first, second, third] = [
      await producer.half(TOPIC, 'a'),
      await producer.half(TOPIC, 'b', WAITS_NOT),
      await producer.half(TOPIC, 'c'),
    ];
    assert.equal(await codeAfterSlaves(() => producer.end(first, COMMIT)), 0);
    assert.equal(await codeWithoutSlaves(() => producer.end(second, COMMIT)), 0);
    assert.equal(await codeWithoutSlaves(() => producer.end(third, ROLLBACK)), 0);
  });

  it('a recall and the copy of a reply', async () => {
    const { broker } = pops;
    const timed = await send({ UNIQ_KEY: 't', TIMER_DELAY_SEC: '60' });
    const recall = { producerGroup: 'P', topic: TOPIC, recallHandle: timed.extFields['recallHandle'] ?? '' };
    assert.equal(await codeAfterSlaves(() => broker.ask(RequestCode.RECALL_MESSAGE, recall)), 0);
    const reply = (more: Record<string, string>): Promise<RemotingCommand> => {
      const properties = { MSG_TYPE: 'reply', CORRELATION_ID: 'c', UNIQ_KEY: 'r', REPLY_TO_CLIENT: 'gone', ...more };
      const code = RequestCode.SEND_REPLY_MESSAGE_V2;
      return broker.client.request(sendRequest(TOPIC, 'pong', { code, properties }), TIMEOUT_MS);
    };
    assert.equal(await codeAfterSlaves(() => reply({})), ResponseCode.SYSTEM_ERROR, 'nobody is there to have it');
    assert.equal(await codeWithoutSlaves(() => reply(WAITS_NOT)), ResponseCode.SYSTEM_ERROR);
  });

  it('pops, acknowledgements and changes of invisible times', async () => {
    await pops.send('a', 'b');
    assert.equal(await codeAfterSlaves(() => pops.ask({ header: { maxMsgNums: '1' } })), 0);
    watch();
    slaves.resolve(true);
    const [b] = await pops.pop();
    assert.ok(b);
    let changed = b;
    assert.equal(
      await codeAfterSlaves(async () => {
        const answer = await pops.change(b, 30_000);
        changed = changedMessage(b, answer);
        return answer;
      }),
      0,
    );
    assert.equal(await codeAfterSlaves(() => pops.ack(changed)), 0);
  });

  it('a batch of acknowledgements, once for all its queues, and not when it acknowledges nothing', async () => {
    await pops.broker.createTopic(TOPIC, 2);
    for (const queueId of [0, 1]) await pops.broker.send(TOPIC, 'x', { queueId });
    const popTime = pops.broker.clock.now();
    assert.equal((await pops.pop()).length, 2);
    const common = { c: GROUP, t: TOPIC, r: '0', so: 0, rq: 0, pt: popTime, it: 10_000, b: 'AQ==' };
    const batch = (...queues: number[]): Promise<RemotingCommand> =>
      pops.broker.ask(
        RequestCode.BATCH_ACK_MESSAGE,
        {},
        { brokerName: 'broker-a', acks: queues.map((q) => ({ ...common, q })) },
      );
    assert.equal(await codeAfterSlaves(() => batch(0, 1)), 0);
    assert.equal(asked, 1);
    assert.equal(await codeWithoutSlaves(() => batch(7)), 0);
  });

  it('but no message that is sent back, which says WAIT=false itself', async () => {
    const { broker } = pops;
    await pops.send('a');
    await broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, { groupName: GROUP });
    const back = { offset: '0', group: GROUP, delayLevel: '0', originMsgId: 'x', originTopic: TOPIC };
    assert.equal(await codeWithoutSlaves(() => broker.ask(RequestCode.CONSUMER_SEND_MSG_BACK, back)), 0);
  });
});
