import assert from 'node:assert/strict';
import { alteredAttributes, parseAttributeChanges } from '../../src/broker/topicAttributes.ts';
import { decodeTopicList } from '../../src/protocol/bodies/route.ts';
import { decodeTopicTable } from '../../src/protocol/bodies/topic.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { goldenExchange } from '../support/goldenFrames.ts';
import { waitFor } from '../support/waitFor.ts';
import { pullRequest, TestBroker, TIMEOUT_MS } from './testBroker.ts';

describe('broker: attributes of topics', () => {
  const alter = (known: Record<string, string> | undefined, text: string): unknown => {
    const changes = parseAttributeChanges(text);
    return typeof changes === 'string' ? changes : alteredAttributes(known, changes);
  };

  it('adds, alters and deletes', () => {
    assert.deepEqual(alter(undefined, ''), {});
    assert.deepEqual(alter(undefined, '+message.type=FIFO,+queue.type=SimpleCQ'), {
      'message.type': 'FIFO',
      'queue.type': 'SimpleCQ',
    });
    assert.deepEqual(alter({ 'message.type': 'FIFO' }, '+message.type=DELAY,+reserve.time=7'), {
      'message.type': 'DELAY',
      'reserve.time': '7',
    });
    assert.deepEqual(alter({ 'message.type': 'FIFO' }, '-message.type'), {});
  });

  const refusals: readonly [string, Record<string, string> | undefined, string, string][] = [
    ['a value without a sign', {}, 'message.type=FIFO', 'add/alter attribute format is wrong: message.type'],
    ['a deletion without a sign', {}, 'message.type', 'delete attribute format is wrong: message.type'],
    ['the same twice', {}, '+a=1,+a=2', 'key duplication: +a'],
    [
      'adding and deleting one',
      { 'reserve.time': '1' },
      '+reserve.time=2,-reserve.time',
      'alter duplication key. key: reserve.time',
    ],
    ['no key', {}, '+=1', 'kv string format wrong.'],
    ['two signs', {}, '++a=1', 'kv string format wrong.'],
    [
      'deleting from a new topic',
      undefined,
      '-message.type',
      'only add attribute is supported while creating topic. key: message.type',
    ],
    ['deleting what is not there', {}, '-message.type', 'attempt to delete a nonexistent key: message.type'],
    ['a strange key', {}, '+colour=blue', 'unsupported key: colour'],
    [
      'altering what may not change',
      {},
      '+queue.type=SimpleCQ',
      'attempt to update an unchangeable attribute. key: queue.type',
    ],
    ['a kind of queue that the store has not', undefined, '+queue.type=BatchCQ', 'value is not in set: [SimpleCQ]'],
    ['a time that is none', {}, '+reserve.time=soon', 'For input string: "soon"'],
    ['a time below the range', {}, '+reserve.time=-2', 'value is not in range(-1, 9223372036854775807)'],
  ];
  for (const [what, known, text, remark] of refusals) {
    it(`refuses ${what}`, () => assert.equal(alter(known, text), remark));
  }
});

