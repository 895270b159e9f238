import assert from 'node:assert/strict';
import { PutTimes } from '../../src/broker/statistics/putTimes.ts';
import { Windows } from '../../src/broker/statistics/windows.ts';
import { decodeKvTable } from '../../src/protocol/bodies/route.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { FakeClock } from '../support/fakeClock.ts';
import { goldenExchange } from '../support/goldenFrames.ts';
import { ask, consumerBeat, pullRequest, sendRequest, TestBroker, TIMEOUT_MS } from './testBroker.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('broker: windows of counters', () => {
  let clock: FakeClock;
  let windows: Windows;
  beforeEach(() => {
    clock = new FakeClock();
    windows = new Windows(clock);
  });
  afterEach(() => {
    windows.dispose();
    assert.equal(clock.pendingCount, 0);
  });

  it('knows nothing before the first sample, then what came within the period before it', () => {
    const counter = windows.counter();
    counter.add(20, 4);
    assert.deepEqual(counter.snapshot('minute'), { sum: 0, tps: 0, times: 0, average: 0 });
    clock.advance(10_000);
    assert.deepEqual(counter.snapshot('minute'), { sum: 20, tps: 2, times: 4, average: 5 });
    assert.deepEqual(counter.snapshot('hour'), { sum: 0, tps: 0, times: 0, average: 0 });
  });

  it('forgets after a minute of six samples, whether something comes or not', () => {
    const counter = windows.counter();
    for (let second = 0; second < 90; second += 1) {
      counter.add(1);
      clock.advance(1000);
    }
    assert.deepEqual(counter.snapshot('minute'), { sum: 60, tps: 1, times: 60, average: 1 });
    clock.advance(30_000);
    assert.deepEqual(counter.snapshot('minute'), { sum: 30, tps: 0.5, times: 30, average: 1 });
    clock.advance(30_000);
    assert.deepEqual(counter.snapshot('minute'), { sum: 0, tps: 0, times: 0, average: 0 });
    counter.add(7);
    clock.advance(10_000);
    assert.equal(counter.snapshot('minute').sum, 7);
  });

  it('samples the hour every ten minutes and the day every hour', () => {
    const counter = windows.counter();
    for (let minute = 0; minute < 25 * 60; minute += 1) {
      counter.add(6);
      clock.advance(MINUTE);
    }
    assert.deepEqual(counter.snapshot('hour'), { sum: 360, tps: 0.1, times: 60, average: 6 });
    assert.deepEqual(counter.snapshot('day'), { sum: 24 * 360, tps: 0.1, times: 24 * 60, average: 6 });
    clock.advance(23 * HOUR);
    assert.equal(counter.snapshot('hour').sum, 0);
    assert.equal(counter.snapshot('day').sum, 360);
    clock.advance(HOUR);
    assert.equal(counter.snapshot('day').sum, 0);
  });

  it('keeps classes and percentiles of write times of the minute before', () => {
    const times = new PutTimes();
    assert.equal(times.distributionText(), 'null');
    for (let n = 0; n < 98; n += 1) times.add(0);
    times.add(30);
    times.add(70_000);
    assert.equal(times.percentile(0.99), 0);
    times.turn();
    assert.match(times.distributionText(), /^\[<=0ms\]:98 \[0~10ms\]:0 \[10~50ms\]:1 .*\[10s~\]:1 $/);
    assert.equal(times.percentile(0.99), 30);
    assert.equal(times.maxMs, 70_000);
    times.turn();
    assert.equal(times.percentile(0.99), 0);
  });
});

