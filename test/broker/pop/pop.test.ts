import assert from 'node:assert/strict';
import { RequestCode, ResponseCode } from '../../../src/protocol/codes.ts';
import { popRetryTopic } from '../../../src/protocol/popReceipt.ts';
import type { PoppedMessage } from '../../support/popClient.ts';
import { TIMEOUT_MS, pullRequest } from '../testBroker.ts';
import { GROUP, PopBroker, TOPIC, bodies } from './popBroker.ts';

describe('broker: pop', () => {
  let pops: PopBroker;
  beforeEach(async () => {
    pops = await PopBroker.start();
  });
  afterEach(() => pops.stop());

  it('gives messages once, with lists from which a client makes its receipts', async () => {
    await pops.send('a', 'b', 'c');
    const answer = await pops.ask({ header: { maxMsgNums: '2' } });
    assert.equal(answer.code, ResponseCode.SUCCESS);
    assert.equal(answer.remark, 'FOUND');
    assert.deepEqual(answer.extFields, {
      popTime: String(pops.broker.clock.now()),
      invisibleTime: '10000',
      reviveQid: '0',
      restNum: '1',
      startOffsetInfo: '0 0 0',
      msgOffsetInfo: '0 0 0,1',
    });
    const [last, ...none] = await pops.pop();
    assert.deepEqual([last?.body, none], ['c', []]);
    assert.equal(last?.receipt, `2 ${pops.broker.clock.now()} 10000 1 0 broker-a 0 2`);
    const empty = await pops.ask();
    assert.deepEqual([empty.code, empty.remark, empty.extFields['restNum']], [210, 'NO_MESSAGE_IN_QUEUE', '0']);
    assert.deepEqual([empty.extFields['startOffsetInfo'], empty.extFields['msgOffsetInfo']], ['', '']);
  });

  it('moves the offset of the group, of which another group knows nothing', async () => {
    await pops.send('a', 'b');
    await pops.pop();
    assert.equal(pops.broker.context.offsets.committed(GROUP, TOPIC, 0), 2);
    assert.deepEqual(bodies(await pops.pop({ group: 'Other' })), ['a', 'b']);
  });

  it('takes messages of every queue with -1, and of one queue else', async () => {
    await pops.broker.createTopic('Many', 3);
    for (const queueId of [0, 1, 2]) await pops.broker.send('Many', `of ${queueId}`, { queueId });
    assert.deepEqual(bodies(await pops.pop({ topic: 'Many', queueId: 1 })), ['of 1']);
    assert.deepEqual(bodies(await pops.pop({ topic: 'Many' })).sort(), ['of 0', 'of 2']);
  });

  it('spreads check points over the queues of the revive log', async () => {
    const queues: (string | undefined)[] = [];
    for (let turn = 0; turn < 9; turn += 1) queues.push((await pops.ask()).extFields['reviveQid']);
    assert.deepEqual(queues, ['0', '1', '2', '3', '4', '5', '6', '7', '0']);
  });

  describe('begins', () => {
    const initModes: readonly [string, string, Partial<{ initPopOffsetByCheckMsgInMem: boolean }>, string[]][] = [
      ['at the first message with mode 0', '0', {}, ['a', 'b', 'c']],
      ['at the last message with mode 1', '1', { initPopOffsetByCheckMsgInMem: false }, ['c']],
      ['at the first all the same while that is in memory', '1', {}, ['a', 'b', 'c']],
    ];
    for (const [what, initMode, broker, expected] of initModes) {
      it(what, async () => {
        const own = await PopBroker.start({ broker });
        try {
          await own.send('a', 'b', 'c');
          assert.deepEqual(bodies(await own.pop({ header: { initMode } })), expected);
        } finally {
          await own.stop();
        }
      });
    }

    it('where the queue begins when the group’s offset is outside', async () => {
      await pops.send('a');
      pops.broker.context.offsets.commit(GROUP, TOPIC, 0, 7);
      assert.deepEqual(await pops.pop(), []);
      assert.equal(pops.broker.context.offsets.committed(GROUP, TOPIC, 0), 1);
      await pops.send('b');
      assert.deepEqual(bodies(await pops.pop()), ['b']);
    });
  });

  it('goes where an operator sent the group, also from what it popped in order', async () => {
    await pops.send('a', 'b', 'c');
    const { offsets } = pops.broker.context;
    await pops.pop();
    offsets.reset(GROUP, TOPIC, 0, 1);
    assert.deepEqual(bodies(await pops.pop()), ['b', 'c']);
    assert.deepEqual(await pops.pop(), [], 'once');
    offsets.reset(GROUP, TOPIC, 0, 0);
    const [a] = await pops.pop({ header: { order: 'true', maxMsgNums: '1' } });
    offsets.reset(GROUP, TOPIC, 0, 2);
    assert.equal((await pops.ack(a as PoppedMessage)).code, 0);
    assert.deepEqual(bodies(await pops.pop({ header: { order: 'true' } })), ['c']);
  });

  it('a deleted topic takes along what came again of it', async () => {
    await pops.send('a');
    await pops.pop();
    await pops.untilRevived(1);
    await pops.broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: TOPIC });
    const { topics, store } = pops.broker.context;
    assert.equal(topics.get(popRetryTopic(TOPIC, GROUP)), undefined);
    assert.equal(store.maxOffset(popRetryTopic(TOPIC, GROUP), 0), 0);
  });

  it('filters by tags and by properties, and passes over what does not match', async () => {
    const send = (body: string, properties: Record<string, string>): Promise<unknown> =>
      pops.broker.send(TOPIC, body, { properties });
    await send('1', { TAGS: 'A', price: '1' });
    await send('2', { TAGS: 'B', price: '2' });
    await send('3', { TAGS: 'A', price: '3' });
    assert.deepEqual(bodies(await pops.pop({ header: { exp: 'A || C' } })), ['1', '3']);
    assert.deepEqual(await pops.pop(), [], 'the message between is passed over for good');
    const sql = { expType: 'SQL92', exp: 'price > 1' };
    assert.deepEqual(bodies(await pops.pop({ group: 'Sql', header: sql })), ['2', '3']);
    await send('4', { TAGS: 'A' });
    assert.deepEqual(await pops.pop({ group: 'Sql', header: sql }), []);
    assert.equal(pops.broker.context.offsets.committed('Sql', TOPIC, 0), 4);
  });

  describe('refuses', () => {
    const refusals: readonly [string, Record<string, string>, number, RegExp][] = [
      [
        'a request that comes late',
        { bornTime: '1', pollTime: '1' },
        210,
        /^the broker\[127\.0\.0\.1\] pop message is timeout too much$/,
      ],
      [
        'more than 32 messages',
        { maxMsgNums: '33' },
        29,
        /^the broker\[127\.0\.0\.1\] pop message's num is greater than 32$/,
      ],
      ['no messages', { maxMsgNums: '0' }, 29, /num is less than 1$/],
      ['a time beyond what timers take', { invisibleTime: '259200001' }, 29, /invisibleTime is greater than 259200 s$/],
      ['an unknown topic', { topic: 'Nowhere' }, 17, /^topic\[Nowhere\] not exist, apply first please!/],
      [
        'a queue that is not there',
        { queueId: '1' },
        29,
        /^queueId\[1\] is illegal, topic:\[T\] topicConfig\.readQueueNums:\[1\] consumer:\[\/127\.0\.0\.1:\d+\]$/,
      ],
      ['a queue below -1', { queueId: '-2' }, 29, /^queueId\[-2\] is illegal/],
      [
        'an unknown group that may not be',
        { consumerGroup: 'no group!' },
        26,
        /^subscription group \[no group!\] does not exist,/,
      ],
      [
        'an expression that does not compile',
        { expType: 'SQL92', exp: 'a >' },
        23,
        /^parse the consumer's subscription failed$/,
      ],
      ['a filter of no kind', { expType: 'XPATH', exp: '/a' }, 23, /^parse the consumer's subscription failed$/],
    ];
    for (const [what, header, code, remark] of refusals) {
      it(what, async () => {
        const answer = await pops.ask({ header });
        assert.equal(answer.code, code);
        assert.match(answer.remark ?? '', remark);
        assert.deepEqual(answer.extFields, { popTime: '0', invisibleTime: '0', reviveQid: '0', restNum: '0' });
      });
    }

    it('a topic that cannot be read, a group that may not consume, a broker without timers', async () => {
      await pops.broker.createTopic('WriteOnly', 1, { perm: '2' });
      const unreadable = await pops.ask({ topic: 'WriteOnly' });
      assert.deepEqual([unreadable.code, unreadable.remark], [16, 'the topic[WriteOnly] peeking message is forbidden']);
      const { groups } = pops.broker.context;
      const settings = groups.find('Quiet');
      assert.ok(settings);
      groups.put({ ...settings, consumeEnable: false });
      const quiet = await pops.ask({ group: 'Quiet' });
      assert.deepEqual([quiet.code, quiet.remark], [16, 'subscription group no permission, Quiet']);
      const own = await PopBroker.start({ broker: { timerWheelEnable: false, brokerPermission: 6 } });
      try {
        const answer = await own.ask();
        assert.deepEqual(
          [answer.code, answer.remark],
          [1, 'the broker[127.0.0.1] pop message is forbidden because timerWheelEnable is false'],
        );
      } finally {
        await own.stop();
      }
    });

    it('to read from a broker that only takes', async () => {
      const own = await PopBroker.start({ broker: { brokerPermission: 2 } });
      try {
        const answer = await own.ask();
        assert.deepEqual([answer.code, answer.remark], [16, 'the broker[127.0.0.1] pop message is forbidden']);
      } finally {
        await own.stop();
      }
    });

    it('on the port of old clients', async () => {
      const { vipHandler } = await import('../../../src/broker/brokerRouter.ts');
      const codes = [
        RequestCode.POP_MESSAGE,
        RequestCode.PEEK_MESSAGE,
        RequestCode.NOTIFICATION,
        RequestCode.ACK_MESSAGE,
      ];
      const handle = vipHandler(() => ({ code: 0 }));
      const answers = codes.map((code) => handle({ command: { code } } as never));
      assert.deepEqual(await Promise.all(answers.map(async (answer) => (await answer)?.code)), [3, 3, 3, 0]);
    });
  });

  it('gives nothing when the store takes no note of it, and everything once it does', async () => {
    const own = await PopBroker.start({ broker: { maxStoreBytes: 4096 } });
    try {
      await own.send('a', 'x'.repeat(3000));
      for (let code = 0; code === 0;) code = (await own.broker.send(TOPIC, 'y')).code;
      const answer = await own.ask();
      assert.equal(answer.code, ResponseCode.SERVICE_NOT_AVAILABLE);
      assert.equal(own.broker.context.offsets.committed(GROUP, TOPIC, 0), 0);
    } finally {
      await own.stop();
    }
  });

  describe('peek', () => {
    const peek = (
      queueId: number,
      group = GROUP,
    ): Promise<{ code: number; bodies: string; restNum: string | undefined }> =>
      pops.broker
        .ask(RequestCode.PEEK_MESSAGE, {
          consumerGroup: group,
          topic: TOPIC,
          queueId: String(queueId),
          maxMsgNums: '2',
        })
        .then(({ code, body, extFields }) => ({
          code,
          bodies: body.toString('latin1'),
          restNum: extFields['restNum'],
        }));

    it('shows what the next pop finds, and takes nothing', async () => {
      await pops.send('first', 'second', 'third');
      for (const queueId of [-1, 0]) {
        const answer = await peek(queueId);
        assert.deepEqual([answer.code, answer.restNum], [0, '3']);
        assert.match(answer.bodies, /first.*second/s);
        assert.doesNotMatch(answer.bodies, /third/);
      }
      assert.equal((await pops.pop()).length, 3);
      assert.deepEqual(await peek(-1), { code: 19, bodies: '', restNum: '0' });
    });

    it('refuses as a pop does', async () => {
      const answer = await peek(4);
      assert.equal(answer.code, 29);
    });
  });

  it('leaves the queue as it is for those who pull', async () => {
    await pops.send('a');
    await pops.pop();
    const pulled = await pops.broker.client.request(pullRequest({ topic: TOPIC }), TIMEOUT_MS);
    assert.equal(pulled.code, 0);
  });
});
