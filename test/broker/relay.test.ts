import assert from 'node:assert/strict';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { parseFastjson } from '../../src/protocol/fastjson.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import type { Reply } from '../../src/remoting/peer.ts';
import { goldenExchange } from '../support/goldenFrames.ts';
import { waitFor } from '../support/waitFor.ts';
import { TestBroker, ask, consumerBeat } from './testBroker.ts';

describe('broker: questions passed on to clients', () => {
  let broker: TestBroker;
  beforeEach(async () => (broker = await TestBroker.start()));
  afterEach(() => broker.stop());

  /** A consumer that keeps what it is asked and answers as told. */
  const consumer = async (
    clientId: string,
    answer: (command: RemotingCommand) => Reply | undefined,
    version?: number,
  ): Promise<{ connection: Connection; asked: RemotingCommand[] }> => {
    const asked: RemotingCommand[] = [];
    const connection = await broker.connect(({ command }) => {
      if (command.code === RequestCode.NOTIFY_CONSUMER_IDS_CHANGED) return undefined;
      asked.push(command);
      return answer(command);
    });
    await broker.heartbeat(connection, consumerBeat(clientId, 'G', { T: '*' }));
    const member = [...(broker.context.consumers.get('G')?.members ?? [])].find(
      ([, client]) => client.clientId === clientId,
    );
    if (version !== undefined && member !== undefined) Object.assign(member[1], { version });
    return { connection, asked };
  };
  const runningInfo = { consumerGroup: 'G', clientId: 'c1', jstackEnable: 'true' };

  it('the running information goes through as it is, both ways', async () => {
    const recorded = goldenExchange('running_info_relayed');
    const body = Buffer.from(recorded.response?.bodyUtf8 ?? '');
    const { asked } = await consumer('c1', () => ({ code: 0, remark: 'as the client says', body }));
    const answer = await broker.ask(RequestCode.GET_CONSUMER_RUNNING_INFO, runningInfo);
    assert.deepEqual([answer.code, answer.remark], [0, 'as the client says']);
    assert.ok(answer.body.equals(body));
    assert.deepEqual(
      asked.map(({ code, flag, extFields }) => [code, flag, extFields]),
      [[307, 0, runningInfo]],
    );
    assert.deepEqual(Object.keys(runningInfo).sort(), Object.keys(recorded.request.extFields).sort());
  });

  it('a message is consumed at once: the client gets its record and what the broker knows', async () => {
    await broker.createTopic('T', 1);
    const sent = await broker.send('T', 'once more');
    const body = Buffer.from('{"consumeResult":"CR_SUCCESS"}');
    const { asked } = await consumer('c1', () => ({ code: 0, body }));
    const header = { consumerGroup: 'G', clientId: 'c1', msgId: sent.extFields['msgId'] ?? '', topic: 'T' };
    const answer = await broker.ask(RequestCode.CONSUME_MESSAGE_DIRECTLY, header);
    assert.deepEqual([answer.code, answer.body.toString()], [0, body.toString()]);
    const [command] = asked;
    assert.ok(command);
    assert.equal(command.code, 309);
    assert.deepEqual(command.extFields, { ...header, brokerName: 'broker-a', topicSysFlag: '0', groupSysFlag: '0' });
    const [record] = await broker.read('T');
    assert.ok(record);
    assert.ok(command.body.equals((await broker.context.store.record(record.physicalOffset)) ?? Buffer.alloc(0)));
    assert.deepEqual(
      Object.keys(command.extFields).sort(),
      Object.keys(goldenExchange('consume_directly_relayed').request.extFields).sort(),
    );
  });

  it('a message that is not there is not consumed', async () => {
    const { asked } = await consumer('c1', () => ({ code: 0 }));
    for (const msgId of ['', 'nonsense', '7F00000100002A9F0000000000000007']) {
      const answer = await broker.ask(RequestCode.CONSUME_MESSAGE_DIRECTLY, { ...runningInfo, msgId });
      assert.equal(answer.code, ResponseCode.SYSTEM_ERROR);
      assert.ok((answer.remark ?? '').length > 0);
    }
    assert.deepEqual(asked, []);
  });

  it('who is not online, or of too old a release, is not asked', async () => {
    const offline = await broker.ask(RequestCode.GET_CONSUMER_RUNNING_INFO, runningInfo);
    assert.deepEqual([offline.code, offline.remark], [1, 'The Consumer <G> <c1> not online']);
    const { asked } = await consumer('c1', () => ({ code: 0 }), 61);
    const old = await broker.ask(RequestCode.GET_CONSUMER_RUNNING_INFO, runningInfo);
    assert.equal(old.code, 1);
    assert.match(
      old.remark ?? '',
      /^The Consumer <c1> Version <V3> too low to finish, please upgrade it to V3_1_8_SNAPSHOT$/,
    );
    assert.deepEqual(asked, []);
  });

  it('who does not answer within 10 s gives 207, who leaves gives 1', async () => {
    const { asked } = await consumer('c1', () => undefined);
    const answer = broker.ask(RequestCode.GET_CONSUMER_RUNNING_INFO, runningInfo);
    await waitFor('the question', () => asked.length === 1, { pollMs: 2 });
    broker.clock.advance(10_000);
    assert.equal((await answer).code, ResponseCode.CONSUME_MSG_TIMEOUT);
    assert.match((await answer).remark ?? '', /^consumer <G> <c1> Timeout: /);
    const leaving = await consumer('c2', () => undefined);
    const second = broker.ask(RequestCode.GET_CONSUMER_RUNNING_INFO, { ...runningInfo, clientId: 'c2' });
    await waitFor('the question', () => leaving.asked.length === 1, { pollMs: 2 });
    leaving.connection.dispose();
    assert.match((await second).remark ?? '', /^invoke consumer <G> <c2> Exception: /);
    assert.equal((await second).code, ResponseCode.SYSTEM_ERROR);
  });

  it('the status of a group is what its members say, without those that say nothing', async () => {
    const table = '{"messageQueueTable":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:7}}';
    const { asked } = await consumer('c1', () => ({ code: 0, body: Buffer.from(table) }));
    await consumer('c2', () => ({ code: 1 }));
    await consumer('c3', () => ({ code: 0, body: Buffer.from('{"messageQueueTable":{}}') }));
    const status = async (more: Record<string, string> = {}): Promise<string> => {
      const answer = await broker.ask(RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, {
        topic: 'T',
        group: 'G',
        ...more,
      });
      assert.equal(answer.code, 0, answer.remark);
      parseFastjson(answer.body.toString());
      return answer.body.toString();
    };
    const queue = '{"brokerName":"broker-a","queueId":0,"topic":"T"}';
    assert.equal(await status(), `{"consumerTable":{"c1":{${queue}:7},"c3":{}},"messageQueueTable":{}}`);
    assert.deepEqual(
      asked.map(({ code, extFields }) => [code, extFields]),
      [[221, { topic: 'T', group: 'G' }]],
    );
    assert.equal(await status({ clientAddr: 'c3' }), '{"consumerTable":{"c3":{}},"messageQueueTable":{}}');
    assert.equal(await status({ clientAddr: 'nobody' }), '{"consumerTable":{},"messageQueueTable":{}}');
    const nobody = await broker.ask(RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, { topic: 'T', group: 'H' });
    assert.deepEqual([nobody.code, nobody.remark], [1, 'No Any Consumer online in the consumer group: [H]']);
  });

  it('all producers are told by group', async () => {
    const producer = await broker.connect();
    await broker.heartbeat(producer, { clientID: 'p1', producerDataSet: [{ groupName: 'P' }, { groupName: 'Q' }] });
    const answer = await ask(producer, RequestCode.GET_ALL_PRODUCER_INFO);
    const { data } = JSON.parse(answer.body.toString()) as { data: Record<string, Record<string, unknown>[]> };
    assert.deepEqual(Object.keys(data).sort(), ['P', 'Q']);
    const [row] = data['P'] ?? [];
    assert.ok(row);
    const { remoteIP, ...rest } = row;
    assert.match(String(remoteIP), /^\/127\.0\.0\.1:\d+$/);
    assert.deepEqual(rest, {
      clientId: 'p1',
      language: 'OTHER',
      lastUpdateTimestamp: broker.clock.now(),
      version: 479,
    });
    const queried = await broker.ask(RequestCode.GET_PRODUCER_CONNECTION_LIST, { producerGroup: 'P' });
    const { connectionSet } = JSON.parse(queried.body.toString()) as { connectionSet: object[] };
    assert.deepEqual(Object.keys(connectionSet[0] ?? {}).sort(), ['clientAddr', 'clientId', 'language', 'version']);
  });
});
