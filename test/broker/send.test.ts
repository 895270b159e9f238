import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { encodeBatch } from '../../src/protocol/batch.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { decodeTopicRoute } from '../../src/protocol/bodies/route.ts';
import { decodeProperties } from '../../src/protocol/messageProperty.ts';
import { parseOffsetMessageId } from '../../src/protocol/messageId.ts';
import { formatHostAddress } from '../../src/protocol/hostAddress.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { TIMEOUT_MS, TestBroker, sendRequest } from './testBroker.ts';

describe('broker: send', () => {
  let broker: TestBroker;
  beforeEach(async () => (broker = await TestBroker.start()));
  afterEach(() => broker.stop());

  it('answers where the message is, and the message can be read', async () => {
    await broker.createTopic('T');
    const answer = await broker.send('T', 'hello', { queueId: 2, properties: { UNIQ_KEY: 'AB12', TAGS: 'x', k: 'v' } });
    assert.equal(answer.code, ResponseCode.SUCCESS);
    const { msgId = '', ...rest } = answer.extFields;
    assert.deepEqual(rest, {
      queueId: '2',
      queueOffset: '0',
      transactionId: 'AB12',
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
    });
    const { storeHost, physicalOffset } = parseOffsetMessageId(msgId);
    assert.equal(formatHostAddress(storeHost), broker.runtime.broker.address);
    const [message] = await broker.read('T', 2);
    assert.equal(message?.physicalOffset, physicalOffset);
    assert.equal(message.body.toString(), 'hello');
    assert.equal(message.bornTimestamp, 1700000000000);
    assert.equal(message.storeTimestamp, broker.clock.now());
    assert.equal(formatHostAddress(message.storeHost), broker.runtime.broker.address);
    assert.deepEqual(Object.fromEntries(decodeProperties(message.properties)), {
      UNIQ_KEY: 'AB12',
      TAGS: 'x',
      k: 'v',
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
      CLUSTER: 'DefaultCluster',
    });
  });

  it('answers when the message is in the files, also where many come at once', async () => {
    await broker.createTopic('T');
    const log = path.join(broker.context.store.directory, 'commitlog', '0'.repeat(20));
    const sends = Array.from({ length: 40 }, async (_, index) => {
      const body = `message ${index}.`;
      const { code, extFields } = await broker.send('T', body, { queueId: 1 });
      assert.ok(readFileSync(log).includes(body));
      return [code, extFields['queueOffset']];
    });
    assert.deepEqual(
      await Promise.all(sends),
      sends.map((_, index) => [0, String(index)]),
    );
  });

  it('answers all of them with an error when the log cannot be written', async () => {
    await broker.createTopic('T');
    const log = path.join(broker.context.store.directory, 'commitlog');
    writeFileSync(log, 'in the way');
    const codes = await Promise.all(['a', 'b'].map(async (body) => (await broker.send('T', body)).code));
    assert.deepEqual(codes, [ResponseCode.SYSTEM_ERROR, ResponseCode.SYSTEM_ERROR]);
    rmSync(log);
    assert.equal((await broker.send('T', 'c')).extFields['queueOffset'], '0');
  });

  it('takes the long names of code 10, and numbers that the C++ client writes', async () => {
    await broker.createTopic('T');
    const answer = await broker.ask(
      RequestCode.SEND_MESSAGE,
      {
        producerGroup: 'P',
        topic: 'T',
        defaultTopic: 'TBW102',
        defaultTopicQueueNums: '4',
        queueId: '1',
        sysFlag: '0',
        bornTimestamp: '1',
        flag: '7',
        properties: '',
        reconsumeTimes: '0',
        unitMode: 'false',
      },
      Buffer.from('long names'),
    );
    assert.equal(answer.code, ResponseCode.SUCCESS);
    const [message] = await broker.read('T', 1);
    assert.equal(message?.flag, 7);
    assert.equal(message.body.toString(), 'long names');
  });

  it('makes a unique key where there is none, and replaces stamps and POP_CK that a client sent', async () => {
    await broker.createTopic('T');
    const answer = await broker.send('T', 'x', { properties: { CLUSTER: 'Other', POP_CK: '1 2 3', MSG_REGION: 'r' } });
    const properties = decodeProperties((await broker.read('T'))[0]?.properties ?? '');
    assert.match(answer.extFields['transactionId'] ?? '', /^[0-9A-F]{32}$/);
    assert.equal(properties.get('UNIQ_KEY'), answer.extFields['transactionId']);
    assert.equal(properties.get('CLUSTER'), 'DefaultCluster');
    assert.equal(properties.get('MSG_REGION'), 'DefaultRegion');
    assert.equal(properties.has('POP_CK'), false);
  });

  it('keeps what a property string without its last separator holds', async () => {
    await broker.createTopic('T');
    await broker.send('T', 'x', { header: { i: 'UNIQ_KEY\u0001AA\u0002k\u0001v' } });
    const properties = decodeProperties((await broker.read('T'))[0]?.properties ?? '');
    assert.equal(properties.get('k'), 'v');
    assert.equal(properties.get('CLUSTER'), 'DefaultCluster');
  });

  it('answers no one-way send, and stores it', async () => {
    await broker.createTopic('T');
    await broker.client.oneway(sendRequest('T', 'one way'));
    await broker.send('T', 'second');
    assert.deepEqual(
      (await broker.read('T')).map((message) => message.body.toString()),
      ['one way', 'second'],
    );
  });

  it('makes an unknown topic from TBW102 and tells the NameServer before it answers', async () => {
    const answer = await broker.send('Fresh', 'x', { queueId: 3, header: { d: '5' } });
    assert.equal(answer.code, ResponseCode.SUCCESS);
    const route = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'Fresh' });
    assert.deepEqual(decodeTopicRoute(route.body).queues, [
      { brokerName: 'broker-a', perm: 6, readQueueNums: 5, writeQueueNums: 5, topicSysFlag: 0 },
    ]);
  });

  it('tells the NameServer of a topic that a send makes whose queue is then refused', async () => {
    assert.equal((await broker.send('Made', 'x', { queueId: 99 })).code, ResponseCode.INVALID_PARAMETER);
    assert.equal((await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'Made' })).code, 0);
  });

  it('makes no topic once auto-creation is off, though the store had the template', async () => {
    const directory = makeTempDir('template');
    await broker.stop();
    await (await TestBroker.start({ directory: directory.path })).stop();
    broker = await TestBroker.start({ directory: directory.path, broker: { autoCreateTopicEnable: false } });
    assert.equal((await broker.send('Unknown', 'x')).code, ResponseCode.TOPIC_NOT_EXIST);
    assert.equal((await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'TBW102' })).code, 17);
    await broker.stop();
    directory.remove();
  });

  it('makes at most as many queues as the template has', async () => {
    await broker.send('Fresh', 'x', { header: { d: '64' } });
    assert.equal(broker.context.topics.get('Fresh')?.writeQueueNums, 8);
  });

  it('keeps the order of sends to a topic that is being made', async () => {
    const answers = await Promise.all([0, 1, 2, 3].map((n) => broker.send('Fresh', String(n))));
    assert.deepEqual(
      answers.map((answer) => answer.extFields['queueOffset']),
      ['0', '1', '2', '3'],
    );
  });

  it('gives a message without a queue some queue of the topic', async () => {
    await broker.createTopic('T', 3);
    const answer = await broker.send('T', 'x', { queueId: -1 });
    const queueId = Number(answer.extFields['queueId']);
    assert.ok(queueId >= 0 && queueId < 3);
    assert.equal((await broker.read('T', queueId)).length, 1);
  });

  it('stores a batch as messages of their own, with consecutive offsets', async () => {
    await broker.createTopic('T');
    await broker.send('T', 'before');
    const item = (body: string): { flag: number; body: Buffer; properties: string } => ({
      flag: 0,
      body: Buffer.from(body),
      properties: `UNIQ_KEY\u0001${body}\u0002`,
    });
    const answer = await broker.send('T', encodeBatch([item('A1'), item('A2'), item('A3')]), {
      code: RequestCode.SEND_BATCH_MESSAGE,
      header: { m: 'true' },
    });
    assert.equal(answer.code, ResponseCode.SUCCESS);
    assert.equal(answer.extFields['queueOffset'], '1');
    const messages = await broker.read('T', 0, 1);
    assert.deepEqual(
      messages.map((message) => [message.body.toString(), message.queueOffset, message.properties]),
      [
        ['A1', 1, 'UNIQ_KEY\u0001A1\u0002'],
        ['A2', 2, 'UNIQ_KEY\u0001A2\u0002'],
        ['A3', 3, 'UNIQ_KEY\u0001A3\u0002'],
      ],
    );
    const ids = answer.extFields['msgId']?.split(',').map((id) => parseOffsetMessageId(id).physicalOffset);
    assert.deepEqual(
      ids,
      messages.map((message) => message.physicalOffset),
    );
  });

  it('has after a crash what lies behind a batch whose properties end with a zero', async () => {
    await broker.createTopic('T');
    const item = { flag: 0, body: Buffer.from('batch'), properties: 'k\u0001v\0' };
    await broker.send('T', encodeBatch([item]), { code: RequestCode.SEND_BATCH_MESSAGE, header: { m: 'true' } });
    await broker.send('T', 'after');
    const left = makeTempDir('zero');
    // What `kill -9` leaves.
    cpSync(broker.context.store.directory, left.path, { recursive: true });
    rmSync(path.join(left.path, 'lock'));
    rmSync(path.join(left.path, 'checkpoint'), { force: true });
    const restarted = await TestBroker.start({ directory: left.path });
    const messages = await restarted.read('T', 0);
    await restarted.stop();
    left.remove();
    assert.deepEqual(
      messages.map(({ body, properties }) => [body.toString(), properties.slice(0, 5)]),
      [
        ['batch', 'k\u0001v\0\u0002'],
        ['after', 'UNIQ_'],
      ],
    );
  });

  const batchOfOne = encodeBatch([{ flag: 0, body: Buffer.from('x'), properties: '' }]);
  const refusals: readonly [string, () => ReturnType<typeof sendRequest>, number, RegExp][] = [
    [
      'a queue that is not there',
      () => sendRequest('T', 'x', { queueId: 99 }),
      29,
      /^request queueId\[99\] is illegal, TopicConfig \[topicName=T, readQueueNums=4, writeQueueNums=4, perm=RW-, topicFilterType=SINGLE_TAG, topicSysFlag=0, order=false, attributes=\{\}\] Producer: 127\.0\.0\.1:\d+$/,
    ],
    [
      'a topic that is not there, with an unknown template',
      () => sendRequest('Nope', 'x', { header: { c: 'Neither' } }),
      17,
      /^topic\[Nope\] not exist, apply first please!\nSee https:/,
    ],
    [
      'an illegal topic name',
      () => sendRequest('bad topic!', 'x'),
      29,
      /^The specified topic: bad topic!, contains illegal characters, allowing only \^\[%\|a-zA-Z0-9_-\]\+\$$/,
    ],
    ['a blank topic name', () => sendRequest(' ', 'x'), 29, /^The specified topic is blank\.$/],
    ['a topic name of 128 characters', () => sendRequest('t'.repeat(128), 'x'), 29, /longer than topic max length/],
    [
      'a topic that only the broker writes',
      () => sendRequest('SCHEDULE_TOPIC_XXXX', 'x'),
      16,
      /^Sending message to topic\[SCHEDULE_TOPIC_XXXX\] is forbidden\.$/,
    ],
    [
      'a body over 4 MiB',
      () => sendRequest('T', Buffer.alloc(4 * 1024 * 1024 + 1)),
      13,
      /^the message is illegal, .*msg body length limit 4194304B/,
    ],
    [
      'properties over 32767 bytes',
      () => sendRequest('T', 'x', { properties: { k: 'v'.repeat(40_000) } }),
      13,
      /msg properties length limit 32KB/,
    ],
    [
      'a batch to a retry topic',
      () => sendRequest('%RETRY%g', 'x', { code: 320, header: { m: 'true' } }),
      13,
      /^batch request does not support retry group %RETRY%g$/,
    ],
    [
      'a batch that is cut short',
      () => sendRequest('T', 'not a batch, for certain', { code: 320, header: { m: 'true' } }),
      13,
      /^the message is illegal/,
    ],
    [
      'a batch with a delay level',
      () => sendRequest('T', batchOfOne, { code: 320, header: { m: 'true' }, properties: { DELAY: '1' } }),
      13,
      /^the message is illegal/,
    ],
    [
      'a batch for a moment',
      () => sendRequest('T', batchOfOne, { code: 320, header: { m: 'true' }, properties: { TIMER_DELAY_MS: '1000' } }),
      13,
      /^the message is illegal/,
    ],
    [
      'many messages in one record',
      () => sendRequest('T', 'x', { header: { f: '128' } }),
      13,
      /^the message is illegal/,
    ],
    [
      'a timer message that is too far away',
      () => sendRequest('T', 'x', { properties: { TIMER_DELAY_SEC: '259201' } }),
      13,
      /^timer message illegal, the delay time should not be bigger than the max delay 259200000ms;/,
    ],
  ];
  for (const [what, make, code, remark] of refusals) {
    it(`refuses ${what} with ${code}, and stays in use`, async () => {
      await broker.createTopic('T');
      const answer = await broker.client.request(make(), TIMEOUT_MS);
      assert.equal(answer.code, code);
      assert.match(answer.remark ?? '', remark);
      assert.deepEqual(answer.extFields, { MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' });
      assert.equal((await broker.send('T', 'after')).code, ResponseCode.SUCCESS);
      assert.deepEqual(
        (await broker.read('T')).map((message) => message.body.toString()),
        ['after'],
      );
    });
  }

  it('answers a header without its required fields with 1', async () => {
    const answer = await broker.ask(RequestCode.SEND_MESSAGE_V2, { a: 'P' });
    assert.equal(answer.code, ResponseCode.SYSTEM_ERROR);
    assert.match(answer.remark ?? '', /^the custom field <topic> is null$/);
  });
});

