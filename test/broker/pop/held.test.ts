import assert from 'node:assert/strict';
import { RequestCode } from '../../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../../src/protocol/command.ts';
import { poppedMessages } from '../../support/popClient.ts';
import { waitFor } from '../../support/waitFor.ts';
import { ask } from '../testBroker.ts';
import { GROUP, PopBroker, TOPIC, bodies } from './popBroker.ts';

describe('broker: pops that wait', () => {
  let pops: PopBroker;
  beforeEach(async () => {
    pops = await PopBroker.start({ queues: 2 });
  });
  afterEach(() => pops.stop());

  const bodiesOf = (answer: RemotingCommand): string[] => bodies(poppedMessages(answer, GROUP));

  it('a message is given at once to one that waits', async () => {
    const any = await pops.held();
    await pops.send('a');
    assert.deepEqual(bodiesOf(await any.answer), ['a']);
    const one = await pops.held({ queueId: 1 });
    await pops.broker.send(TOPIC, 'b', { queueId: 0 });
    assert.equal(pops.broker.context.pops.held.size, 1, 'a message of another queue is none of its');
    await pops.broker.send(TOPIC, 'c', { queueId: 1 });
    assert.deepEqual(bodiesOf(await one.answer), ['c']);
    assert.equal(pops.broker.context.pops.held.size, 0);
  });

  it('one message wakes one of many, and one of every group', async () => {
    const [first, second, other] = [await pops.held(), await pops.held(), await pops.held({ group: 'Other' })];
    await pops.send('a');
    assert.deepEqual(bodiesOf(await first.answer), ['a']);
    assert.deepEqual(bodiesOf(await other.answer), ['a']);
    assert.equal(pops.broker.context.pops.held.size, 1);
    await pops.send('b');
    assert.deepEqual(bodiesOf(await second.answer), ['b']);
  });

  it('messages that do not match wake nobody, but for every eight hundredth', async () => {
    const tagged = await pops.held({ header: { exp: 'A' } });
    await pops.broker.send(TOPIC, 'zero', { properties: { TAGS: 'B' } });
    const { offsets } = pops.broker.context;
    await waitFor('offset 0 to be looked at by force', () => offsets.committed(GROUP, TOPIC, 0) === 1, { pollMs: 2 });
    await waitFor('the pop to be held again', () => pops.broker.context.pops.held.size === 1, { pollMs: 2 });
    await pops.broker.send(TOPIC, 'no', { properties: { TAGS: 'B' } });
    assert.equal(offsets.committed(GROUP, TOPIC, 0), 1);
    await pops.broker.send(TOPIC, 'yes', { properties: { TAGS: 'A' } });
    assert.deepEqual(bodiesOf(await tagged.answer), ['yes']);
  });

  it('a filter by properties is asked too', async () => {
    await pops.send('zero');
    await pops.pop({ group: 'Sql' });
    const sql = await pops.held({ group: 'Sql', header: { expType: 'SQL92', exp: 'price > 1' } });
    await pops.broker.send(TOPIC, 'cheap', { properties: { price: '1' } });
    assert.equal(pops.broker.context.pops.held.size, 1);
    await pops.broker.send(TOPIC, 'dear', { properties: { price: '2' } });
    assert.deepEqual(bodiesOf(await sql.answer), ['dear']);
  });

  it('what comes again wakes one that waits', async () => {
    await pops.send('a');
    await pops.pop();
    const held = await pops.held({ header: { pollTime: '60000' } });
    await pops.untilRevived(1);
    assert.deepEqual(bodiesOf(await held.answer), ['a']);
  });

  it('is answered 50 ms before its time is over, counted from when it was made', async () => {
    const bornTime = pops.broker.clock.now() - 5000;
    const held = await pops.held({ bornTime });
    await pops.broker.clock.advanceAsync(9950);
    assert.equal(pops.broker.context.pops.held.size, 1);
    await pops.broker.clock.advanceAsync(1);
    const answer = await held.answer;
    assert.deepEqual([answer.code, answer.remark], [210, 'NO_MESSAGE_IN_QUEUE']);
  });

  it('is not held past its time by the clock of a client that is fast', async () => {
    const held = await pops.held({ bornTime: pops.broker.clock.now() + 3_600_000 });
    await pops.broker.clock.advanceAsync(14_951);
    assert.equal((await held.answer).code, 210);
  });

  it('is forgotten when its client goes, and its message is left to others', async () => {
    const client = await pops.broker.connect();
    const held = await pops.held({ connection: client });
    held.answer.catch(() => undefined);
    client.dispose();
    await waitFor('the pop to be forgotten', () => pops.broker.context.pops.held.size === 0, { pollMs: 2 });
    await pops.send('a');
    assert.deepEqual(bodies(await pops.pop()), ['a']);
  });

  it('obeys permissions that changed while it waited', async () => {
    const held = await pops.held();
    const { groups } = pops.broker.context;
    groups.put({ ...groups.find(GROUP)!, consumeEnable: false });
    await pops.send('a');
    assert.equal((await held.answer).code, 16);
  });

  it('is refused with 209 when too many wait for its queue, or in all', async () => {
    const own = await PopBroker.start({ broker: { popPollingSize: 1, maxPopPollingSize: 3 } });
    try {
      const held = [await own.held(), await own.held()];
      const full = await own.ask({ header: { pollTime: '15000' } });
      assert.deepEqual([full.code, full.remark], [209, 'NO_MESSAGE_IN_QUEUE']);
      held.push(await own.held({ group: 'Other' }));
      assert.equal((await own.ask({ group: 'Third', header: { pollTime: '15000' } })).code, 209);
      await own.broker.clock.advanceAsync(15_000);
      for (const { answer } of held) assert.equal((await answer).code, 210);
    } finally {
      await own.stop();
    }
  });

  it('says how many wait for a queue', async () => {
    const info = (queueId: number): Promise<string | undefined> =>
      pops.broker
        .ask(RequestCode.POLLING_INFO, { consumerGroup: GROUP, topic: TOPIC, queueId: String(queueId) })
        .then(({ extFields }) => extFields['pollingNum']);
    const held = [await pops.held(), await pops.held(), await pops.held({ queueId: 1 })];
    assert.deepEqual([await info(-1), await info(0), await info(1)], ['2', '0', '1']);
    await pops.broker.clock.advanceAsync(15_000);
    for (const { answer } of held) await answer;
    const refused = await pops.broker.ask(RequestCode.POLLING_INFO, {
      consumerGroup: GROUP,
      topic: 'No',
      queueId: '0',
    });
    assert.deepEqual([refused.code, refused.extFields['pollingNum']], [17, '0']);
  });

  describe('notification', () => {
    const notify = (header: Record<string, string> = {}, connection = pops.broker.client): Promise<RemotingCommand> =>
      ask(connection, RequestCode.NOTIFICATION, {
        consumerGroup: GROUP,
        topic: TOPIC,
        queueId: '-1',
        pollTime: '0',
        bornTime: String(pops.broker.clock.now()),
        order: 'false',
        ...header,
      });

    it('tells whether there is something to pop, also of what came again', async () => {
      assert.deepEqual((await notify()).extFields, { hasMsg: 'false', pollingFull: 'false' });
      await pops.send('a');
      assert.equal((await notify()).extFields['hasMsg'], 'true');
      assert.equal((await notify({ queueId: '1' })).extFields['hasMsg'], 'false');
      await pops.pop();
      assert.equal((await notify()).extFields['hasMsg'], 'false');
      await pops.untilRevived(1);
      assert.equal((await notify()).extFields['hasMsg'], 'true');
    });

    it('waits for it', async () => {
      const answer = notify({ pollTime: '15000' });
      await waitFor('it to be held', () => pops.broker.context.pops.notices.size === 1, { pollMs: 2 });
      await pops.send('a');
      assert.equal((await answer).extFields['hasMsg'], 'true');
      await pops.pop();
      const expired = notify({ pollTime: '5000' });
      await waitFor('it to be held', () => pops.broker.context.pops.notices.size === 1, { pollMs: 2 });
      await pops.broker.clock.advanceAsync(4951);
      assert.deepEqual((await expired).extFields, { hasMsg: 'false', pollingFull: 'false' });
    });

    it('with a filter tells of what matches, is woken by that alone, and by nothing twice', async () => {
      const { notices } = pops.broker.context.pops;
      const only = { expType: 'TAG', exp: 'Wanted' };
      const tagged = (body: string, tag: string): Promise<RemotingCommand> =>
        pops.broker.send(TOPIC, body, { properties: { TAGS: tag } });
      await tagged('a', 'Other');
      assert.equal((await notify(only)).extFields['hasMsg'], 'false');
      const answer = notify({ ...only, pollTime: '15000' });
      await waitFor('it to be held', () => notices.size === 1, { pollMs: 2 });
      await tagged('b', 'Other');
      assert.equal(notices.size, 1);
      await tagged('c', 'Wanted');
      assert.equal((await answer).extFields['hasMsg'], 'true');
      assert.equal(notices.size, 0);
      // One that waits and finds something is answered once.
      assert.equal((await notify({ ...only, pollTime: '15000' })).extFields['hasMsg'], 'true');
      assert.equal(notices.size, 0);
    });

    it('does not look which messages they are where there are many', async () => {
      const own = await PopBroker.start({ broker: { maxMessageFilterNumForNotification: 3 } });
      try {
        const fields = { consumerGroup: GROUP, topic: TOPIC, queueId: '-1', pollTime: '0', expType: 'TAG', exp: 'X' };
        const hasMessage = async (): Promise<string | undefined> =>
          (await own.broker.ask(RequestCode.NOTIFICATION, fields)).extFields['hasMsg'];
        await own.send('a', 'b');
        assert.equal(await hasMessage(), 'false');
        await own.send('c');
        assert.equal(await hasMessage(), 'true');
      } finally {
        await own.stop();
      }
    });

    it('says that too many wait, and refuses as a pop does', async () => {
      const own = await PopBroker.start({ broker: { maxPopPollingSize: 1 } });
      try {
        const fields = { consumerGroup: GROUP, topic: TOPIC, queueId: '-1', pollTime: '15000' };
        const held = own.broker.ask(RequestCode.NOTIFICATION, fields);
        await waitFor('it to be held', () => own.broker.context.pops.notices.size === 1, { pollMs: 2 });
        const full = await own.broker.ask(RequestCode.NOTIFICATION, fields);
        assert.deepEqual([full.code, full.extFields], [0, { hasMsg: 'false', pollingFull: 'true' }]);
        const refused = await own.broker.ask(RequestCode.NOTIFICATION, { ...fields, topic: 'No' });
        assert.deepEqual([refused.code, refused.extFields], [17, { hasMsg: 'false', pollingFull: 'false' }]);
        await own.broker.clock.advanceAsync(15_000);
        await held;
      } finally {
        await own.stop();
      }
    });
  });
});
