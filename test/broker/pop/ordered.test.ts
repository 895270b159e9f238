import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { changedMessage, poppedMessages } from '../../support/popClient.ts';
import type { PoppedMessage } from '../../support/popClient.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { GROUP, PopBroker, TOPIC, bodies } from './popBroker.ts';

const ORDERED = { order: 'true' };

describe('broker: ordered pop', () => {
  let pops: PopBroker;
  beforeEach(async () => {
    pops = await PopBroker.start();
    await pops.send('a', 'b', 'c');
  });
  afterEach(() => pops.stop());

  const pop = (header: Record<string, string> = {}): Promise<PoppedMessage[]> =>
    pops.pop({ header: { ...ORDERED, ...header } });

  it('gives no more of a queue until all of it is acknowledged', async () => {
    const answer = await pops.ask({ header: { ...ORDERED, maxMsgNums: '2' } });
    assert.equal(answer.extFields['reviveQid'], '999');
    assert.equal(answer.extFields['orderCountInfo'], '0 0 0');
    const [a, b] = poppedMessages(answer, GROUP);
    assert.ok(a && b);
    assert.deepEqual(await pop(), []);
    assert.equal(pops.broker.context.offsets.committed(GROUP, TOPIC, 0), 0, 'the offset stands before the messages');
    assert.equal((await pops.ack(a)).code, 0);
    assert.equal(pops.broker.context.offsets.committed(GROUP, TOPIC, 0), 1);
    assert.deepEqual(await pop(), []);
    assert.equal((await pops.ack(b)).code, 0);
    assert.deepEqual(bodies(await pop()), ['c']);
  });

  it('acknowledged out of order, the offset waits for the first', async () => {
    const [a, b, c] = await pop();
    assert.ok(a && b && c);
    await pops.ack(c);
    await pops.ack(b);
    assert.equal(pops.broker.context.offsets.committed(GROUP, TOPIC, 0), 0);
    await pops.ack(a);
    assert.equal(pops.broker.context.offsets.committed(GROUP, TOPIC, 0), 3);
  });

  it('counts how often each message was given out, and tells the least for old clients', async () => {
    await pop({ maxMsgNums: '2' });
    await pops.advance(10_000);
    const answer = await pops.ask({ header: ORDERED });
    assert.equal(answer.extFields['orderCountInfo'], '0 qo0%0 1;0 qo0%1 1;0 0 0');
    assert.deepEqual(
      poppedMessages(answer, GROUP).map(({ orderCount }) => orderCount),
      [1, 1, 0],
    );
    await pops.advance(10_000);
    const third = await pops.ask({ header: { ...ORDERED, maxMsgNums: '2' } });
    assert.equal(third.extFields['orderCountInfo'], '0 qo0%0 2;0 qo0%1 2;0 0 2');
  });

  it('the same attempt gets the same messages again, uncounted', async () => {
    await pop({ attemptId: 'first' });
    assert.deepEqual(await pop({ attemptId: 'other' }), []);
    const again = await pop({ attemptId: 'first' });
    assert.deepEqual(bodies(again), ['a', 'b', 'c']);
    assert.deepEqual(
      again.map(({ orderCount }) => orderCount),
      [0, 0, 0],
    );
  });

  it('refuses what the pop did not give out, and lets pass what is of an older pop', async () => {
    const [a] = await pop({ maxMsgNums: '1' });
    assert.ok(a);
    const illegal = await pops.ack(a, { offset: '2' });
    assert.equal(illegal.code, 13);
    assert.match(illegal.remark ?? '', /^offset is illegal, key:T@PopGroup@0, old:0, commit:2, next:-1, \/127/);
    await pops.advance(10_000);
    const [again] = await pop({ maxMsgNums: '1' });
    assert.equal((await pops.ack(a)).code, 0);
    assert.equal(pops.broker.context.offsets.committed(GROUP, TOPIC, 0), 0);
    assert.equal((await pops.ack(again as PoppedMessage)).code, 0);
    assert.equal((await pops.ack(a)).code, 0, 'what is behind the offset is done');
  });

  it('another invisible time holds the queue for longer, and keeps the receipt', async () => {
    const [a] = await pop({ maxMsgNums: '1' });
    assert.ok(a);
    await pops.advance(1000);
    const answer = await pops.change(a, 30_000);
    assert.deepEqual(answer.extFields, { popTime: a.receipt.split(' ')[1], invisibleTime: '31000', reviveQid: '999' });
    await pops.advance(29_000);
    assert.deepEqual(await pop(), []);
    await pops.advance(1000);
    assert.deepEqual(bodies(await pop()), ['a', 'b', 'c']);
    assert.equal((await pops.ack(changedMessage(a, answer))).code, 0);
  });

  it('whoever waits is woken by the last acknowledgement, and when the messages are visible again', async () => {
    const [a] = await pop({ maxMsgNums: '1' });
    const first = await pops.held({ header: ORDERED });
    await pops.ack(a as PoppedMessage);
    assert.deepEqual(bodies(poppedMessages(await first.answer, GROUP)), ['b', 'c']);
    const second = await pops.held({ header: ORDERED });
    await pops.advance(10_000);
    assert.deepEqual(bodies(poppedMessages(await second.answer, GROUP)), ['b', 'c']);
  });

  it('a notification does not see what is blocked', async () => {
    const notify = async (): Promise<string | undefined> => {
      const fields = { consumerGroup: GROUP, topic: TOPIC, queueId: '0', pollTime: '0', order: 'true' };
      return (await pops.broker.ask(RequestCode.NOTIFICATION, fields)).extFields['hasMsg'];
    };
    assert.equal(await notify(), 'true');
    await pop({ maxMsgNums: '1' });
    assert.equal(await notify(), 'false');
  });

  it('batches acknowledge as well', async () => {
    const popTime = pops.broker.clock.now();
    await pop();
    const ack = { c: GROUP, t: TOPIC, r: '0', so: 0, q: 0, rq: 999, pt: popTime, it: 10_000, b: 'Bw==' };
    const answer = await pops.broker.ask(RequestCode.BATCH_ACK_MESSAGE, {}, { brokerName: 'broker-a', acks: [ack] });
    assert.equal(answer.code, 0);
    assert.equal(pops.broker.context.offsets.committed(GROUP, TOPIC, 0), 3);
  });

  it('survives a restart, in the file of Apache’s broker', async () => {
    const directory = makeTempDir('ordered');
    let own = await PopBroker.start({ directory: directory.path });
    try {
      await own.send('a', 'b', 'c');
      const [a] = await own.pop({ header: { ...ORDERED, maxMsgNums: '2', attemptId: 'x' } });
      await own.ack(a as PoppedMessage);
      const nowMs = own.broker.clock.now();
      await own.stop();
      const file = path.join(directory.path, 'config', 'consumerOrderInfo.json');
      assert.equal(
        readFileSync(file, 'utf8'),
        `{"orderInfoCount":1,"orderedConsumptionLevel":"QUEUE","table":{"T@PopGroup":{0:{"a":"x","cm":1,"i":10000,"l":${nowMs},"o":[0,1],"popTime":${nowMs}}}}}`,
      );
      own = await PopBroker.start({ directory: directory.path, nowMs: nowMs + 5000 });
      assert.deepEqual(await own.pop({ header: ORDERED }), [], 'b is still invisible');
      const held = await own.held({ header: ORDERED });
      await own.advance(5000);
      assert.deepEqual(bodies(poppedMessages(await held.answer, GROUP)), ['b', 'c']);
    } finally {
      await own.stop();
      directory.remove();
    }
  });
});
