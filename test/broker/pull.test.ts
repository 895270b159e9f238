import assert from 'node:assert/strict';
import type { Disposable } from '../../src/base/disposable.ts';
import { Emitter } from '../../src/base/emitter.ts';
import { pullMessage } from '../../src/broker/handlers/pull.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { request } from '../../src/protocol/command.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { PullSysFlag } from '../../src/protocol/requests/pull.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { waitFor } from '../support/waitFor.ts';
import { TIMEOUT_MS, TestBroker, consumerBeat, pullRequest, records } from './testBroker.ts';
import type { PullParts } from './testBroker.ts';

const { SUSPEND, SUBSCRIPTION, COMMIT_OFFSET } = PullSysFlag;

describe('broker: pull', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start();
    await broker.createTopic('T');
  });
  afterEach(() => broker.stop());

  const pull = (parts: Partial<PullParts> = {}, connection: Connection = broker.client): Promise<RemotingCommand> =>
    connection.request(pullRequest({ topic: 'T', ...parts }), TIMEOUT_MS);

  /** Starts a pull that the broker holds. */
  const heldPull = async (
    parts: Partial<PullParts> = {},
    connection = broker.client,
  ): Promise<{ readonly answer: Promise<RemotingCommand> }> => {
    const held = broker.context.heldPulls.size;
    const answer = pull({ sysFlag: SUBSCRIPTION | SUSPEND, ...parts }, connection);
    await waitFor('the pull to be held', () => broker.context.heldPulls.size > held, { pollMs: 2 });
    return { answer };
  };

  const fields = ({ extFields }: RemotingCommand): string[] =>
    ['suggestWhichBrokerId', 'nextBeginOffset', 'minOffset', 'maxOffset'].map((name) => extFields[name] ?? 'missing');

  it('gives the records as they are stored', async () => {
    for (const body of ['a', 'b', 'c']) await broker.send('T', body);
    const answer = await pull({ queueOffset: 1 });
    assert.equal(answer.code, ResponseCode.SUCCESS);
    assert.equal(answer.remark, 'FOUND');
    assert.deepEqual(fields(answer), ['0', '3', '0', '3']);
    assert.deepEqual(
      records(answer.body).map((message) => [message.body.toString(), message.queueOffset]),
      [
        ['b', 1],
        ['c', 2],
      ],
    );
  });

  const positions: readonly [string, number, number, number, string, string[]][] = [
    ['at the end', 2, 0, 19, 'OFFSET_OVERFLOW_ONE', ['0', '2', '0', '2']],
    ['past the end', 9, 0, 21, 'OFFSET_OVERFLOW_BADLY', ['0', '2', '0', '2']],
    ['below the beginning', -1, 0, 21, 'OFFSET_TOO_SMALL', ['0', '0', '0', '2']],
    ['at 0 of a queue without messages', 0, 1, 19, 'NO_MESSAGE_IN_QUEUE', ['0', '0', '0', '0']],
    ['past 0 of a queue without messages', 5, 1, 21, 'NO_MESSAGE_IN_QUEUE', ['0', '0', '0', '0']],
  ];
  for (const [what, queueOffset, queueId, code, remark, expected] of positions) {
    it(`answers ${code} with all four positions ${what}`, async () => {
      await broker.send('T', 'a');
      await broker.send('T', 'b');
      const answer = await pull({ queueId, queueOffset });
      assert.equal(answer.code, code);
      assert.equal(answer.remark, remark);
      assert.deepEqual(fields(answer), expected);
      assert.equal(answer.body.length, 0);
    });
  }

  it('filters by tags, also those of the whole hash, and says 20 where nothing matched', async () => {
    for (const TAGS of ['A', 'B', 'A']) await broker.send('T', TAGS, { properties: { TAGS } });
    const found = await pull({ header: { subscription: 'A || C' } });
    assert.deepEqual(
      records(found.body).map((message) => message.queueOffset),
      [0, 2],
    );
    assert.equal(found.extFields['nextBeginOffset'], '3');
    const none = await pull({ header: { subscription: 'C' } });
    assert.equal(none.code, ResponseCode.PULL_RETRY_IMMEDIATELY);
    assert.deepEqual(fields(none), ['0', '3', '0', '3']);
  });

  it('lets messages through whose tags have the same hash: the client tells them apart', async () => {
    await broker.send('T', 'x', { properties: { TAGS: 'BB' } });
    assert.equal(records((await pull({ header: { subscription: 'Aa' } })).body).length, 1);
  });

  it('gives at most as many as asked for', async () => {
    for (let n = 0; n < 5; n += 1) await broker.send('T', String(n));
    const answer = await pull({ header: { maxMsgNums: '2' } });
    assert.equal(records(answer.body).length, 2);
    assert.equal(answer.extFields['nextBeginOffset'], '2');
  });

  describe('held at the end of a queue', () => {
    it('answers once when a message arrives, with the opaque of the request', async () => {
      await broker.send('T', 'before');
      const { answer: held } = await heldPull({ queueOffset: 1 });
      await broker.send('T', 'news');
      const answer = await held;
      assert.equal(answer.code, ResponseCode.SUCCESS);
      assert.deepEqual(
        records(answer.body).map((message) => message.body.toString()),
        ['news'],
      );
      assert.equal(broker.context.heldPulls.size, 0);
    });

    it('is not woken by another queue, nor by a message its filter refuses', async () => {
      const { answer: held } = await heldPull({ header: { subscription: 'Wanted' } });
      await broker.send('T', 'x', { queueId: 1, properties: { TAGS: 'Wanted' } });
      await broker.send('T', 'x', { properties: { TAGS: 'Other' } });
      assert.equal(broker.context.heldPulls.size, 1);
      await broker.send('T', 'y', { properties: { TAGS: 'Wanted' } });
      const answer = await held;
      assert.deepEqual(
        records(answer.body).map((message) => message.body.toString()),
        ['y'],
      );
    });

    it('answers 19 exactly when its time is over', async () => {
      await broker.send('T', 'a');
      const { answer: held } = await heldPull({ queueOffset: 1, header: { suspendTimeoutMillis: '2000' } });
      broker.clock.advance(1999);
      assert.equal(broker.context.heldPulls.size, 1);
      broker.clock.advance(1);
      const answer = await held;
      assert.equal(answer.code, ResponseCode.PULL_NOT_FOUND);
      assert.equal(answer.extFields['nextBeginOffset'], '1');
    });

    it('says 20 rather than wait a second time when its messages do not match', async () => {
      const { answer: held } = await heldPull({ header: { subscription: 'Wanted' } });
      await broker.send('T', 'x', { properties: { TAGS: 'Other' } });
      broker.clock.advance(15_000);
      assert.equal((await held).code, ResponseCode.PULL_RETRY_IMMEDIATELY);
    });

    it('is forgotten when its connection closes', async () => {
      const other = await broker.connect();
      const { answer: held } = await heldPull({}, other);
      const rejected = assert.rejects(held, { code: 'connection-closed' });
      other.dispose();
      await rejected;
      await waitFor('the pull to be forgotten', () => broker.context.heldPulls.size === 0, { pollMs: 2 });
      await broker.send('T', 'x');
      assert.equal((await pull()).code, ResponseCode.SUCCESS);
    });

    it('ends after two minutes at most, leaves nothing with its connection then, and needs an open one', async () => {
      const closed = new Emitter<undefined>();
      let [listening, answered, isOpen] = [0, 0, true];
      const connection = {
        remoteAddress: '127.0.0.1:1',
        get isOpen() {
          return isOpen;
        },
        onClose: (listener: () => void): Disposable => {
          const subscription = closed.event(listener);
          listening += 1;
          return {
            dispose: () => {
              listening -= 1;
              subscription.dispose();
            },
          };
        },
        respond: () => (answered += 1),
      } as unknown as Connection;
      const header = { suspendTimeoutMillis: '9000000000' };
      const command = request(1, pullRequest({ topic: 'T', sysFlag: SUBSCRIPTION | SUSPEND, header }));
      assert.equal(await pullMessage(broker.context, { command, connection }), undefined);
      assert.equal(listening, 1);
      broker.clock.advance(119_999);
      assert.equal(listening, 1);
      broker.clock.advance(1);
      await waitFor('the answer', () => answered === 1, { pollMs: 2 });
      assert.equal(listening, 0);
      isOpen = false;
      assert.equal(await pullMessage(broker.context, { command, connection }), undefined);
      assert.equal(broker.context.heldPulls.size, 0);
    });

    it('is refused when its time is over and the topic may no longer be read', async () => {
      const { answer: held } = await heldPull();
      await broker.createTopic('T', 4, { perm: '2' });
      broker.clock.advance(15_000);
      assert.equal((await held).code, ResponseCode.NO_PERMISSION);
    });

    it('reads by the new subscription of its group as soon as that changes', async () => {
      await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: 'A' }));
      const { answer: held } = await heldPull({ group: 'G', sysFlag: SUSPEND });
      await broker.send('T', 'for B', { properties: { TAGS: 'B' } });
      await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: 'A' }));
      assert.equal(broker.context.heldPulls.size, 1);
      await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: 'B' }, { subVersion: 2 }));
      const answer = await held;
      assert.deepEqual(
        records(answer.body).map((message) => message.body.toString()),
        ['for B'],
      );
    });

    it('commits the offset of its header before any that comes after it', async () => {
      const command = request(
        1,
        pullRequest({ topic: 'T', group: 'G', sysFlag: SUBSCRIPTION | COMMIT_OFFSET, header: { commitOffset: '7' } }),
      );
      const answer = pullMessage(broker.context, { command, connection: broker.client });
      assert.equal(broker.context.offsets.committed('G', 'T', 0), 7);
      broker.context.offsets.commit('G', 'T', 0, 9);
      await answer;
      assert.equal(broker.context.offsets.committed('G', 'T', 0), 9);
    });

    it('commits the offset of its header at its first arrival alone', async () => {
      const { answer: held } = await heldPull({
        sysFlag: SUBSCRIPTION | SUSPEND | COMMIT_OFFSET,
        group: 'G',
        header: { commitOffset: '7' },
      });
      assert.equal(broker.context.offsets.committed('G', 'T', 0), 7);
      broker.context.offsets.commit('G', 'T', 0, 9);
      await broker.send('T', 'x');
      await held;
      assert.equal(broker.context.offsets.committed('G', 'T', 0), 9);
    });

    it('waits a second where long polling is off', async () => {
      await broker.stop();
      broker = await TestBroker.start({ broker: { longPollingEnable: false } });
      await broker.createTopic('T');
      const { answer: held } = await heldPull();
      broker.clock.advance(1000);
      assert.equal((await held).code, ResponseCode.PULL_NOT_FOUND);
    });

    it('leaves no timer behind when the broker stops', async () => {
      const other = await broker.connect();
      const { answer: held } = await heldPull({}, other);
      const rejected = assert.rejects(held);
      await broker.stop();
      await rejected;
      assert.equal(broker.clock.pendingCount, 0);
    });
  });

  describe('of a group that sent heartbeats', () => {
    const asMember = (parts: Partial<PullParts> = {}): Promise<RemotingCommand> =>
      pull({ group: 'G', sysFlag: 0, ...parts });

    it('uses the subscription of the heartbeat', async () => {
      await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: 'A' }));
      for (const TAGS of ['A', 'B']) await broker.send('T', TAGS, { properties: { TAGS } });
      const answer = await asMember();
      assert.deepEqual(
        records(answer.body).map((message) => message.body.toString()),
        ['A'],
      );
    });

    it('is refused with 24 without a heartbeat, and for a topic it did not subscribe to', async () => {
      assert.equal((await asMember()).code, ResponseCode.SUBSCRIPTION_NOT_EXIST);
      assert.match((await asMember()).remark ?? '', /^the consumer's group info not exist\nSee https:/);
      await broker.heartbeat(broker.client, consumerBeat('c', 'G', { Other: '*' }));
      const answer = await asMember();
      assert.equal(answer.code, ResponseCode.SUBSCRIPTION_NOT_EXIST);
      assert.match(answer.remark ?? '', /^the consumer's subscription not exist/);
    });

    it('is refused with 25 when its subscription is newer than the one known', async () => {
      await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: '*' }, { subVersion: 5 }));
      assert.equal((await asMember({ header: { subVersion: '5' } })).code, ResponseCode.PULL_NOT_FOUND);
      assert.equal((await asMember({ header: { subVersion: '6' } })).code, ResponseCode.SUBSCRIPTION_NOT_LATEST);
    });

    it('reads its retry topic whole, whatever its filter', async () => {
      await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: 'A' }));
      await broker.send('%RETRY%G', 'again', { properties: { TAGS: 'B' } });
      const answer = await asMember({ topic: '%RETRY%G', header: { subscription: 'A' } });
      assert.equal(records(answer.body).length, 1);
    });

    it('gets 16 when it may not consume, or not by broadcasting', async () => {
      await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: '*' }, { messageModel: 'BROADCASTING' }));
      const group = { groupName: 'G', consumeBroadcastEnable: false };
      await broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, group);
      const broadcast = await asMember();
      assert.deepEqual([broadcast.code, broadcast.extFields['forbiddenType']], [ResponseCode.NO_PERMISSION, '4']);
      await broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, { ...group, consumeEnable: false });
      const disabled = await asMember();
      assert.deepEqual([disabled.code, disabled.extFields['forbiddenType']], [ResponseCode.NO_PERMISSION, '2']);
    });
  });

  const refusals: readonly [string, Partial<PullParts>, number, RegExp][] = [
    ['an unknown topic', { topic: 'Nope' }, 17, /^topic\[Nope\] not exist, apply first please! \nSee https:/],
    [
      'a queue that is not there',
      { queueId: 4 },
      29,
      /^queueId\[4\] is illegal, topic:\[T\] topicConfig\.readQueueNums:\[4\] consumer:\[\/127\.0\.0\.1:\d+\]$/,
    ],
    ['an illegal group name', { group: 'bad group!' }, 26, /^subscription group \[bad group!\] does not exist/],
    ['tags without any', { header: { subscription: '||' } }, 23, /^parse the consumer's subscription failed$/],
  ];
  for (const [what, parts, code, remark] of refusals) {
    it(`refuses ${what} with ${code}`, async () => {
      const answer = await pull(parts);
      assert.equal(answer.code, code);
      assert.match(answer.remark ?? '', remark);
    });
  }

  it('refuses a topic that may not be read with 16', async () => {
    await broker.createTopic('T', 4, { perm: '2' });
    const answer = await pull();
    assert.deepEqual(
      [answer.code, answer.remark, answer.extFields['forbiddenType']],
      [16, 'the topic[T] pulling message is forbidden', '3'],
    );
  });
});
