import assert from 'node:assert/strict';

import { RequestCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import type { Reply } from '../../src/remoting/peer.ts';
import { TIMEOUT_MS, ask, connect, consumerBeat, sendRequest } from '../broker/testBroker.ts';
import { uniqueName } from '../support/backends.ts';
import type { TestCluster } from '../support/backends.ts';

export function clientQuestionBehaviours(cluster: TestCluster): void {
  let group = '';
  let consumer: Connection;
  let operator: Connection;
  let asked: RemotingCommand[];
  let reply: Reply;

  beforeEach(async () => {
    asked = [];
    group = uniqueName('Group');
    operator = await connect(cluster.brokerAddress);
    consumer = await connect(cluster.brokerAddress, ({ command }) => {
      if (command.code === RequestCode.NOTIFY_CONSUMER_IDS_CHANGED) return undefined;
      asked.push(command);
      return reply;
    });
    const topic = await cluster.newTopic();
    assert.equal(
      (await ask(consumer, RequestCode.HEART_BEAT, {}, consumerBeat('c1', group, { [topic]: '*' }))).code,
      0,
    );
  });
  afterEach(() => {
    consumer.dispose();
    operator.dispose();
  });

  it('for its running information go to the consumer and back', async () => {
    reply = { code: 0, body: Buffer.from('{"properties":{}}') };
    const header = { consumerGroup: group, clientId: 'c1', jstackEnable: 'true' };
    const answer = await ask(operator, RequestCode.GET_CONSUMER_RUNNING_INFO, header);
    assert.deepEqual([answer.code, answer.body.toString()], [0, '{"properties":{}}']);
    assert.deepEqual(
      asked.map(({ code, extFields }) => [code, extFields]),
      [[307, header]],
    );
  });

  it('to consume a message carry its record', async () => {
    reply = { code: 0, body: Buffer.from('{"consumeResult":"CR_SUCCESS"}') };
    const topic = await cluster.newTopic();
    const sent = await operator.request(sendRequest(topic, 'once more'), TIMEOUT_MS);
    const header = { consumerGroup: group, clientId: 'c1', msgId: sent.extFields['msgId'] ?? '', topic };
    const answer = await ask(operator, RequestCode.CONSUME_MESSAGE_DIRECTLY, header);
    assert.deepEqual([answer.code, answer.body.toString()], [0, '{"consumeResult":"CR_SUCCESS"}']);
    const [command] = asked;
    assert.deepEqual(command?.extFields, { ...header, brokerName: 'broker-a', topicSysFlag: '0', groupSysFlag: '0' });
    assert.ok(command.body.includes('once more'));
  });

  it('for its status are gathered by client', async () => {
    const queue = '{"brokerName":"broker-a","queueId":0,"topic":"T"}';
    reply = { code: 0, body: Buffer.from(`{"messageQueueTable":{${queue}:7}}`) };
    const answer = await ask(operator, RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, { topic: 'T', group });
    assert.equal(answer.body.toString(), `{"consumerTable":{"c1":{${queue}:7}},"messageQueueTable":{}}`);
  });

  it('are refused for who is not there', async () => {
    const header = { consumerGroup: group, clientId: 'c2', jstackEnable: 'false' };
    const answer = await ask(operator, RequestCode.GET_CONSUMER_RUNNING_INFO, header);
    assert.deepEqual([answer.code, answer.remark], [1, `The Consumer <${group}> <c2> not online`]);
  });

  it('reach nobody where the client says no, and its answer comes through', async () => {
    reply = { code: 1, remark: 'The Consumer Group <x> not exist in this consumer' };
    const header = { consumerGroup: group, clientId: 'c1', jstackEnable: 'false' };
    const answer = await ask(operator, RequestCode.GET_CONSUMER_RUNNING_INFO, header);
    assert.deepEqual([answer.code, answer.remark], [1, 'The Consumer Group <x> not exist in this consumer']);
  });

  it('about producers are answered by the broker, by group', async () => {
    const producerGroup = uniqueName('P');
    const beat = { clientID: 'p1', producerDataSet: [{ groupName: producerGroup }] };
    await ask(consumer, RequestCode.HEART_BEAT, {}, beat);
    const answer = await ask(operator, RequestCode.GET_ALL_PRODUCER_INFO);
    const { data } = JSON.parse(answer.body.toString()) as { data: Record<string, Record<string, unknown>[]> };
    const [row] = data[producerGroup] ?? [];
    assert.deepEqual(Object.keys(row ?? {}).sort(), [
      'clientId',
      'language',
      'lastUpdateTimestamp',
      'remoteIP',
      'version',
    ]);
    assert.equal(row?.['clientId'], 'p1');
    const missing = await ask(operator, RequestCode.GET_PRODUCER_CONNECTION_LIST, { producerGroup: 'Nobody' });
    assert.deepEqual([missing.code, missing.remark], [1, 'the producer group[Nobody] not exist']);
  });
}