describe('broker: administration of topics', () => {
  let broker: TestBroker;
  beforeEach(async () => (broker = await TestBroker.start()));
  afterEach(() => broker.stop());

  const createAll = (...topicConfigList: object[]): Promise<RemotingCommand> =>
    broker.ask(RequestCode.UPDATE_AND_CREATE_TOPIC_LIST, {}, { topicConfigList });

  it('creates many at once, known to the NameServer when it answers', async () => {
    const fifo = { topicName: 'F', readQueueNums: 2, writeQueueNums: 3, attributes: { '+message.type': 'FIFO' } };
    assert.equal((await createAll(fifo, { topicName: 'N' })).code, 0);
    assert.deepEqual(broker.context.topics.get('F')?.attributes, { 'message.type': 'FIFO' });
    assert.equal(broker.context.topics.get('N')?.writeQueueNums, 16, 'the default of the Java class');
    for (const topic of ['F', 'N']) {
      assert.equal((await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic })).code, 0);
    }
    assert.equal((await createAll({ topicName: 'N' }, { topicName: 'Later' })).code, 0);
    assert.ok(broker.context.topics.get('Later'), 'one that is there already does not end the list');
  });

  it('creates none of a list in which one cannot be', async () => {
    const before = broker.context.topics.size;
    const wrong: readonly (readonly [object, number, RegExp])[] = [
      [{ topicName: 'bad name' }, ResponseCode.INVALID_PARAMETER, /illegal characters/],
      [{ topicName: 'TBW102' }, ResponseCode.INVALID_PARAMETER, /conflict with system topic/],
      [
        { topicName: 'M', attributes: { '+message.type': 'MIXED' } },
        ResponseCode.INVALID_PARAMETER,
        /^MIXED message type/,
      ],
      [{ topicName: 'A', attributes: { '+colour': 'blue' } }, ResponseCode.SYSTEM_ERROR, /^unsupported key: colour$/],
    ];
    for (const [config, code, remark] of wrong) {
      const answer = await createAll({ topicName: 'Good' }, config);
      assert.equal(answer.code, code);
      assert.match(answer.remark ?? '', remark);
    }
    assert.equal(broker.context.topics.size, before);
  });

  it('takes mixed topics and names of system topics where it is told to', async () => {
    const text = 'enableMixedMessageType=true\nvalidateSystemTopicWhenUpdateTopic=false\n';
    await broker.ask(RequestCode.UPDATE_BROKER_CONFIG, {}, Buffer.from(text));
    assert.equal((await broker.createTopic('M', 1, { attributes: '+message.type=MIXED' })).code, 0);
    assert.equal((await broker.createTopic('BenchmarkTest', 2)).code, 0);
    assert.equal(broker.context.topics.get('BenchmarkTest')?.readQueueNums, 2);
  });

  it('gives its topics in pages, from the first again when they changed in between', async () => {
    const page = async (topicSeq: number, maxTopicNum: number, dataVersion = ''): Promise<[string[], string]> => {
      const fields = { topicSeq: String(topicSeq), maxTopicNum: String(maxTopicNum), dataVersion };
      const answer = await broker.ask(RequestCode.GET_ALL_TOPIC_CONFIG, fields);
      assert.equal(answer.extFields['totalTopicNum'], String(broker.context.topics.size));
      const table = decodeTopicTable(answer.body);
      return [[...table.topics.keys()].sort(), JSON.stringify(table.dataVersion)];
    };
    const all = [...broker.context.topics.names()].sort();
    const [first, version] = await page(0, 5);
    assert.deepEqual(first, all.slice(0, 5));
    assert.deepEqual((await page(5, 5, version))[0], all.slice(5, 10));
    assert.deepEqual((await page(all.length - 2, 5, version))[0], all.slice(-2));
    assert.deepEqual((await page(all.length, 5, version))[0], []);
    await broker.createTopic('AAA', 1);
    assert.deepEqual((await page(5, 3, version))[0], ['AAA', ...all.slice(0, 2)]);
    await broker.ask(RequestCode.UPDATE_BROKER_CONFIG, {}, Buffer.from('splitMetadataSize=4'));
    assert.equal((await page(0, 2000))[0].length, 4);
    await broker.ask(RequestCode.UPDATE_BROKER_CONFIG, {}, Buffer.from('enableSplitMetadata=false'));
    assert.equal((await page(0, 1))[0].length, all.length + 1);
  });

  it('deletes the retry topics that POP made for a topic, and forgets what the NameServer is told to forget', async () => {
    for (const topic of ['T', '%RETRY%G_T', '%RETRY%G_Other']) await broker.createTopic(topic, 1);
    await broker.send('T', 'x');
    broker.context.offsets.commit('G', 'T', 0, 1);
    await broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'T' });
    const left = ['T', '%RETRY%G_T', '%RETRY%G_Other'].filter((topic) => broker.context.topics.get(topic));
    assert.deepEqual(left, ['%RETRY%G_Other']);
    assert.deepEqual(broker.context.offsets.topicsOf('G'), []);
    assert.equal((await broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'T' })).code, 0, 'twice is the same');
    const blank = await broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: ' ' });
    assert.deepEqual([blank.code, blank.remark], [ResponseCode.INVALID_PARAMETER, 'The specified topic is blank.']);
  });

  it('obeys a change of permission at once, in sends, pulls and routes', async () => {
    await broker.createTopic('T', 1);
    await broker.createTopic('T', 1, { perm: '4' });
    assert.equal(
      (await broker.client.request(pullRequest({ topic: 'T' }), TIMEOUT_MS)).code,
      ResponseCode.PULL_NOT_FOUND,
    );
    await broker.createTopic('T', 1, { perm: '2' });
    const pulled = await broker.client.request(pullRequest({ topic: 'T' }), TIMEOUT_MS);
    assert.deepEqual([pulled.code, pulled.extFields['forbiddenType']], [ResponseCode.NO_PERMISSION, '3']);
  });

  it('lists every system topic that Apache lists', async () => {
    const answer = await broker.ask(RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_BROKER);
    const { topics } = decodeTopicList(answer.body);
    for (const topic of ['TRANS_CHECK_MAX_TIME_TOPIC', 'CHECKPOINT_TOPIC', 'DefaultCluster', 'broker-a', 'TBW102']) {
      assert.ok(topics.includes(topic), topic);
    }
    assert.equal(new Set(topics).size, topics.length);
  });

  it('orders the topics that the NameServer keeps in order', async () => {
    await broker.createTopic('T', 1);
    const entry = { namespace: 'ORDER_TOPIC_CONFIG', key: 'T', value: 'broker-a:1' };
    await broker.askNameServer(RequestCode.PUT_KV_CONFIG, entry);
    assert.equal(broker.context.topics.get('T')?.order, false);
    broker.clock.advance(10_000);
    await waitFor('the order', () => broker.context.topics.get('T')?.order === true, { pollMs: 2 });
  });
});