describe('broker: statistics', () => {
  let broker: TestBroker;
  beforeEach(async () => (broker = await TestBroker.start()));
  afterEach(() => broker.stop());

  const view = async (statsName: string, statsKey: string): Promise<unknown> => {
    const answer = await broker.ask(RequestCode.VIEW_BROKER_STATS_DATA, { statsName, statsKey });
    return answer.code === ResponseCode.SUCCESS ? JSON.parse(answer.body.toString()) : answer.remark;
  };
  const minuteOf = async (name: string, key: string): Promise<unknown> =>
    ((await view(name, key)) as { statsMinute: object }).statsMinute;

  it('counts what is stored by topic, queue and broker, with the size of the records', async () => {
    await broker.createTopic('T', 2);
    for (let n = 0; n < 3; n += 1) await broker.send('T', 'x', { queueId: 1 });
    const bytes = broker.context.store.maxPhysicalOffset;
    broker.clock.advance(10_000);
    const sum = (value: number): object => ({ sum: value, tps: value / 10, avgpt: value / 3 });
    assert.deepEqual(await minuteOf('TOPIC_PUT_NUMS', 'T'), sum(3));
    assert.deepEqual(await minuteOf('TOPIC_PUT_SIZE', 'T'), sum(bytes));
    assert.deepEqual(await minuteOf('QUEUE_PUT_NUMS', 'T@1'), sum(3));
    assert.deepEqual(await minuteOf('QUEUE_PUT_SIZE', 'T@1'), sum(bytes));
    assert.deepEqual(await minuteOf('TOPIC_PUT_LATENCY', '1@T'), sum(0));
    assert.deepEqual(await minuteOf('BROKER_PUT_NUMS', 'DefaultCluster'), { sum: 3, tps: 0.3, avgpt: 0 });
    assert.equal(await view('QUEUE_PUT_NUMS', 'T@0'), 'The stats <QUEUE_PUT_NUMS> <T@0> not exist');
    assert.equal(await view('NO_SUCH', 'T'), 'The stats <NO_SUCH> <T> not exist');
    await broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'T' });
    assert.equal(await view('TOPIC_PUT_NUMS', 'T'), 'The stats <TOPIC_PUT_NUMS> <T> not exist');
  });

  it('counts what a group gets, and not what it finds missing', async () => {
    await broker.createTopic('T', 1);
    await broker.send('T', 'a');
    await broker.send('T', 'b');
    const [sysFlag, group] = [4, 'G'];
    const pull = (queueOffset: number): Promise<unknown> =>
      broker.client.request(pullRequest({ topic: 'T', group, sysFlag, queueOffset }), TIMEOUT_MS);
    await pull(0);
    await pull(2);
    broker.clock.advance(10_000);
    assert.deepEqual(await minuteOf('GROUP_GET_NUMS', 'T@G'), { sum: 2, tps: 0.2, avgpt: 2 });
    assert.deepEqual(await minuteOf('GROUP_GET_LATENCY', '0@T@G'), { sum: 0, tps: 0, avgpt: 0 });
    assert.deepEqual(await minuteOf('BROKER_GET_NUMS', 'DefaultCluster'), { sum: 2, tps: 0.2, avgpt: 0 });
    const table = decodeKvTable((await broker.ask(RequestCode.GET_BROKER_RUNTIME_INFO)).body);
    assert.match(table.get('getFoundTps') ?? '', /^0\.1 /);
    assert.match(table.get('getMissTps') ?? '', /^0\.1 /);
    assert.match(table.get('getTransferredTps') ?? '', /^0\.2 /);
  });

  it('counts a message that a consumer sends back, and what its delay level delivers', async () => {
    await broker.createTopic('T', 1);
    await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: '*' }));
    await broker.send('T', 'a');
    await broker.ask(RequestCode.CONSUMER_SEND_MSG_BACK, {
      group: 'G',
      offset: '0',
      delayLevel: '1',
      originTopic: 'T',
    });
    await broker.clock.advanceAsync(10_000);
    assert.deepEqual(await minuteOf('SNDBCK_PUT_NUMS', 'T@G'), { sum: 1, tps: 0.1, avgpt: 1 });
    assert.deepEqual(await minuteOf('TOPIC_PUT_NUMS', 'SCHEDULE_TOPIC_XXXX'), { sum: 1, tps: 0.1, avgpt: 1 });
    assert.deepEqual(await minuteOf('TOPIC_PUT_NUMS', '%RETRY%G'), { sum: 1, tps: 0.1, avgpt: 1 });
    assert.deepEqual(await minuteOf('QUEUE_GET_NUMS', 'SCHEDULE_TOPIC_XXXX@0@SCHEDULE_CONSUMER'), {
      sum: 1,
      tps: 0.1,
      avgpt: 1,
    });
    const table = decodeKvTable((await broker.ask(RequestCode.GET_BROKER_RUNTIME_INFO)).body);
    assert.equal(table.get('putMessageTimesTotal'), '3', 'every record of the log');
    assert.equal(table.get('msgPutTotalTodayNow'), '2', 'without those of system topics');
  });

  it('remembers the totals of the last two midnights', async () => {
    await broker.createTopic('T', 1);
    // A connection does not outlive a day of silence.
    const sendOne = async (): Promise<unknown> => (await broker.connect()).request(sendRequest('T', 'one'), TIMEOUT_MS);
    const totals = async (): Promise<(string | undefined)[]> => {
      const answer = await ask(await broker.connect(), RequestCode.GET_BROKER_RUNTIME_INFO);
      const table = decodeKvTable(answer.body);
      return ['Yesterday', 'Today'].map((day) => table.get(`msgPutTotal${day}Morning`));
    };
    await sendOne();
    assert.deepEqual(await totals(), ['0', '0']);
    broker.clock.advance(24 * HOUR);
    await sendOne();
    assert.deepEqual(await totals(), ['0', '1']);
    broker.clock.advance(24 * HOUR);
    assert.deepEqual(await totals(), ['1', '2']);
  });

  it('tells every key of Apache in its runtime information', async () => {
    const golden = goldenExchange('runtime_info').response?.bodyUtf8 ?? '';
    const expected = Object.keys((JSON.parse(golden) as { table: Record<string, string> }).table);
    const table = decodeKvTable((await broker.ask(RequestCode.GET_BROKER_RUNTIME_INFO)).body);
    const missing = expected.filter(
      (key) => !table.has(key) && !/^(commitLogDiskRatio|scheduleMessageOffset)_/.test(key),
    );
    assert.deepEqual(missing, []);
    assert.ok([...table.keys()].some((key) => /^commitLogDiskRatio_.*commitlog$/.test(key)));
  });

  it('tells how far every group is, also those that are away', async () => {
    await broker.createTopic('T', 1);
    await broker.createTopic('Gone', 1);
    for (const body of ['a', 'b', 'c']) await broker.send('T', body);
    for (const topic of ['T', 'Gone']) broker.context.offsets.commit('G', topic, 0, 1);
    broker.context.groups.find('G');
    await broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'Gone' });
    const answer = await broker.ask(RequestCode.GET_BROKER_CONSUME_STATS, { isOrder: 'false' });
    const text = answer.body.toString();
    assert.ok(text.startsWith(`{"brokerAddr":"${broker.runtime.broker.address}","consumeStatsList":[`));
    assert.ok(text.includes('{"TOOLS_CONSUMER":[]}'));
    const queue = '{"brokerName":"broker-a","queueId":0,"topic":"T"}';
    const progress = `{"brokerOffset":3,"consumerOffset":1,"lastTimestamp":${broker.clock.now()},"pullOffset":0}`;
    assert.ok(text.includes(`{"G":[{"consumeTps":0,"offsetTable":{${queue}:${progress}}}]}`), text);
    assert.ok(text.endsWith('],"totalDiff":2,"totalInflightDiff":-1}'));
    const ordered = await broker.ask(RequestCode.GET_BROKER_CONSUME_STATS, { isOrder: 'true' });
    assert.ok(ordered.body.toString().includes('{"G":[]}'));
  });
});
