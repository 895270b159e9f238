import assert from 'node:assert/strict';
import { RequestCode, ResponseCode } from '../../../src/protocol/codes.ts';
import { popRetryTopic } from '../../../src/protocol/popReceipt.ts';
import { PullSysFlag } from '../../../src/protocol/requests/pull.ts';
import { waitFor } from '../../support/waitFor.ts';
import { GROUP, PopBroker, bodies } from '../pop/popBroker.ts';
import { TIMEOUT_MS, TestBroker, ask, consumerBeat, pullRequest, records } from '../testBroker.ts';
import { COMMIT, TransactionClient } from '../transactionClient.ts';

describe('clock of the control interface', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start({ controlled: true });
    await broker.createTopic('T', 1);
  });
  afterEach(() => broker.stop());

  const move = async (how: object): Promise<Record<string, unknown>> => {
    const { status, json } = await broker.control('POST', '/clock', how);
    assert.equal(status, 200, JSON.stringify(json));
    return json;
  };
  /** By the clock of messages. */
  const now = (): number => broker.context.clock.now();
  const arrived = async (topic = 'T'): Promise<string[]> =>
    (await broker.read(topic)).map(({ body }) => body.toString());

  it('delivers what falls due on the way at once, in order, each at its moment', async () => {
    const beganMs = now();
    const delays = [
      ['2h', { DELAY: '18' }, 7_200_000],
      ['10s', { DELAY: '3' }, 10_000],
      ['timer 40m', { TIMER_DELAY_SEC: '2400' }, 2_400_000],
      ['30m', { DELAY: '16' }, 1_800_000],
      ['timer 15s', { TIMER_DELAY_MS: '15000' }, 15_000],
      ['10s again', { DELAY: '3' }, 10_000],
      ['1h', { DELAY: '17' }, 3_600_000],
    ] as const;
    for (const [body, properties] of delays) {
      await broker.send('T', body, { properties: { UNIQ_KEY: body, ...properties } });
    }
    const moved = await move({ by: '1h' });
    assert.deepEqual([moved['nowMs'], moved['aheadMs']], [beganMs + 3_600_000, 3_600_000]);
    const order = ['10s', '10s again', 'timer 15s', '30m', 'timer 40m', '1h'];
    assert.deepEqual(await arrived(), order);
    const dueOf = new Map<string, number>(delays.map(([body, , delayMs]) => [body, delayMs]));
    assert.deepEqual(
      (await broker.read('T')).map(({ storeTimestamp }) => storeTimestamp - beganMs),
      order.map((body) => dueOf.get(body)),
    );
    await move({ to: new Date(beganMs + 7_200_000).toISOString() });
    assert.deepEqual(await arrived(), [...order, '2h']);
  });

  it('delivers hundreds on the way', async () => {
    for (let index = 0; index < 300; index++) {
      await broker.send('T', `${index}`, { properties: { UNIQ_KEY: `${index}`, DELAY: String(1 + (index % 18)) } });
    }
    await move({ by: '3h' });
    const times = (await broker.read('T')).map(({ storeTimestamp }) => storeTimestamp);
    assert.equal(times.length, 300);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
  });

  it('gives a message that failed again', async () => {
    await broker.send('T', 'failed');
    const [message] = await broker.read('T');
    assert.ok(message);
    const answer = await broker.ask(RequestCode.CONSUMER_SEND_MSG_BACK, {
      offset: String(message.physicalOffset),
      group: 'G',
      delayLevel: '0',
      originMsgId: 'x',
      originTopic: 'T',
      unitMode: 'false',
    });
    assert.equal(answer.code, 0, answer.remark);
    await move({ by: 9999 });
    assert.deepEqual(await arrived('%RETRY%G'), []);
    await move({ by: 1 });
    assert.deepEqual(await arrived('%RETRY%G'), ['failed']);
  });

  it('asks producers about open transactions once in a jump, and does not give up on them', async () => {
    const client = await TransactionClient.start({
      connect: (handle) => broker.connect(handle),
      clock: broker.clock,
      group: 'TxGroup',
    });
    const place = await client.half('T', 'half');
    await move({ by: '10h' });
    const [question] = await waitFor('the question', async () => {
      // The round is made by a timer of the machine.
      broker.clock.advance(0);
      const questions = await client.settled();
      return questions.length > 0 && questions;
    });
    assert.equal(client.questions.length, 1);
    assert.equal(question?.half.body.toString(), 'half');
    assert.equal((await client.end(question.place, COMMIT, { fromTransactionCheck: 'true' })).code, 0);
    assert.deepEqual(await arrived(), ['half']);
    assert.ok(Number(place.tranStateTableOffset) < Number(question.place.tranStateTableOffset));
  });

  it('takes no half message for old that clients sent by their own clocks after a jump', async () => {
    await move({ by: '5h' });
    const client = await TransactionClient.start({ connect: (handle) => broker.connect(handle), clock: broker.clock });
    const place = await client.half('T', 'young', { CHECK_IMMUNITY_TIME_IN_SECONDS: '60' });
    await move({ by: '30s' });
    assert.deepEqual(await client.settled(), []);
    assert.equal((await client.end(place, COMMIT)).code, 0);
    assert.deepEqual(await arrived(), ['young']);
  });

  it('removes old files when their time is over, whatever the hour it is then', async () => {
    await broker.stop();
    broker = await TestBroker.start({ controlled: true, broker: { mappedFileSizeCommitLog: 64 * 1024 } });
    await broker.createTopic('T', 1);
    for (let index = 0; index < 10; index++) await broker.send('T', Buffer.alloc(20_000, 'x'));
    assert.equal(broker.context.store.minOffset('T', 0), 0);
    await move({ by: '71h' });
    assert.equal(broker.context.store.minOffset('T', 0), 0);
    await move({ by: '25h' });
    assert.ok(broker.context.store.minOffset('T', 0) > 0);
  });

  it('throws out no client that is connected, and holds what it asked for as long as it waits', async () => {
    const consumer = await broker.connect();
    await broker.heartbeat(consumer, consumerBeat('consumer', 'G', { T: '*' }));
    const producer = await broker.connect();
    await ask(producer, RequestCode.HEART_BEAT, {}, { clientID: 'producer', producerDataSet: [{ groupName: 'P' }] });
    const lock = {
      consumerGroup: 'G',
      clientId: 'consumer',
      mqSet: [{ topic: 'T', brokerName: 'broker-a', queueId: 0 }],
    };
    await ask(consumer, RequestCode.LOCK_BATCH_MQ, {}, lock);
    await broker.send('T', 'tomorrow', { properties: { UNIQ_KEY: 'A', TIMER_DELAY_SEC: '86400' } });
    let isAnswered = false;
    const held = consumer
      .request(
        pullRequest({ topic: 'T', group: 'G', sysFlag: PullSysFlag.SUBSCRIPTION | PullSysFlag.SUSPEND }),
        TIMEOUT_MS,
      )
      .finally(() => (isAnswered = true));
    await waitFor('the pull to be held', () => broker.context.heldPulls.size === 1, { pollMs: 2 });

    await move({ by: '23h' });
    assert.deepEqual([consumer.isOpen, producer.isOpen, isAnswered], [true, true, false]);
    assert.equal(broker.context.heldPulls.size, 1);
    assert.equal(broker.context.consumers.get('G')?.members.size, 1);
    assert.equal(broker.context.producers.members('P')?.size, 1);
    const others = { ...lock, clientId: 'other' };
    const locked = await ask(producer, RequestCode.LOCK_BATCH_MQ, {}, others);
    assert.equal(locked.body.toString(), '{"lockOKMQSet":[]}');
    assert.equal((await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'T' })).code, 0);

    await move({ by: '1h' });
    assert.deepEqual(
      records((await held).body).map(({ body }) => body.toString()),
      ['tomorrow'],
    );
  });

  it('still takes leave of clients that are silent by the clock of the machine', async () => {
    const consumer = await broker.connect();
    await broker.heartbeat(consumer, consumerBeat('consumer', 'G', { T: '*' }));
    await move({ action: 'freeze' });
    broker.clock.advance(140_000);
    await waitFor('its end', () => broker.context.consumers.get('G') === undefined, { pollMs: 2 });
  });

  it('stands still when it is frozen, and holds what is due', async () => {
    await broker.send('T', '1s', { properties: { UNIQ_KEY: 'A', DELAY: '1' } });
    const frozen = await move({ action: 'freeze' });
    assert.deepEqual([frozen['frozen'], frozen['rate']], [true, 0]);
    await broker.clock.advanceAsync(60_000);
    assert.deepEqual(await arrived(), []);
    assert.equal((await broker.control('GET', '/clock')).json['aheadMs'], -60_000);
    const resumed = await move({ action: 'resume', by: '2s' });
    assert.deepEqual([resumed['frozen'], resumed['aheadMs']], [false, -58_000]);
    assert.deepEqual(await arrived(), ['1s']);
  });

  it('runs faster', async () => {
    await broker.send('T', '1m', { properties: { UNIQ_KEY: 'A', DELAY: '5' } });
    await move({ rate: 60 });
    await broker.clock.advanceAsync(999);
    assert.deepEqual(await arrived(), []);
    await broker.clock.advanceAsync(1);
    await waitFor('the message', () => broker.context.store.maxOffset('T', 0) === 1, { pollMs: 2 });
  });

  it('ends a jump that is under way, when the broker is to end', async () => {
    const beganMs = now();
    const { clock } = broker.context;
    const fired: number[] = [];
    let stopped: Promise<void> | undefined;
    clock.after(1000, () => {
      stopped = broker.stop();
    });
    for (const delayMs of [2000, 3000]) clock.after(delayMs, () => fired.push(delayMs));
    await assert.rejects(broker.control('POST', '/clock', { by: '1h' }), /fetch failed/);
    assert.ok(stopped);
    await stopped;
    assert.deepEqual([fired, clock.now() - beganMs], [[], 1000]);
  });

  it('says what is wrong with a move, and does not move', async () => {
    const before = now();
    for (const [how, expected] of [
      [{}, /needs one of these; allowed: by, to, rate, action/],
      [[], /a move of the clock is to be an object/],
      [{ by: 'soon' }, /by cannot be "soon": milliseconds, or a time such as 90s or 1h30m/],
      [{ by: -5 }, /by cannot be "-5"/],
      [{ by: '400d' }, /one jump is at most 366 days/],
      [{ to: 'then' }, /to cannot be "then"/],
      [{ to: '2001-01-01T00:00:00Z' }, /time only goes forward/],
      [{ to: before + 1, by: 1 }, /by and to exclude each other/],
      [{ action: 'stop' }, /action cannot be "stop"; allowed: freeze, resume/],
      [{ action: 'freeze', rate: 2 }, /action and rate exclude each other/],
      [{ rate: -1 }, /rate is to be a number from 0 to 100000/],
      [{ jump: 1 }, /has no "jump"; allowed: action, rate, by, to/],
    ] as const) {
      const { status, json } = await broker.control('POST', '/clock', how);
      assert.equal(status, 400, JSON.stringify(how));
      assert.match((json['error'] as { message: string }).message, expected);
    }
    assert.equal(now(), before);
  });
});

describe('clock of the control interface: POP', () => {
  it('gives again what was popped and not acknowledged, when its invisible time is over', async () => {
    const pops = await PopBroker.start({ controlled: true });
    try {
      await pops.send('kept', 'acknowledged');
      const popped = await pops.pop();
      assert.deepEqual(bodies(popped), ['kept', 'acknowledged']);
      const acknowledged = popped[1];
      assert.ok(acknowledged);
      assert.equal((await pops.ack(acknowledged)).code, ResponseCode.SUCCESS);
      const moved = await pops.broker.control('POST', '/clock', { by: '1h' });
      assert.equal(moved.status, 200);
      const again = await pops.broker.read(popRetryTopic('T', GROUP));
      assert.deepEqual(
        again.map(({ body }) => body.toString()),
        ['kept'],
      );
    } finally {
      await pops.stop();
    }
  });
});
