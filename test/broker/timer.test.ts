import assert from 'node:assert/strict';
import { Deferred } from '../../src/base/deferred.ts';
import { decodeKvTable } from '../../src/protocol/bodies/route.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import type { StoredMessage } from '../../src/protocol/message.ts';
import { decodeProperties } from '../../src/protocol/messageProperty.ts';
import { makeTempDir } from '../support/tempDir.ts';
import type { TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { TestBroker } from './testBroker.ts';

const TIMER_TOPIC = 'rmq_sys_wheel_timer';

describe('broker: timer messages', () => {
  let directory: TempDir;
  let broker: TestBroker;
  const start = async (settings: Parameters<typeof TestBroker.start>[0] = {}): Promise<void> => {
    broker = await TestBroker.start({ directory: directory.path, ...settings });
    await broker.createTopic('T', 1);
  };
  beforeEach(() => {
    directory = makeTempDir('timers');
  });
  afterEach(async () => {
    await broker.stop();
    directory.remove();
  });

  const sendAt = (deliverMs: number, body = 'x', more: Record<string, string> = {}): Promise<RemotingCommand> =>
    broker.send('T', body, { properties: { UNIQ_KEY: `K${body}`, TIMER_DELIVER_MS: String(deliverMs), ...more } });

  /** The message is in the wheel, not only in its topic. */
  const takenIn = (count: number): Promise<true> =>
    waitFor(
      `${count} messages in the wheel`,
      () => {
        const offset = broker.context.timers?.checkpoint().lastTimerQueueOffset;
        return offset === count && broker.context.store.maxOffset(TIMER_TOPIC, 0) === count;
      },
      { pollMs: 2 },
    );

  const delivered = (count: number): Promise<StoredMessage[]> =>
    waitFor(
      `${count} messages delivered`,
      async () => {
        const found = broker.context.store.maxOffset('T', 0) >= count ? await broker.read('T') : [];
        assert.ok(found.length <= count, `${found.length} messages instead of ${count}`);
        return found.length === count ? found : undefined;
      },
      { pollMs: 2 },
    );

  /** All that is to be done at this moment is done. */
  const lookedAhead = (): Promise<true> =>
    waitFor('the timers to rest', () => broker.context.timers?.hasDelivered(broker.clock.now()), { pollMs: 2 });

  const bodies = (messages: readonly StoredMessage[]): string[] => messages.map(({ body }) => body.toString());

  it('delivers at its moment, neither earlier nor when its slot is over, with the properties Java leaves', async () => {
    await start();
    const now = broker.clock.now();
    await broker.clock.advanceAsync(300);
    await broker.send('T', 'later', { properties: { UNIQ_KEY: 'AA', TAGS: 'x', TIMER_DELAY_MS: '3000' } });
    await takenIn(1);
    await broker.clock.advanceAsync(2999);
    await lookedAhead();
    assert.equal(broker.context.store.maxOffset('T', 0), 0);
    await broker.clock.advanceAsync(1);
    const [message] = await delivered(1);
    assert.ok(message);
    assert.equal(message.storeTimestamp, now + 3300);
    assert.equal(message.bornTimestamp, 1700000000000);
    assert.deepEqual(Object.fromEntries(decodeProperties(message.properties)), {
      UNIQ_KEY: 'AA',
      TAGS: 'x',
      TIMER_DELAY_MS: '3000',
      TIMER_OUT_MS: String(now + 3000),
      TIMER_ENQUEUE_MS: String(now),
      TIMER_DEQUEUE_MS: String(now + 3300),
      REAL_TOPIC: 'T',
      REAL_QID: '0',
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
      CLUSTER: 'DefaultCluster',
    });
    assert.equal((await broker.context.store.entry('T', 0, 0))?.tagsCode, 120);
  });

  it('parks as Apache does: the slot before the moment, topic and queue kept', async () => {
    await start();
    const now = broker.clock.now();
    await sendAt(now + 5000);
    await broker.send('T', 'y', { properties: { TIMER_DELAY_SEC: '7', TIMER_DELAY_MS: '1', TIMER_DELIVER_MS: '1' } });
    await sendAt(now + 5001);
    const parked = await broker.read(TIMER_TOPIC);
    assert.deepEqual(
      parked.map(({ properties }) => {
        const values = decodeProperties(properties);
        return ['TIMER_OUT_MS', 'REAL_TOPIC', 'REAL_QID'].map((name) => values.get(name));
      }),
      [now + 4000, now + 6000, now + 5000].map((slot) => [String(slot), 'T', '0']),
    );
  });

  it('stores at once what is due already', async () => {
    await start();
    await sendAt(broker.clock.now(), 'now');
    await broker.send('T', 'then', { properties: { TIMER_DELAY_MS: '-5' } });
    assert.deepEqual(bodies(await broker.read('T')), ['now', 'then']);
    assert.equal(broker.context.store.maxOffset(TIMER_TOPIC, 0), 0);
  });

  it('refuses with the words of Apache what is too far, no number, or a marker for the past', async () => {
    await start({ broker: { timerMaxDelaySec: 60 } });
    const remark =
      'timer message illegal, the delay time should not be bigger than the max delay 60000ms; ' +
      'or if set del msg, the delay time should be bigger than the current time';
    const now = broker.clock.now();
    for (const properties of [
      { TIMER_DELIVER_MS: String(now + 60_001) },
      { TIMER_DELAY_SEC: '61' },
      { TIMER_DELAY_MS: 'soon' },
      { TIMER_DELIVER_MS: String(now - 1), TIMER_DEL_UNIQKEY: 'K' },
    ]) {
      const answer = await broker.send('T', 'x', { properties });
      assert.deepEqual(
        [answer.code, answer.remark],
        [ResponseCode.MESSAGE_ILLEGAL, remark],
        JSON.stringify(properties),
      );
    }
    assert.equal((await sendAt(now + 60_000)).code, ResponseCode.SUCCESS);
  });

  it('refuses timers with Apache’s words when they are switched off', async () => {
    await start({ broker: { timerWheelEnable: false } });
    const answer = await sendAt(broker.clock.now() + 5000);
    assert.deepEqual(
      [answer.code, answer.remark],
      [ResponseCode.SYSTEM_ERROR, 'accurate timer message is not enabled, timerWheelEnable is false'],
    );
    assert.equal((await broker.ask(RequestCode.GET_TIMER_CHECK_POINT)).code, ResponseCode.SYSTEM_ERROR);
    assert.equal((await broker.ask(RequestCode.GET_TIMER_METRICS)).code, ResponseCode.SYSTEM_ERROR);
  });

  it('refuses with the words of Apache what comes to a slot that is full', async () => {
    await start({ broker: { timerCongestNumEachSlot: 1 } });
    const now = broker.clock.now();
    for (const body of ['a', 'b']) await sendAt(now + 5000, body);
    await takenIn(2);
    const answer = await sendAt(now + 5000, 'c');
    assert.deepEqual(
      [answer.code, answer.remark],
      [
        ResponseCode.SYSTEM_ERROR,
        'timer message is under flow control, max num limit is 2 or the current value is greater than 1 and less ' +
          'than 2, trigger random flow control',
      ],
    );
    assert.equal((await sendAt(now + 6000, 'd')).code, ResponseCode.SUCCESS);
  });

  it('has slots of timerPrecisionMs, in which every message has its moment', async () => {
    await start({ broker: { timerPrecisionMs: 100 } });
    const now = broker.clock.now();
    await sendAt(now + 1250, 'x');
    await takenIn(1);
    const [parked] = await broker.read(TIMER_TOPIC);
    assert.equal(decodeProperties(parked?.properties ?? '').get('TIMER_OUT_MS'), String(now + 1200));
    await broker.clock.advanceAsync(1249);
    await lookedAhead();
    assert.equal(broker.context.store.maxOffset('T', 0), 0);
    await broker.clock.advanceAsync(1);
    assert.equal((await delivered(1))[0]?.storeTimestamp, now + 1250);
  });

  it('refuses properties that leave no room for those that delivery adds, and delivers the longest that it takes', async () => {
    await start();
    const now = broker.clock.now();
    await sendAt(now + 2000, 'a');
    const [parked] = await broker.read(TIMER_TOPIC);
    const filler = 32_767 - 91 - (parked?.properties.length ?? 0) - 'filler'.length - 2;
    const refused = await sendAt(now + 2000, 'b', { filler: 'x'.repeat(filler + 1) });
    assert.equal(refused.code, ResponseCode.MESSAGE_ILLEGAL);
    assert.match(refused.remark ?? '', /msg properties length limit 32KB/);
    assert.equal((await sendAt(now + 2000, 'c', { filler: 'x'.repeat(filler) })).code, ResponseCode.SUCCESS);
    await takenIn(2);
    await broker.clock.advanceAsync(2000);
    assert.deepEqual(bodies(await delivered(2)), ['a', 'c']);
  });

  it('drops what falls due for a topic that was deleted, and counts it no more', async () => {
    await start();
    const now = broker.clock.now();
    await broker.createTopic('Gone', 1);
    await broker.send('Gone', 'x', { properties: { TIMER_DELIVER_MS: String(now + 5000) } });
    await sendAt(now + 5000, 'stays');
    await takenIn(2);
    await broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'Gone' });
    await broker.clock.advanceAsync(5000);
    assert.deepEqual(bodies(await delivered(1)), ['stays']);
    const metrics = (await broker.ask(RequestCode.GET_TIMER_METRICS)).body.toString();
    assert.deepEqual(Object.keys((JSON.parse(metrics) as { timingCount: object }).timingCount), ['T']);
    assert.equal(broker.context.store.hasQueue('Gone', 0), false);
  });

  it('drops what a client sent to the topic of timers itself without a moment', async () => {
    await start();
    const now = broker.clock.now();
    await broker.send(TIMER_TOPIC, 'x', { properties: { UNIQ_KEY: 'A' } });
    await sendAt(now + 2000, 'y');
    await takenIn(2);
    await broker.clock.advanceAsync(2000);
    assert.deepEqual(bodies(await delivered(1)), ['y']);
  });

  it('drops what a client sent to the topic of timers itself for a queue that no record can name', async () => {
    await start();
    const now = broker.clock.now();
    const to = { REAL_TOPIC: 'T', REAL_QID: '3000000000' };
    await broker.send(TIMER_TOPIC, 'past', { properties: { UNIQ_KEY: 'A', TIMER_OUT_MS: '1', ...to } });
    await broker.send(TIMER_TOPIC, 'soon', { properties: { UNIQ_KEY: 'B', TIMER_OUT_MS: String(now + 1000), ...to } });
    await sendAt(now + 2000, 'y');
    await takenIn(3);
    await broker.clock.advanceAsync(2000);
    assert.deepEqual(bodies(await delivered(1)), ['y']);
    assert.equal(broker.context.store.hasQueue('T', 3_000_000_000), false);
  });

  it('lets a delay level win, and takes the moment away', async () => {
    await start();
    await sendAt(broker.clock.now() + 60_000, 'x', { DELAY: '1' });
    await broker.clock.advanceAsync(1000);
    const [message] = await delivered(1);
    assert.equal(decodeProperties(message?.properties ?? '').has('TIMER_DELIVER_MS'), false);
  });

  it('delivers in order of time, then of arrival, and has no timer when nothing waits', async () => {
    await start();
    await broker.clock.advanceAsync(60_000);
    const idle = broker.clock.pendingCount;
    const now = broker.clock.now();
    await sendAt(now + 9000, 'c');
    await sendAt(now + 5000, 'a');
    await sendAt(now + 5000, 'b');
    await takenIn(3);
    await broker.clock.advanceAsync(5000);
    await delivered(2);
    await broker.clock.advanceAsync(60_000);
    assert.deepEqual(bodies(await delivered(3)), ['a', 'b', 'c']);
    await broker.clock.advanceAsync(60_000);
    await waitFor('no timer more', () => broker.clock.pendingCount === idle);
  });

  it('goes on after a restart, and delivers nothing twice', async () => {
    await start();
    const now = broker.clock.now();
    await sendAt(now + 5000, 'a');
    await sendAt(now + 9000, 'b');
    await takenIn(2);
    await broker.clock.advanceAsync(5000);
    await delivered(1);
    await broker.stop();
    await start();
    await broker.clock.advanceAsync(8999);
    assert.deepEqual(bodies(await delivered(1)), ['a']);
    await broker.clock.advanceAsync(1);
    assert.deepEqual(bodies(await delivered(2)), ['a', 'b']);
  });

  it('takes a message back by its recall handle', async () => {
    await start({ broker: { recallMessageEnable: true } });
    const now = broker.clock.now();
    const sent = await sendAt(now + 5000, 'a');
    await sendAt(now + 5000, 'b');
    const recallHandle = sent.extFields['recallHandle'] ?? '';
    assert.equal(Buffer.from(recallHandle, 'base64').toString(), `v1 T broker-a ${now + 4001} Ka`);
    const answer = await broker.ask(RequestCode.RECALL_MESSAGE, { producerGroup: 'P', topic: 'T', recallHandle });
    assert.deepEqual([answer.code, answer.remark], [0, 'not set any response code']);
    assert.deepEqual({ ...answer.extFields }, { msgId: 'Ka', MSG_REGION: 'DefaultRegion' });
    await takenIn(3);
    await broker.clock.advanceAsync(6000);
    assert.deepEqual(bodies(await delivered(1)), ['b']);
  });

  it('answers a recall after its marker is on disk, or after the time for that', async () => {
    await start({ broker: { recallMessageEnable: true } });
    const { recallHandle = '' } = (await sendAt(broker.clock.now() + 5000, 'a')).extFields;
    const events: string[] = [];
    const disk = new Deferred<boolean>();
    broker.context.store.flushed = () => {
      events.push('waits');
      return disk.promise;
    };
    const answer = broker.ask(RequestCode.RECALL_MESSAGE, { producerGroup: 'P', topic: 'T', recallHandle });
    const answered = answer.then(({ code }) => events.push(`answered ${code}`));
    await broker.ask(RequestCode.GET_TIMER_METRICS);
    events.push('time is over');
    disk.resolve(false);
    await answered;
    assert.deepEqual(events, ['waits', 'time is over', 'answered 0']);
  });

  it('says how many wait for each topic and how far it is', async () => {
    await start();
    const now = broker.clock.now();
    await sendAt(now + 5000, 'a');
    await sendAt(now + 9000, 'b');
    await takenIn(2);
    const counts = async (): Promise<unknown> =>
      (JSON.parse((await broker.ask(RequestCode.GET_TIMER_METRICS)).body.toString()) as { timingCount: unknown })
        .timingCount;
    assert.deepEqual(await counts(), { T: { count: 2, timeStamp: now } });
    const told = async (): Promise<object> => {
      const { body } = await broker.ask(RequestCode.GET_BROKER_RUNTIME_INFO);
      return Object.fromEntries([...decodeKvTable(body)].filter(([key]) => key.startsWith('timer')));
    };
    assert.deepEqual(await told(), {
      timerReadBehind: '0',
      timerOffsetBehind: '0',
      timerCongestNum: '2',
      timerEnqueueTps: '0.2',
      timerDequeueTps: '0.0',
    });
    await broker.clock.advanceAsync(5000);
    await delivered(1);
    assert.deepEqual(await told(), {
      timerReadBehind: '0',
      timerOffsetBehind: '0',
      timerCongestNum: '1',
      timerEnqueueTps: '0.2',
      timerDequeueTps: '0.1',
    });
    assert.deepEqual(await counts(), { T: { count: 1, timeStamp: now + 5000 } });
    const { body } = await broker.ask(RequestCode.GET_TIMER_CHECK_POINT);
    assert.equal(body.length, 56);
    assert.equal(Number(body.readBigInt64BE(0)), now + 5000);
    assert.equal(Number(body.readBigInt64BE(16)), 2);
    assert.equal(Number(body.readBigInt64BE(24)), 2);
  });
});
