import assert from 'node:assert/strict';
import { deflateSync, gzipSync } from 'node:zlib';

import { systemClock } from '../../../../src/base/clock.ts';
import type { Clock } from '../../../../src/base/clock.ts';
import { EndpointClient } from '../../../../src/client/grpc/endpointClient.ts';
import type { ReceivedMessage } from '../../../../src/client/receivedMessage.ts';
import type { Tail } from '../../../../src/client/tail.ts';
import { Code, Encoding, Permission } from '../../../../src/protocol/grpc/definition_pb.ts';
import type { RpcResponse } from '../../../../src/protocol/grpc/rpc.ts';
import { OK, ScriptedEndpoint } from '../../../support/scriptedEndpoint.ts';
import type { Script } from '../../../support/scriptedEndpoint.ts';
import { waitFor } from '../../../support/waitFor.ts';

type Item = RpcResponse<'receiveMessage'>;

const NOTHING: Item = { content: { case: 'status', value: { code: Code.MESSAGE_NOT_FOUND, message: 'none' } } };
const WELL: Item = { content: { case: 'status', value: OK } };

describe('GroupTail', () => {
  let endpoint: ScriptedEndpoint;
  let client: EndpointClient;
  let messages: ReceivedMessage[];
  let problems: (string | undefined)[];

  /** `batches` are given one a receive, to whichever comes first; then receives are held. */
  const open = async (batches: (readonly Item[])[], script: Script = {}, clock = systemClock): Promise<Tail> => {
    endpoint = await ScriptedEndpoint.start({
      queryRoute: () => [{ status: OK, messageQueues: [queue('a', 0), queue('a', 1), queue('b', 0)] }],
      telemetry: ({ command }) => (command.case === 'settings' ? [{ status: OK, command }] : undefined),
      receiveMessage: () => batches.shift(),
      ...script,
    });
    client = new EndpointClient({ address: endpoint.address, tls: 'off', timeoutMs: 20_000, clock });
    messages = [];
    problems = [];
    const tail = client.tail('T', 'G');
    tail.onMessages((batch) => messages.push(...batch));
    tail.onProblem((problem) => problems.push(problem?.code));
    return tail;
  };

  afterEach(async () => {
    client.dispose();
    await endpoint.stop();
  });

  it('joins the group, receives from every broker and acknowledges what it was given', async () => {
    const tail = await open([[WELL, message('m1', 5)]]);
    await tail.ready;
    await until(() => endpoint.requests('ackMessage').length === 1 && endpoint.requests('receiveMessage').length === 3);
    const [settings] = endpoint.requests('telemetry');
    assert.ok(settings?.command.case === 'settings' && settings.command.value.pubSub.case === 'subscription');
    const { group, subscriptions } = settings.command.value.pubSub.value;
    assert.deepEqual(
      [group?.name, subscriptions[0]?.topic?.name, subscriptions[0]?.expression?.expression],
      ['G', 'T', '*'],
    );
    const asked = endpoint.requests('receiveMessage');
    assert.deepEqual(
      asked
        .map(({ messageQueue }) => messageQueue?.broker?.name)
        .slice(0, 2)
        .sort(),
      ['a', 'b'],
    );
    assert.deepEqual([asked[0]?.group?.name, asked[0]?.batchSize, asked[0]?.autoRenew], ['G', 32, false]);
    const [ack] = endpoint.requests('ackMessage');
    assert.deepEqual(
      [
        ack?.group?.name,
        ack?.topic?.name,
        ack?.entries.map(({ messageId, receiptHandle }) => [messageId, receiptHandle]),
      ],
      ['G', 'T', [['m1', 'handle of m1']]],
    );
    assert.equal(endpoint.requests('heartbeat').length, 1);
  });

  it('reads a message as people do', async () => {
    await open([[WELL, message('m1', 5)]]);
    await until(() => messages.length === 1);
    const { body, properties, ...told } = messages[0] ?? assert.fail();
    assert.deepEqual(told, {
      topic: 'T',
      brokerName: told.brokerName,
      queueId: 3,
      offset: 5,
      storedAtMs: 1_700_000_002_000,
      bornAtMs: 1_700_000_001_000,
      bornHost: '10.0.0.1:5000',
      storeHost: '10.0.0.2:10911',
      reconsumeTimes: 1,
      messageId: 'm1',
      offsetMessageId: undefined,
      bodyProblem: undefined,
      sizeBytes: 5,
    });
    assert.equal(body.toString(), 'hello');
    assert.deepEqual(Object.fromEntries(properties), { p: 'v', TAGS: 'tag', KEYS: 'k1 k2', __SHARDINGKEY: 'mg' });
  });

  it('takes compressed bodies as they are stored, and says what it cannot read', async () => {
    const compressed = [gzipSync('gzip'), deflateSync('zlib'), Buffer.from('neither')];
    await open([
      [WELL, ...compressed.map((body, index) => message(`m${index}`, index, { body, bodyEncoding: Encoding.GZIP }))],
    ]);
    await until(() => messages.length === 3);
    assert.deepEqual(
      messages.map(({ body, bodyProblem }) => [body.toString(), bodyProblem?.code]),
      [
        ['gzip', undefined],
        ['zlib', undefined],
        ['neither', 'message-illegal'],
      ],
    );
  });

  it('asks again when nothing came', async () => {
    await open([[NOTHING], [NOTHING], [WELL, message('m1', 0)]]);
    await until(() => messages.length === 1);
    assert.deepEqual(problems, []);
  });

  it('tells what keeps it from reading, and when that is over', async () => {
    const refused: Item = { content: { case: 'status', value: { code: Code.UNAUTHORIZED, message: 'no' } } };
    // Not one answer each: a receive that a refusal of the other broker interrupts would take it away.
    const answer = (): Item[] => (problems.length === 0 ? [refused] : [WELL, message('m1', 0)]);
    await open([], { receiveMessage: answer });
    await until(() => messages.length > 0);
    assert.deepEqual(problems, ['grpc-refused', undefined]);
  });

  it('tries less and less often when it joins and is refused every receive, and tells it once', async () => {
    const refused: Item = { content: { case: 'status', value: { code: Code.FORBIDDEN, message: 'no' } } };
    const waits: number[] = [];
    const retries = [500, 1000, 2000, 4000, 5000];
    const clock: Clock = {
      ...systemClock,
      after: (delayMs, callback) => {
        if (!retries.includes(delayMs)) return systemClock.after(delayMs, callback);
        waits.push(delayMs);
        return systemClock.after(1, callback);
      },
    };
    await open([], { receiveMessage: () => [refused] }, clock);
    await until(() => waits.length >= 6);
    assert.deepEqual(waits.slice(0, 6), [...retries, 5000]);
    assert.deepEqual(problems, ['grpc-refused']);
  });

  it('says that a topic has no queue to read', async () => {
    const none = { ...queue('a', 0), permission: Permission.WRITE };
    const tail = await open([], { queryRoute: () => [{ status: OK, messageQueues: [none] }] });
    await tail.ready;
    assert.deepEqual(problems, ['no-readable-queue']);
  });

  it('stops receiving while it is paused', async () => {
    const batches: Item[][] = [];
    let over = 0;
    const tail = await open(batches, {
      receiveMessage: (_request, call) => {
        call.onClose(() => (over += 1));
        return batches.shift();
      },
    });
    await until(() => endpoint.requests('receiveMessage').length === 2);
    tail.pause();
    await until(() => over === 2);
    batches.push([WELL, message('m1', 0)]);
    tail.resume();
    await until(() => messages.length === 1);
    assert.deepEqual(problems, []);
  });

  it('takes leave of the group', async () => {
    const tail = await open([]);
    await until(() => endpoint.requests('receiveMessage').length === 2);
    tail.dispose();
    await until(() => endpoint.requests('notifyClientTermination').length === 1);
    assert.equal(endpoint.requests('notifyClientTermination')[0]?.group?.name, 'G');
  });

  it('takes leave of the group also when its client ends', async () => {
    await open([]);
    await until(() => endpoint.requests('receiveMessage').length === 2);
    client.dispose();
    await until(() => endpoint.requests('notifyClientTermination').length === 1);
  });
});

/** Until what is asked of the sockets came. */
function until(probe: () => boolean): Promise<true> {
  return waitFor('the endpoint and its client', probe, { pollMs: 5 });
}

function queue(brokerName: string, id: number) {
  return { topic: { name: 'T' }, id, permission: Permission.READ_WRITE, broker: { name: brokerName, id: 0 } };
}

function message(
  messageId: string,
  offset: number,
  { body = Buffer.from('hello'), bodyEncoding = Encoding.IDENTITY } = {},
): Item {
  const value = {
    topic: { name: 'T' },
    userProperties: { p: 'v' },
    body,
    systemProperties: {
      ...{ messageId, bodyEncoding, tag: 'tag', keys: ['k1', 'k2'], messageGroup: 'mg' },
      ...{ receiptHandle: `handle of ${messageId}`, queueId: 3, queueOffset: BigInt(offset), deliveryAttempt: 2 },
      ...{ bornHost: '10.0.0.1:5000', storeHost: '10.0.0.2:10911' },
      bornTimestamp: { seconds: 1_700_000_001n, nanos: 0 },
      storeTimestamp: { seconds: 1_700_000_002n, nanos: 0 },
    },
  };
  return { content: { case: 'message', value } };
}