describe('broker: send with other settings', () => {
  let broker: TestBroker;
  afterEach(() => broker.stop());

  it('refuses sends with 16 when the broker may not be written', async () => {
    broker = await TestBroker.start({ broker: { brokerPermission: 4 } });
    const answer = await broker.send('DefaultCluster', 'x');
    assert.equal(answer.code, ResponseCode.NO_PERMISSION);
    assert.equal(answer.remark, 'the broker[127.0.0.1] sending message is forbidden');
    const route = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'BenchmarkTest' });
    assert.equal(decodeTopicRoute(route.body).queues[0]?.perm, 4);
  });

  it('makes no topic when auto-creation is off', async () => {
    broker = await TestBroker.start({ broker: { autoCreateTopicEnable: false } });
    assert.equal((await broker.send('Fresh', 'x')).code, ResponseCode.TOPIC_NOT_EXIST);
    const route = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'TBW102' });
    assert.equal(route.code, ResponseCode.TOPIC_NOT_EXIST);
  });

  it('refuses with 14 when the store is full, keeps what it has, and still serves it', async () => {
    broker = await TestBroker.start({ broker: { maxStoreBytes: 64 * 1024 } });
    await broker.createTopic('T');
    let accepted = 0;
    let answer = await broker.send('T', Buffer.alloc(1000));
    for (; answer.code === ResponseCode.SUCCESS; answer = await broker.send('T', Buffer.alloc(1000))) accepted += 1;
    assert.equal(answer.code, ResponseCode.SERVICE_NOT_AVAILABLE);
    assert.match(
      answer.remark ?? '',
      /^service not available now\. It may be caused by .*the broker's disk is full \[/,
    );
    assert.ok(accepted > 40, `only ${accepted} were accepted`);
    assert.equal((await broker.read('T', 0, accepted - 1)).length, 1);
    assert.equal(broker.context.store.maxOffset('T', 0), accepted);
  });

  it('answers under SYNC_FLUSH when the message is on disk', async () => {
    broker = await TestBroker.start({ broker: { flushDiskType: 'SYNC_FLUSH' } });
    await broker.createTopic('T');
    const answers = [
      broker.send('T', 'a', { properties: { WAIT: 'true' } }),
      broker.send('T', 'b', { properties: { WAIT: 'false' } }),
    ];
    assert.deepEqual(
      (await Promise.all(answers)).map((answer) => answer.code),
      [0, 0],
    );
  });
});
