import assert from 'node:assert/strict';
import { RequestCode, ResponseCode } from '../../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../../src/protocol/command.ts';
import { popRetryTopic } from '../../../src/protocol/popReceipt.ts';
import { changedMessage } from '../../support/popClient.ts';
import type { PoppedMessage } from '../../support/popClient.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { GROUP, PopBroker, TOPIC, bodies } from './popBroker.ts';

const RETRY = popRetryTopic(TOPIC, GROUP);

describe('broker: acknowledging what was popped', () => {
  let pops: PopBroker;
  beforeEach(async () => {
    pops = await PopBroker.start();
  });
  afterEach(() => pops.stop());

  const batch = (acks: object[], brokerName = 'broker-a'): Promise<RemotingCommand> =>
    pops.broker.ask(RequestCode.BATCH_ACK_MESSAGE, {}, { brokerName, acks });

  const revived = (): number => pops.broker.context.store.maxOffset(RETRY, 0);

  /** Past the invisible time and the two seconds that an acknowledgement may be late, and some more. */
  const past = (): Promise<void> => pops.advance(16_000);

  it('what is acknowledged does not come again, what is not does', async () => {
    await pops.send('a', 'b', 'c');
    const [a, , c] = await pops.pop();
    assert.ok(a && c);
    assert.equal((await pops.ack(a)).code, 0);
    assert.equal((await pops.ack(c)).code, 0);
    assert.equal((await pops.ack(c)).code, 0, 'twice is once');
    await past();
    const again = await pops.pop();
    assert.deepEqual(bodies(again), ['b']);
    assert.equal(again[0]?.reconsumeTimes, 1);
    assert.equal(again[0].topic, TOPIC, 'the client sees the topic');
    assert.equal(again[0].realTopic, RETRY);
    assert.equal(again[0].queueOffset, 0);
  });

  it('what is acknowledged at once is not given again either, and is answered for each', async () => {
    await pops.send('a', 'b', 'c', 'd');
    const popped = await pops.pop();
    const answers = await Promise.all(popped.slice(0, 3).map((message) => pops.ack(message)));
    assert.deepEqual(
      answers.map(({ code }) => code),
      [0, 0, 0],
    );
    await past();
    assert.deepEqual(bodies(await pops.pop()), ['d']);
  });

  it('comes again and again, each time counted, with the time of its first pop', async () => {
    await pops.send('a');
    const firstPopMs = pops.broker.clock.now();
    await pops.pop();
    let again: PoppedMessage[] = [];
    for (let turn = 1; turn <= 3; turn += 1) {
      await pops.untilRevived(turn);
      again = await pops.pop();
      assert.deepEqual(bodies(again), ['a']);
      assert.equal(again[0]?.reconsumeTimes, turn);
      assert.equal(again[0].properties.get('1ST_POP_TIME'), String(firstPopMs));
    }
    assert.equal((await pops.ack(again[0] as PoppedMessage)).code, 0);
    await past();
    assert.equal(revived(), 3);
    assert.deepEqual(await pops.pop(), []);
  });

  it('comes again without the time of its first pop where its properties leave no room for that', async () => {
    await pops.send('a');
    const taken = (await pops.broker.read(TOPIC))[0]?.properties.length ?? 0;
    const properties = { UNIQ_KEY: '0A', filler: 'x'.repeat(32_767 - taken - 'filler'.length - 2) };
    assert.equal((await pops.broker.send(TOPIC, 'b', { properties })).code, 0);
    await pops.pop();
    await pops.untilRevived(2);
    const again = await pops.pop();
    assert.deepEqual(bodies(again), ['a', 'b']);
    assert.deepEqual(
      again.map((message) => message.properties.has('1ST_POP_TIME')),
      [true, false],
    );
  });

  it('does not come before its time, and not for another group', async () => {
    await pops.send('a');
    await pops.pop();
    await pops.advance(11_500);
    assert.equal(revived(), 0);
    await pops.untilRevived(1);
    assert.deepEqual(bodies(await pops.pop({ group: 'Other' })), ['a'], 'its first time there');
    assert.deepEqual(bodies(await pops.pop()), ['a']);
  });

  it('an acknowledgement that comes a second late still counts', async () => {
    await pops.send('a');
    const [a] = await pops.pop();
    await pops.advance(11_000);
    assert.equal((await pops.ack(a as PoppedMessage)).code, 0);
    await past();
    assert.equal(revived(), 0);
  });

  it('batches: bits from the start offset, in both spellings; what lies outside the queue is passed over', async () => {
    await pops.send('a', 'b', 'c', 'd');
    const popTime = pops.broker.clock.now();
    await pops.pop();
    const common = { c: GROUP, t: TOPIC, r: '0', so: 0, q: 0, rq: 0, pt: popTime, it: 10_000 };
    const bits = (...set: number[]): string => {
      const bytes = Buffer.alloc(4);
      for (const bit of set) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
      return bytes.toString('base64');
    };
    assert.equal((await batch([{ ...common, b: bits(0, 2, 20) }])).code, 0);
    const long = { consumerGroup: GROUP, topic: TOPIC, retry: '0', startOffset: 0, queueId: 0, reviveQueueId: 0 };
    assert.equal((await batch([{ ...long, popTime, invisibleTime: 10_000, bitSet: bits(3) }])).code, 0);
    await past();
    assert.deepEqual(bodies(await pops.pop()), ['b']);
  });

  it('a batch for a topic or a queue that is not there is passed over, and leaves no trace', async () => {
    await pops.send('a', 'b');
    const popTime = pops.broker.clock.now();
    await pops.pop();
    const { store } = pops.broker.context;
    const written = store.maxPhysicalOffset;
    const common = { c: GROUP, t: TOPIC, r: '0', so: 0, q: 0, rq: 0, pt: popTime, it: 10_000, b: 'AQ==' };
    assert.equal(
      (
        await batch([
          { ...common, t: 'Nowhere' },
          { ...common, q: 7 },
        ])
      ).code,
      0,
    );
    assert.equal(store.maxPhysicalOffset, written);
    assert.equal((await batch([{ ...common, t: 'Nowhere' }, common])).code, 0);
    await past();
    assert.deepEqual(bodies(await pops.pop()), ['b']);
  });

  it('a batch of what came again names the topic as the client knows it', async () => {
    await pops.send('a');
    await pops.pop();
    await pops.untilRevived(1);
    const popTime = pops.broker.clock.now();
    await pops.pop();
    const ack = { c: GROUP, t: TOPIC, r: '1', so: 0, q: 0, rq: 1, pt: popTime, it: 10_000, b: 'AQ==' };
    assert.equal((await batch([ack])).code, 0);
    await past();
    assert.equal(revived(), 1);
  });

  describe('refuses', () => {
    const receipt = '0 1767225600000 10000 0 0 broker-a 0 0';
    const refusals: readonly [string, Record<string, string>, number, RegExp][] = [
      ['an unknown topic', { topic: 'Nowhere' }, 17, /^topic\[Nowhere\] not exist, apply first please!/],
      [
        'a queue that is not there',
        { queueId: '1' },
        13,
        /^queueId\[1\] is illegal, topic:\[T\] topicConfig\.readQueueNums:\[1\] consumer:\[\/127/,
      ],
      ['any queue', { queueId: '-1' }, 13, /^queueId\[-1\] is illegal/],
      ['an offset past the end', { offset: '2' }, 208, /^offset is illegal, key:T@0, commit:2, store:0~1$/],
      ['an offset below the beginning', { offset: '-1' }, 208, /^offset is illegal, key:T@0, commit:-1, store:0~1$/],
      ['a receipt that is none', { extraInfo: '0 1 2' }, 1, /is no receipt of a pop/],
      ['a receipt of another log', { extraInfo: '0 1 2 8 0 broker-a 0 0' }, 13, /^reviveQid\[8\] is illegal$/],
    ];
    for (const [what, header, code, remark] of refusals) {
      it(what, async () => {
        await pops.send('a');
        const fields = { consumerGroup: GROUP, topic: TOPIC, queueId: '0', offset: '0', extraInfo: receipt };
        const answer = await pops.broker.ask(RequestCode.ACK_MESSAGE, { ...fields, ...header });
        assert.equal(answer.code, code);
        assert.match(answer.remark ?? '', remark);
      });
    }

    it('an empty batch, and one whose flag is none', async () => {
      assert.equal((await batch([])).code, ResponseCode.NO_MESSAGE);
      assert.equal((await pops.broker.ask(RequestCode.BATCH_ACK_MESSAGE)).code, ResponseCode.NO_MESSAGE);
      const answer = await batch([{ c: GROUP, t: TOPIC, r: '7', b: 'AQ==' }]);
      assert.equal(answer.code, 1);
      assert.match(answer.remark ?? '', /getRetry fail, format is wrong/);
    });
  });

  describe('with another invisible time', () => {
    it('comes again after that, and the receipt from before is worth nothing', async () => {
      await pops.send('a', 'b');
      const [a, b] = await pops.pop();
      assert.ok(a && b);
      await pops.advance(1000);
      const answer = await pops.change(a, 60_000);
      assert.deepEqual(answer.extFields, {
        popTime: String(pops.broker.clock.now()),
        invisibleTime: '60000',
        reviveQid: '0',
      });
      assert.equal((await pops.ack(b)).code, 0);
      await pops.advance(58_000);
      assert.equal(revived(), 0);
      assert.equal((await pops.ack(a)).code, 0);
      await pops.untilRevived(1);
      assert.deepEqual(bodies(await pops.pop()), ['a']);
    });

    it('sooner as well', async () => {
      await pops.send('a');
      const [a] = await pops.pop({ header: { invisibleTime: '600000' } });
      await pops.change(a as PoppedMessage, 1000);
      const changedMs = pops.broker.clock.now();
      await pops.untilRevived(1);
      assert.ok(pops.broker.clock.now() - changedMs < 60_000);
      const again = await pops.pop();
      assert.deepEqual(bodies(again), ['a']);
      assert.equal(again[0]?.reconsumeTimes, 1);
    });

    it('is acknowledged with the new receipt, also when the clock stood still', async () => {
      await pops.send('a', 'b');
      const [a, b] = await pops.pop();
      assert.ok(a && b);
      const changed = changedMessage(a, await pops.change(a, 10_000));
      assert.equal((await pops.ack(changed)).code, 0);
      await past();
      assert.deepEqual(bodies(await pops.pop()), ['b'], 'the other message of the pop is not forgotten');
    });

    it('does not count when it is suspended', async () => {
      await pops.send('a');
      const [a] = await pops.pop();
      await pops.change(a as PoppedMessage, 1000, { suspend: 'true' });
      await pops.untilRevived(1);
      assert.equal((await pops.pop())[0]?.reconsumeTimes, 0);
    });

    it('is refused for what is not in the queue', async () => {
      await pops.send('a');
      const [a] = await pops.pop();
      const answers = [
        await pops.change(a as PoppedMessage, 1000, { offset: '1' }),
        await pops.change(a as PoppedMessage, 1000, { topic: 'Nowhere' }),
        await pops.change(a as PoppedMessage, 1000, { queueId: '3' }),
        await pops.change(a as PoppedMessage, 259_300_000),
      ];
      assert.deepEqual(
        answers.map(({ code }) => code),
        [208, 17, 13, 1],
      );
      for (const { extFields } of answers) {
        assert.deepEqual(extFields, { popTime: '0', invisibleTime: '0', reviveQid: '0' });
      }
    });
  });

  describe('over a restart', () => {
    const directories = { next: makeTempDir('pop') };
    after(() => directories.next.remove());

    it('what was popped and not acknowledged comes again, what was acknowledged does not', async () => {
      const directory = directories.next.path;
      let own = await PopBroker.start({ directory });
      await own.send('a', 'b', 'c');
      const [a] = await own.pop();
      await own.ack(a as PoppedMessage);
      const nowMs = own.broker.clock.now();
      await own.stop();
      own = await PopBroker.start({ directory, nowMs: nowMs + 60_000 });
      try {
        assert.equal(own.broker.context.offsets.committed(GROUP, TOPIC, 0), 3);
        await own.untilRevived(2);
        const again = await own.pop();
        assert.deepEqual(bodies(again), ['b', 'c']);
        await own.advance(20_000);
        assert.equal(own.broker.context.store.maxOffset(RETRY, 0), 4, 'they come again, and nothing else');
      } finally {
        await own.stop();
      }
    });
  });

  it('in memory, where that is switched on: nothing is written, and a stop loses nothing', async () => {
    const directory = makeTempDir('merge');
    const broker = { enablePopBufferMerge: true };
    let own = await PopBroker.start({ directory: directory.path, broker });
    try {
      await own.send('a', 'b', 'c');
      const [a] = await own.pop({ header: { maxMsgNums: '1' } });
      await own.ack(a as PoppedMessage);
      assert.equal(own.broker.context.store.maxOffset('rmq_sys_wheel_timer', 0), 0);
      assert.equal(own.broker.context.offsets.committed(GROUP, TOPIC, 0), 1);
      const [b] = await own.pop();
      await own.ack(b as PoppedMessage);
      assert.deepEqual(await own.pop(), []);
      assert.equal(own.broker.context.offsets.committed(GROUP, TOPIC, 0), 1, 'c is in memory only');
      const nowMs = own.broker.clock.now();
      await own.stop();
      own = await PopBroker.start({ directory: directory.path, broker, nowMs: nowMs + 5000 });
      assert.deepEqual(await own.pop(), []);
      await own.untilRevived(1);
      assert.deepEqual(bodies(await own.pop()), ['c']);
    } finally {
      await own.stop();
      directory.remove();
    }
  });

  it('writes the revive log as Apache’s broker does', async () => {
    await pops.send('a', 'b');
    const popTime = pops.broker.clock.now();
    const [a] = await pops.pop();
    await pops.ack(a as PoppedMessage);
    const log = await pops.broker.read('rmq_sys_wheel_timer');
    assert.deepEqual(
      log.map(({ body }) => body.toString()),
      [
        `{"bm":0,"bn":"broker-a","c":"${GROUP}","d":[0,1],"it":10000,"n":2,"pt":${popTime},"q":0,"reviveTime":${popTime + 10_000},"ro":0,"so":0,"sp":false,"t":"T"}`,
        `{"ao":0,"bn":"broker-a","c":"${GROUP}","pt":${popTime},"q":0,"so":0,"t":"T"}`,
      ],
    );
    const properties = log.map((record) => record.properties);
    assert.ok(properties[0]?.includes(`UNIQ_KEY\u0001T@0@0@${GROUP}@${popTime}@broker-a@ck\u0002TAGS\u0001ck\u0002`));
    assert.ok(properties[0]?.includes(`TIMER_DELIVER_MS\u0001${popTime + 9000}\u0002`));
    assert.ok(properties[1]?.includes(`UNIQ_KEY\u0001T@0@0@${GROUP}@${popTime}@broker-a@ack\u0002TAGS\u0001ack\u0002`));
    assert.ok(properties[1]?.includes(`TIMER_DELIVER_MS\u0001${popTime + 10_000}\u0002`));
  });

  it('forgets what was popped of a topic that was deleted', async () => {
    await pops.send('a');
    await pops.pop();
    await pops.broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: TOPIC });
    await past();
    assert.equal(pops.broker.context.topics.get(RETRY), undefined);
    assert.equal(
      pops.broker.context.offsets.committed('CID_RMQ_SYS_REVIVE_GROUP', pops.broker.context.pops.log.topic, 0),
      0,
    );
  });

  for (const order of ['false', 'true']) {
    it(`begins anew with a topic that was deleted and made again, order ${order}`, async () => {
      const own = await PopBroker.start({ broker: { enablePopBufferMerge: true } });
      try {
        await own.send('a');
        assert.deepEqual(bodies(await own.pop({ header: { order } })), ['a']);
        await own.broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: TOPIC });
        await own.broker.createTopic(TOPIC, 1);
        await own.send('b');
        assert.deepEqual(bodies(await own.pop({ header: { order } })), ['b']);
        assert.equal(own.broker.context.pops.checkPoints.buffered, order === 'true' ? 0 : 1);
      } finally {
        await own.stop();
      }
    });
  }

  it('leaves out what came again from the topic’s new name, when that is switched on', async () => {
    const own = await PopBroker.start({
      broker: { enableRetryTopicV2: true, retrieveMessageFromPopRetryTopicV1: false },
    });
    try {
      await own.send('a');
      await own.pop();
      await own.untilRevived(1, popRetryTopic(TOPIC, GROUP, '2'));
      const [again] = await own.pop();
      assert.match(again?.receipt ?? '', /^0 \d+ 10000 1 2 broker-a 0 0$/);
      assert.equal((await own.ack(again as PoppedMessage)).code, 0);
      await own.advance(16_000);
      assert.equal(own.broker.context.store.maxOffset(popRetryTopic(TOPIC, GROUP, '2'), 0), 1);
    } finally {
      await own.stop();
    }
  });
});
