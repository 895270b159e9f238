import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { RequestCode, ResponseCode } from '../../../src/protocol/codes.ts';
import type { RemotingCommand, RequestParts } from '../../../src/protocol/command.ts';
import { decodeTopicRoute } from '../../../src/protocol/bodies/route.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TIMEOUT_MS, pullRequest, records, sendRequest } from '../testBroker.ts';
import { TestPair } from './pair.ts';

describe('broker: a slave', () => {
  let pair: TestPair;

  afterEach(() => pair.stop());

  function ask(parts: RequestParts): Promise<RemotingCommand> {
    assert.ok(pair.slaveClient);
    return pair.slaveClient.request(parts, TIMEOUT_MS);
  }

  /** As many pulls as that takes. */
  async function bodiesAtSlave(topic: string): Promise<string[]> {
    const found: string[] = [];
    for (let queueOffset = 0; ;) {
      const answer = await ask(pullRequest({ topic, queueOffset }));
      if (answer.code !== 0) return found;
      found.push(...records(answer.body).map(({ body }) => body.toString()));
      queueOffset = Number(answer.extFields['nextBeginOffset']);
    }
  }

  it('has what was sent before it came, and what comes after, for readers', async () => {
    pair = await TestPair.start();
    await pair.master.send('T', 'before', { properties: { TAGS: 'a', KEYS: 'k1', UNIQ_KEY: 'u1' } });
    await pair.startSlave();
    await pair.caughtUp();
    await pair.master.send('T', 'after', { properties: { TAGS: 'b', KEYS: 'k2', UNIQ_KEY: 'u2' } });
    await pair.caughtUp();
    await waitFor('the topic', () => pair.slave?.context.topics.get('T') !== undefined, { pollMs: 5 });
    assert.deepEqual(await bodiesAtSlave('T'), ['before', 'after']);
    const filtered = await ask(pullRequest({ topic: 'T', header: { subscription: 'b' } }));
    assert.deepEqual(
      records(filtered.body).map(({ body }) => body.toString()),
      ['after'],
    );
    const query = { topic: 'T', key: 'k1', maxNum: '32', beginTimestamp: '0', endTimestamp: '9007199254740991' };
    const found = await ask({ code: RequestCode.QUERY_MESSAGE, extFields: query });
    assert.deepEqual(
      records(found.body).map(({ body }) => body.toString()),
      ['before'],
    );
  });

  it('is in routes beside its master, and in what that says of its slaves', async () => {
    pair = await TestPair.start();
    const slave = await pair.startSlave();
    await pair.master.send('T', 'x');
    await pair.caughtUp();
    const route = decodeTopicRoute(
      (await pair.master.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'T' })).body,
    );
    assert.deepEqual(
      [...(route.brokers[0]?.brokerAddrs ?? [])],
      [
        [0, pair.master.runtime.broker.address],
        [1, slave.address],
      ],
    );
    assert.equal(route.queues.length, 1, 'queues of the master alone');
    const end = pair.master.context.store.maxPhysicalOffset;
    await waitFor(
      'its report',
      () => pair.master.context.replication.status().haConnectionInfo[0]?.slaveAckOffset === end,
      {
        pollMs: 5,
      },
    );
    const status = JSON.parse((await ask({ code: RequestCode.GET_BROKER_HA_STATUS })).body.toString()) as {
      haClientRuntimeInfo: { masterAddr: string; maxOffset: number };
      master: boolean;
    };
    assert.equal(status.master, false);
    assert.equal(status.haClientRuntimeInfo.masterAddr, pair.master.context.registration.haAddress);
    assert.equal(status.haClientRuntimeInfo.maxOffset, end);
  });

  it('takes nothing from clients, in the words of Apache', async () => {
    pair = await TestPair.start();
    await pair.startSlave();
    const busy = [ResponseCode.SYSTEM_BUSY, '[REJECTREQUEST]system busy, start flow control for a while'];
    const send = await ask(sendRequest('T', 'x'));
    assert.deepEqual([send.code, send.remark], busy);
    const back = await ask({
      code: RequestCode.CONSUMER_SEND_MSG_BACK,
      extFields: { offset: '0', group: 'G', delayLevel: '0' },
    });
    assert.deepEqual([back.code, back.remark], busy);
    const end = await ask({ code: RequestCode.END_TRANSACTION, extFields: {} });
    assert.equal(end.code, ResponseCode.SLAVE_NOT_AVAILABLE);
    const reset = await ask({ code: RequestCode.INVOKE_BROKER_TO_RESET_OFFSET, extFields: {} });
    assert.deepEqual([reset.code, reset.remark], [ResponseCode.SYSTEM_ERROR, 'Can not reset offset in slave broker']);
    await pair.stopSlave();
    await pair.startSlave({ enableSlaveActingMaster: true });
    await pair.master.createTopic('T');
    await waitFor('the master', () => pair.slave?.context.registration.master.masterAddr !== undefined, { pollMs: 5 });
    pair.slave?.context.topics.put({ ...pair.master.context.topics.get('T') } as never);
    const acting = await ask(sendRequest('T', 'x'));
    assert.equal(acting.code, ResponseCode.SERVICE_NOT_AVAILABLE);
    assert.match(acting.remark ?? '', /messages are put to the slave/);
    assert.equal(pair.slave?.context.store.maxPhysicalOffset, 0);
  });

  it('serves no pulls where it was not told to', async () => {
    pair = await TestPair.start({ slave: { slaveReadEnable: false } });
    await pair.startSlave();
    await pair.master.send('T', 'x');
    assert.equal((await ask(pullRequest({ topic: 'T' }))).code, ResponseCode.SYSTEM_BUSY);
  });

  it('sends readers back to its master, corrects no offset, and holds pulls when that is gone', async () => {
    pair = await TestPair.start();
    await pair.master.send('T', 'x');
    await pair.startSlave();
    await pair.caughtUp();
    await waitFor('the topic', () => pair.slave?.context.topics.get('T') !== undefined, { pollMs: 5 });
    const found = await ask(pullRequest({ topic: 'T' }));
    assert.deepEqual([found.code, found.extFields['suggestWhichBrokerId']], [0, '0']);
    const atEnd = await ask(pullRequest({ topic: 'T', queueOffset: 1 }));
    assert.deepEqual([atEnd.code, atEnd.extFields['nextBeginOffset']], [ResponseCode.PULL_RETRY_IMMEDIATELY, '1']);
    const beyond = await ask(pullRequest({ topic: 'T', queueOffset: 7 }));
    assert.deepEqual([beyond.code, beyond.extFields['nextBeginOffset']], [ResponseCode.PULL_RETRY_IMMEDIATELY, '7']);
    await pair.master.runtime.broker.stop();
    await waitFor('the master to be missed', () => pair.slave?.context.replication.hasMaster === false, { pollMs: 5 });
    const later = await ask(pullRequest({ topic: 'T', queueOffset: 1 }));
    assert.deepEqual([later.code, later.extFields['suggestWhichBrokerId']], [ResponseCode.PULL_NOT_FOUND, '0']);
    assert.equal((await ask(pullRequest({ topic: 'T' }))).code, 0, 'what it has is read still');
  });

  it('has topics, groups, offsets, delay levels, modes and timers of its master', async () => {
    pair = await TestPair.start();
    const { master } = pair;
    await master.createTopic('Mine', 3);
    await master.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, { groupName: 'G', retryMaxTimes: 5 });
    await master.ask(RequestCode.UPDATE_CONSUMER_OFFSET, {
      consumerGroup: 'G',
      topic: 'Mine',
      queueId: '2',
      commitOffset: '7',
    });
    await master.ask(
      RequestCode.SET_MESSAGE_REQUEST_MODE,
      {},
      { topic: 'Mine', consumerGroup: 'G', mode: 'POP', popShareQueueNum: 1 },
    );
    await master.send('Mine', 'late', { properties: { DELAY: '1', UNIQ_KEY: 'u' } });
    await master.clock.advanceAsync(1500);
    await waitFor('the delivery', () => master.context.delayLevels.progress(1) === 1, { pollMs: 5 });
    await master.send('Mine', 'timed', { properties: { TIMER_DELAY_SEC: '60', UNIQ_KEY: 'v' } });
    const slave = await pair.startSlave();
    await pair.caughtUp();
    const { context } = slave;
    await waitFor('the offsets', () => context.offsets.committed('G', 'Mine', 2) === 7, { pollMs: 5 });
    await waitFor('the levels', () => context.delayLevels.progress(1) === 1, { pollMs: 5 });
    await waitFor('the mode', () => context.pops.modes.find('Mine', 'G')?.mode === 'POP', { pollMs: 5 });
    await waitFor('the timer', () => context.timers?.waiting === 1, { pollMs: 5 });
    assert.equal(context.topics.get('Mine')?.writeQueueNums, 3);
    assert.deepEqual(context.topics.table().dataVersion, master.context.topics.table().dataVersion);
    assert.equal(context.groups.get('G')?.retryMaxTimes, 5);
    await waitFor(
      'the counts',
      () => context.timers?.metrics().toString() === master.context.timers?.metrics().toString(),
      { pollMs: 5 },
    );
    await master.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'Mine' });
    await pair.slaveClock.advanceAsync(10_000);
    await waitFor('the topic to be gone', () => context.topics.get('Mine') === undefined, { pollMs: 5 });
  });

  it('knows a new topic as soon as it has a message of it', async () => {
    pair = await TestPair.start();
    const { master } = pair;
    const { context } = await pair.startSlave();
    const versions = () => [context, master.context].map(({ topics }) => topics.table().dataVersion);
    await waitFor('the tables', () => isDeepStrictEqual(versions()[0], versions()[1]), { pollMs: 5 });
    await master.createTopic('New');
    await master.send('New', 'x');
    await pair.caughtUp();
    await waitFor('the topic', () => context.topics.get('New') !== undefined, { pollMs: 5 });
    assert.deepEqual(await bodiesAtSlave('New'), ['x']);
  });

  it('delivers no delayed message itself, and each once when it becomes the master', async () => {
    pair = await TestPair.start();
    const { master } = pair;
    await master.createTopic('T', 1);
    await master.send('T', 'soon', { properties: { TIMER_DELAY_SEC: '2', UNIQ_KEY: 'a' } });
    await master.send('T', 'later', { properties: { TIMER_DELAY_SEC: '600', UNIQ_KEY: 'b' } });
    await pair.startSlave();
    await pair.caughtUp();
    await waitFor('the timers', () => pair.slave?.context.timers?.waiting === 2, { pollMs: 5 });
    for (const clock of [master.clock, pair.slaveClock]) await clock.advanceAsync(5000);
    await waitFor('the delivery', () => master.context.store.maxOffset('T', 0) === 1, { pollMs: 5 });
    await pair.caughtUp();
    assert.equal(pair.slave?.context.store.maxOffset('T', 0), 1);
    await pair.slaveClock.advanceAsync(10_000);
    await waitFor('the timers to follow', () => pair.slave?.context.timers?.waiting === 1, { pollMs: 5 });
    await pair.stopSlave();
    await master.runtime.broker.stop();
    await pair.startSlave({ brokerRole: 'ASYNC_MASTER', brokerId: 0 });
    await pair.slaveClock.advanceAsync(600_000);
    await waitFor('the delivery', () => pair.slave?.context.store.maxOffset('T', 0) === 2, { pollMs: 5 });
    await pair.slaveClock.advanceAsync(10_000);
    assert.equal(pair.slave.context.store.maxOffset('T', 0), 2);
  });

  it('follows again after a restart of either', async () => {
    pair = await TestPair.start();
    await pair.startSlave();
    await pair.master.send('T', 'one');
    await pair.caughtUp();
    await pair.stopSlave();
    await pair.master.send('T', 'two');
    await pair.startSlave();
    await pair.caughtUp();
    await waitFor('the topic', () => pair.slave?.context.topics.get('T') !== undefined, { pollMs: 5 });
    assert.deepEqual(await bodiesAtSlave('T'), ['one', 'two']);
  });

  it('does not follow a master that lost what it has, nor one with other messages', async () => {
    pair = await TestPair.start();
    await pair.startSlave();
    await pair.master.send('T', 'one');
    await pair.master.send('T', 'two');
    await pair.caughtUp();
    await pair.slaveClock.advanceAsync(10_000);
    await waitFor('the topic', () => pair.slave?.context.topics.get('T') !== undefined, { pollMs: 5 });
    await pair.stopSlave();
    const other = await TestPair.start();
    try {
      for (const body of [undefined, 'not', 'the same', 'but more']) {
        if (body !== undefined) await other.master.send('T', body);
        const slave = await pair.startSlave({}, other.master.runtime.nameServerAddress);
        const { address } = slave;
        await waitFor('the master', () => slave.context.registration.master.masterAddr !== undefined, { pollMs: 5 });
        await pair.slaveClock.advanceAsync(6000);
        assert.equal(slave.context.replication.hasMaster, false, address);
        assert.deepEqual(await bodiesAtSlave('T'), ['one', 'two']);
        await pair.stopSlave();
      }
    } finally {
      await other.stop();
    }
  });
});