describe('broker: features that it has not', () => {
  let broker: TestBroker;
  before(async () => (broker = await TestBroker.start()));
  after(() => broker.stop());

  it('keeps limits of cold reads, as Apache does where nothing is throttled', async () => {
    await broker.ask(RequestCode.UPDATE_COLD_DATA_FLOW_CTR_CONFIG, {}, Buffer.from('G=1024\nH=many\n'));
    const info = async (): Promise<unknown> =>
      JSON.parse((await broker.ask(RequestCode.GET_COLD_DATA_FLOW_CTR_INFO)).body.toString());
    const base = {
      cgColdReadThreshold: 3_145_728,
      globalAcc: 0,
      globalColdReadThreshold: 104_857_600,
      runtimeTable: {},
    };
    assert.deepEqual(await info(), { ...base, configTable: { G: 1024 } });
    await broker.ask(RequestCode.REMOVE_COLD_DATA_FLOW_CTR_CONFIG, {}, Buffer.from('G'));
    assert.deepEqual(await info(), { ...base, configTable: {} });
  });

  const answers: readonly (readonly [string, Record<string, string>, number, string | undefined])[] = [
    ['SET_COMMITLOG_READ_MODE', { READ_AHEAD_MODE: '1' }, 0, 'set commitlog readahead mode success, mode: 1'],
    ['SET_COMMITLOG_READ_MODE', { READ_AHEAD_MODE: '7' }, 29, 'set commitlog readahead mode param value error'],
    ['SET_COMMITLOG_READ_MODE', {}, 1, 'set commitlog readahead mode param error'],
    ['EXPORT_ROCKSDB_CONFIG_TO_JSON', { configType: 'topics' }, 0, 'export done.'],
    ['GET_BROKER_EPOCH_CACHE', {}, 1, 'this request only for controllerMode '],
    ['RESET_MASTER_FLUSH_OFFSET', { masterFlushOffset: '0' }, 0, undefined],
    ['NOTIFY_MIN_BROKER_ID_CHANGE', { minBrokerId: '0' }, 0, undefined],
    ['POP_ROLLBACK', {}, 0, undefined],
    ['UPDATE_AND_CREATE_STATIC_TOPIC', {}, 3, ' request type 513 not supported'],
    ['ADD_BROKER', {}, 3, ' request type 902 not supported'],
    ['CONTROLLER_GET_METADATA_INFO', {}, 3, ' request type 1005 not supported'],
  ];
  for (const [name, fields, code, remark] of answers) {
    it(`answers ${name} ${JSON.stringify(fields)} with ${code}`, async () => {
      const answer = await broker.ask(RequestCode[name as keyof typeof RequestCode], fields);
      assert.deepEqual([answer.code, answer.remark], [code, remark]);
    });
  }

  it('is a master without slaves', async () => {
    const golden = JSON.parse(goldenExchange('ha_status').response?.bodyUtf8 ?? '') as object;
    const status = JSON.parse((await broker.ask(RequestCode.GET_BROKER_HA_STATUS)).body.toString()) as object;
    assert.deepEqual({ ...status, masterCommitLogMaxOffset: 19_130 }, golden);
    const { extFields } = await broker.ask(RequestCode.EXCHANGE_BROKER_HA_INFO);
    assert.equal(extFields['masterAddress'], broker.runtime.broker.address);
    assert.equal(extFields['masterFlushOffset'], '0');
  });

  it('says that a check of RocksDB is under way, and nothing more', async () => {
    const answer = await broker.ask(RequestCode.CHECK_ROCKSDB_CQ_WRITE_PROGRESS);
    assert.deepEqual(JSON.parse(answer.body.toString()), { checkStatus: 2 });
  });
});
