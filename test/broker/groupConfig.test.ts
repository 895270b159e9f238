import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { PullSysFlag } from '../../src/protocol/requests/pull.ts';
import { PulledSubscriptions } from '../../src/broker/state/pulledSubscriptions.ts';
import { FakeClock } from '../support/fakeClock.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { TIMEOUT_MS, TestBroker, consumerBeat, pullRequest } from './testBroker.ts';

interface Table {
  readonly dataVersion: object;
  readonly forbiddenTable: Record<string, Record<string, number>>;
  readonly subscriptionGroupTable: Record<string, Record<string, unknown>>;
}

describe('broker: settings of groups', () => {
  let broker: TestBroker;
  beforeEach(async () => (broker = await TestBroker.start()));
  afterEach(() => broker.stop());

  const update = (group: object): Promise<RemotingCommand> =>
    broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, group);

  const all = async (fields: Record<string, string> = {}): Promise<Table & { total: number; names: string[] }> => {
    const answer = await broker.ask(RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG, fields);
    const table = JSON.parse(answer.body.toString()) as Table;
    const names = Object.keys(table.subscriptionGroupTable);
    return { ...table, total: Number(answer.extFields['totalGroupNum']), names };
  };

  it('begins with the groups of every broker', async () => {
    assert.deepEqual((await all()).names, [
      'CID_ONS-HTTP-PROXY',
      'CID_ONSAPI_OWNER',
      'CID_ONSAPI_PERMISSION',
      'CID_ONSAPI_PULL',
      'CID_RMQ_SYS_TRANS',
      'FILTERSRV_CONSUMER',
      'SELF_TEST_C_GROUP',
      'TOOLS_CONSUMER',
    ]);
  });

  it('takes one, or a list of which all must be right', async () => {
    const list = (...groups: object[]): Promise<RemotingCommand> =>
      broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, {}, { groupConfigList: groups });
    assert.equal((await update({ groupName: 'A', retryMaxTimes: 3 })).code, ResponseCode.SUCCESS);
    const wrong = await list({ groupName: 'B' }, { groupName: 'b d' });
    assert.deepEqual(
      [wrong.code, wrong.remark],
      [29, 'The specified group: b d, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$'],
    );
    assert.equal(broker.context.groups.has('B'), false);
    assert.equal((await list({ groupName: 'B', retryQueueNums: 2 }, { groupName: 'C' })).code, ResponseCode.SUCCESS);
    const { subscriptionGroupTable } = await all();
    assert.equal(subscriptionGroupTable['A']?.['retryMaxTimes'], 3);
    assert.equal(subscriptionGroupTable['B']?.['retryQueueNums'], 2);
    assert.equal(subscriptionGroupTable['C']?.['retryMaxTimes'], 16);
  });

  it('says what is wrong with a name', async () => {
    assert.equal((await update({ groupName: '' })).remark, 'The specified group is blank.');
    const long = 'g'.repeat(121);
    assert.equal(
      (await update({ groupName: long })).remark,
      `The specified group: ${long}, is longer than group max length: 120`,
    );
  });

  it('gives pages by name, and the first to who read another version', async () => {
    for (const groupName of ['B', 'A', 'a']) await update({ groupName });
    const first = await all({ groupSeq: '0', maxGroupNum: '2', dataVersion: '' });
    assert.deepEqual([first.total, first.names], [11, ['A', 'B']]);
    const dataVersion = JSON.stringify(first.dataVersion);
    assert.deepEqual((await all({ groupSeq: '10', maxGroupNum: '2', dataVersion })).names, ['a']);
    assert.deepEqual((await all({ groupSeq: '11', maxGroupNum: '2', dataVersion })).names, []);
    await update({ groupName: 'c' });
    assert.deepEqual((await all({ groupSeq: '10', maxGroupNum: '2', dataVersion })).names, ['A', 'B']);
    assert.equal((await all({ groupSeq: '0', maxGroupNum: '2000' })).names.length, 12);
  });

  it('makes as many retry queues as it is told', async () => {
    await update({ groupName: 'G', retryQueueNums: 3 });
    await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: '*' }));
    assert.equal(broker.context.topics.get('%RETRY%G')?.readQueueNums, 3);
  });

  it('alters attributes by their signs, and refuses what nobody knows', async () => {
    const attributes = (change: object): Promise<RemotingCommand> => update({ groupName: 'G', attributes: change });
    const unsupported = await attributes({ '+colour': 'red' });
    assert.deepEqual([unsupported.code, unsupported.remark], [1, 'unsupported key: colour']);
    assert.equal(broker.context.groups.has('G'), false);
    assert.equal((await attributes({ 'priority.factor': '5' })).code, 1);
    assert.equal((await attributes({ '+priority.factor': '5' })).code, 0);
    assert.deepEqual(broker.context.groups.get('G')?.attributes, { 'priority.factor': '5' });
    const range = await attributes({ '+priority.factor': '101' });
    assert.deepEqual([range.code, range.remark], [1, 'value is not in range(0, 100)']);
    assert.equal((await attributes({})).code, 0);
    assert.deepEqual(broker.context.groups.get('G')?.attributes, { 'priority.factor': '5' });
    assert.equal((await attributes({ '-priority.factor': '' })).code, 0);
    assert.deepEqual(broker.context.groups.get('G')?.attributes, {});
    assert.equal(
      (await attributes({ '-priority.factor': '' })).remark,
      'attempt to delete a nonexistent key: priority.factor',
    );
  });

  describe('forbidden', () => {
    const forbidden = async (readable?: boolean, topic = 'T'): Promise<unknown> => {
      const fields = { group: 'G', topic, ...(readable === undefined ? {} : { readable: String(readable) }) };
      const answer = await broker.ask(RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN, fields);
      assert.equal(answer.code, ResponseCode.SUCCESS);
      return JSON.parse(answer.body.toString());
    };
    const pull = (sysFlag: number): Promise<RemotingCommand> =>
      broker.client.request(pullRequest({ topic: 'T', group: 'G', sysFlag, header: { subVersion: '1' } }), TIMEOUT_MS);

    beforeEach(async () => {
      await broker.createTopic('T', 1);
      await broker.send('T', 'a');
      await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: '*' }));
    });

    it('keeps members of a group from a topic until it is taken back', async () => {
      assert.deepEqual(await forbidden(), { group: 'G', topic: 'T', readable: true });
      assert.deepEqual(await forbidden(false), { group: 'G', topic: 'T', readable: false });
      const refused = await pull(0);
      assert.deepEqual(
        [refused.code, refused.remark, refused.extFields['forbiddenType']],
        [16, 'the consumer group[G] is forbidden for topic[T]', '5'],
      );
      assert.equal((await pull(PullSysFlag.SUBSCRIPTION)).code, ResponseCode.SUCCESS, 'as Apache: members only');
      assert.deepEqual((await all()).forbiddenTable, { G: { T: 4 } });
      assert.deepEqual(await forbidden(true), { group: 'G', topic: 'T', readable: true });
      assert.equal((await pull(0)).code, ResponseCode.SUCCESS);
    });

    it('is forgotten with the group', async () => {
      await forbidden(false);
      await broker.ask(RequestCode.DELETE_SUBSCRIPTIONGROUP, { groupName: 'G' });
      assert.deepEqual((await all()).forbiddenTable, {});
    });
  });

  it('survive a restart in the file of Apache, with what is forbidden', async () => {
    const directory = makeTempDir('groups');
    await broker.stop();
    broker = await TestBroker.start({ directory: directory.path });
    await update({ groupName: 'G', retryMaxTimes: 7 });
    await broker.ask(RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN, { group: 'G', topic: 'T', readable: 'false' });
    const file = path.join(directory.path, 'config', 'subscriptionGroup.json');
    const saved = JSON.parse(readFileSync(file, 'utf8')) as Table;
    assert.deepEqual(Object.keys(saved), ['dataVersion', 'forbiddenTable', 'subscriptionGroupTable']);
    assert.deepEqual(saved.forbiddenTable, { G: { T: 4 } });
    await broker.stop();
    broker = await TestBroker.start({ directory: directory.path });
    assert.equal(broker.context.groups.get('G')?.retryMaxTimes, 7);
    assert.equal(broker.context.groups.isReadForbidden('G', 'T'), true);
    await broker.stop();
    directory.remove();
  });

  it('are asked for by a pull: lite pull may be off, and slow readers sent elsewhere', async () => {
    await broker.stop();
    broker = await TestBroker.start({
      broker: { litePullMessageEnable: false, slaveReadEnable: true, accessMessageInMemoryMaxRatio: 0 },
    });
    await broker.createTopic('T', 1);
    await update({ groupName: 'G', brokerId: 2, whichBrokerWhenConsumeSlowly: 3, groupSysFlag: 1 });
    for (const body of ['a', 'b']) await broker.send('T', body);
    const request = pullRequest({ topic: 'T', group: 'G' });
    const lite = await broker.client.request({ ...request, code: RequestCode.LITE_PULL_MESSAGE }, TIMEOUT_MS);
    assert.deepEqual([lite.code, lite.extFields['forbiddenType']], [16, '1']);
    assert.match(lite.remark ?? '', /^the broker\[127\.0\.0\.1\] for lite pull consumer is forbidden$/);
    const slow = await broker.client.request(request, TIMEOUT_MS);
    assert.deepEqual([slow.extFields['suggestWhichBrokerId'], slow.extFields['groupSysFlag']], ['3', '1']);
    const atEnd = await broker.client.request(pullRequest({ topic: 'T', group: 'G', queueOffset: 2 }), TIMEOUT_MS);
    assert.equal(atEnd.extFields['suggestWhichBrokerId'], '2');
  });

  it('tell what a group subscribes to', async () => {
    await broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: 'TagA' }));
    const ask = async (group: string): Promise<unknown> => {
      const answer = await broker.ask(RequestCode.QUERY_SUBSCRIPTION_BY_CONSUMER, { group, topic: 'T' });
      return JSON.parse(answer.body.toString());
    };
    assert.deepEqual(await ask('G'), {
      group: 'G',
      topic: 'T',
      subscriptionData: {
        classFilterMode: false,
        codeSet: [],
        expressionType: 'TAG',
        subString: 'TagA',
        subVersion: 1,
        tagsSet: [],
        topic: 'T',
      },
    });
    assert.deepEqual(await ask('Nobody'), { group: 'Nobody', topic: 'T' });
    await broker.createTopic('T', 1);
    await broker.client.request(
      pullRequest({ topic: 'T', group: 'Puller', header: { subscription: 'TagB' } }),
      TIMEOUT_MS,
    );
    const pulled = (await ask('Puller')) as { subscriptionData: Record<string, unknown> };
    assert.deepEqual(pulled.subscriptionData['tagsSet'], ['TagB']);
    assert.deepEqual(pulled.subscriptionData['codeSet'], [2598920]);
  });
});

describe('broker: subscriptions that pulls bring', () => {
  it('are kept while pulls bring them, and a day longer', () => {
    const clock = new FakeClock();
    const pulled = new PulledSubscriptions(clock);
    pulled.note('G', 'T', 'TagA', 'TAG');
    pulled.note('G', 'U', 'a > 1', 'SQL92');
    clock.advance(20 * 3_600_000);
    pulled.note('G', 'T', 'TagA', 'TAG');
    clock.advance(5 * 3_600_000);
    pulled.expire();
    assert.deepEqual(pulled.get('G', 'T')?.tags, ['TagA']);
    assert.equal(pulled.get('G', 'U'), undefined);
    clock.advance(20 * 3_600_000);
    pulled.expire();
    assert.equal(pulled.get('G', 'T'), undefined);
  });
});
