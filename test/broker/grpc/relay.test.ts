import assert from 'node:assert/strict';
import { readBody } from '../../../src/protocol/bodies/read.ts';
import { RequestCode, ResponseCode } from '../../../src/protocol/codes.ts';
import { ClientType, Code } from '../../../src/protocol/grpc/definition_pb.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';
import type { GrpcTestClient, TestTelemetry } from './grpcTestClient.ts';
import { consumerSettings, producerSettings } from './testSettings.ts';

describe('gRPC clients in the eyes of tools', () => {
  let test: GrpcTestBroker;
  let client: GrpcTestClient;
  let stream: TestTelemetry;

  beforeEach(async () => {
    test = await GrpcTestBroker.start();
    client = test.client({ clientId: 'consumer@1', metadata: { 'x-mq-language': 'HTTP' } });
    stream = client.telemetry();
    stream.write(consumerSettings('G', 'T', { expression: 'a || b' }));
    await stream.next();
    test.broker.clock.advance(1000);
    await stream.next();
  });
  afterEach(() => test.stop());

  const asConsumer = { consumerGroup: 'G', clientId: 'consumer@1' };

  it('are connections of their groups', async () => {
    const { code, body } = await test.broker.ask(RequestCode.GET_CONSUMER_CONNECTION_LIST, { consumerGroup: 'G' });
    assert.equal(code, ResponseCode.SUCCESS);
    const json = readBody(body) as {
      connectionSet: { clientId: string; language: string; clientAddr: string; version: number }[];
      consumeType: string;
      messageModel: string;
      subscriptionTable: Record<string, { subString: string; tagsSet: string[] }>;
    };
    const [connection] = json.connectionSet;
    assert.deepEqual([connection?.clientId, connection?.language, connection?.version], ['consumer@1', 'HTTP', 479]);
    assert.match(connection?.clientAddr ?? '', /^127\.0\.0\.1:\d+$/);
    assert.deepEqual([json.consumeType, json.messageModel], ['CONSUME_PASSIVELY', 'CLUSTERING']);
    assert.deepEqual(json.subscriptionTable['T']?.tagsSet, ['a', 'b']);
    const ids = await test.broker.ask(RequestCode.GET_CONSUMER_LIST_BY_GROUP, { consumerGroup: 'G' });
    assert.deepEqual(readBody(ids.body)['consumerIdList'], ['consumer@1']);
  });

  it('are connections of the topics they produce for', async () => {
    const producer = test.client({ clientId: 'producer@1' });
    const settings = producer.telemetry();
    settings.write(producerSettings('T', 'U'));
    await settings.next();
    for (const producerGroup of ['T', 'U']) {
      const { body } = await test.broker.ask(RequestCode.GET_PRODUCER_CONNECTION_LIST, { producerGroup });
      const [connection] = readBody(body)['connectionSet'] as { clientId: string }[];
      assert.equal(connection?.clientId, 'producer@1');
    }
  });

  it('consume a message directly (check 26)', async () => {
    const sent = await test.broker.send('T', 'verify me', { properties: { UNIQ_KEY: 'id', TAGS: 'a' } });
    const results = [
      [Code.OK, 'CR_SUCCESS'],
      [Code.FAILED_TO_CONSUME_MESSAGE, 'CR_LATER'],
      [Code.MESSAGE_CORRUPTED, 'CR_RETURN_NULL'],
    ] as const;
    for (const [code, expected] of results) {
      const msgId = sent.extFields['msgId'] ?? '';
      const asked = test.broker.ask(RequestCode.CONSUME_MESSAGE_DIRECTLY, { ...asConsumer, msgId, topic: 'T' });
      const { command } = await stream.next();
      assert.equal(command.case, 'verifyMessageCommand');
      const { nonce, message } = command.value;
      assert.equal(Buffer.from(message?.body ?? []).toString(), 'verify me');
      stream.write({ status: { code }, command: { case: 'verifyMessageResult', value: { nonce } } });
      const answer = await asked;
      assert.equal(answer.code, ResponseCode.SUCCESS);
      const { consumeResult, remark } = readBody(answer.body);
      assert.deepEqual([consumeResult, remark], [expected, 'from gRPC client']);
    }
  });

  it('print their stacks (check 26)', async () => {
    const asked = test.broker.ask(RequestCode.GET_CONSUMER_RUNNING_INFO, { ...asConsumer, jstackEnable: 'true' });
    const { command } = await stream.next();
    assert.equal(command.case, 'printThreadStackTraceCommand');
    const { nonce } = command.value;
    stream.write({
      status: { code: Code.OK },
      command: { case: 'threadStackTrace', value: { nonce, threadStackTrace: 'main at x' } },
    });
    assert.equal(readBody((await asked).body)['jstack'], 'main at x');
  });

  it('are described by what the broker knows, where no stacks are asked for', async () => {
    const { code, body } = await test.broker.ask(RequestCode.GET_CONSUMER_RUNNING_INFO, {
      ...asConsumer,
      jstackEnable: 'false',
    });
    assert.equal(code, ResponseCode.SUCCESS);
    assert.equal((readBody(body)['properties'] as Record<string, string>)['PROP_CONSUME_TYPE'], 'CONSUME_PASSIVELY');
  });

  it('are waited for no longer than 5 s, and not at all once they are gone', async () => {
    const ask = () => test.broker.ask(RequestCode.GET_CONSUMER_RUNNING_INFO, { ...asConsumer, jstackEnable: 'true' });
    const slow = ask();
    await stream.next();
    test.broker.clock.advance(5000);
    assert.equal((await slow).code, ResponseCode.CONSUME_MSG_TIMEOUT);
    const left = ask();
    await stream.next();
    await client.call('notifyClientTermination', { group: { name: 'G' } });
    assert.equal((await left).code, ResponseCode.SYSTEM_ERROR);
    const offline = await ask();
    assert.match(offline.remark ?? '', /not online/);
  });

  it('share a group with clients of remoting, whom a change is told', async () => {
    const other = test.client({ clientId: 'consumer@2' });
    const simple = other.telemetry();
    simple.write(consumerSettings('G', 'T', { clientType: ClientType.SIMPLE_CONSUMER, expression: 'a || b' }));
    await simple.next();
    const ids = await test.broker.ask(RequestCode.GET_CONSUMER_LIST_BY_GROUP, { consumerGroup: 'G' });
    assert.deepEqual(readBody(ids.body)['consumerIdList'], ['consumer@1', 'consumer@2']);
  });
});
