import assert from 'node:assert/strict';

import { isCodedError } from '../../../src/base/errors.ts';
import type { ClusterContext } from '../../../src/client/clusterContext.ts';
import { Producer } from '../../../src/client/producer.ts';
import { encodeTopicRoute } from '../../../src/protocol/bodies/route.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import type { RequestHandler } from '../../../src/remoting/peer.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { freePort } from '../../support/freePort.ts';
import { brokerData, contextOf, nameServerAnswers, queueData, startScripted } from '../../support/scriptedCluster.ts';
import type { ScriptedServer } from '../../support/scriptedCluster.ts';
import { waitFor } from '../../support/waitFor.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;
const ROUTE = RequestCode.GET_ROUTEINFO_BY_TOPIC;
const message = { topic: 'T', body: Buffer.from('hello') };

const stores: RequestHandler = ({ command }) => ({
  code: 0,
  extFields: { msgId: 'OFFSETID', queueId: command.extFields['e'] ?? '', queueOffset: '7' },
});

function answers(code: number, extFields: Record<string, string> = {}): RequestHandler {
  return () => ({ code, extFields, remark: `code ${code}` });
}

describe('Producer', () => {
  const servers: ScriptedServer[] = [];
  let a: ScriptedServer;
  let b: ScriptedServer;
  let names: ScriptedServer;
  let clock: FakeClock;
  let context: ClusterContext;
  let producer: Producer;

  beforeEach(async () => {
    a = await startScripted({ [SEND]: stores });
    b = await startScripted({ [SEND]: stores });
    names = await startScripted(
      nameServerAnswers(
        [brokerData('broker-a', a.address), brokerData('broker-b', b.address)],
        [queueData('broker-a', 2), queueData('broker-b', 2)],
      ),
    );
    servers.push(a, b, names);
    clock = new FakeClock(1_700_000_000_000);
    context = contextOf(names.address, clock, 3_000);
    let id = 0;
    producer = new Producer(context, () => `ID${(id += 1)}`);
  });

  afterEach(async () => {
    context.pool.dispose();
    await Promise.all(servers.splice(0).map((server) => server.close()));
    assert.equal(clock.pendingCount, 0);
  });

  function route(...parts: Parameters<typeof nameServerAnswers>): void {
    names.answers.set(ROUTE, nameServerAnswers(...parts)[ROUTE]!);
  }

  it('sends with the header that brokers expect and gives their receipt', async () => {
    const receipt = await producer.send({ ...message, tag: 'TagA' });
    assert.deepEqual(receipt, {
      status: 'SEND_OK',
      messageId: 'ID1',
      offsetMessageId: 'OFFSETID',
      brokerName: 'broker-a',
      queueId: 0,
      offset: 7,
      elapsedMs: 0,
    });
    const [sent] = a.requests;
    assert.equal(sent?.body.toString(), 'hello');
    assert.deepEqual(sent.extFields, {
      a: 'CLIENT_INNER_PRODUCER',
      b: 'T',
      c: 'T',
      d: '4',
      e: '0',
      f: '0',
      g: '1700000000000',
      h: '0',
      i: 'TAGS\u0001TagA\u0002UNIQ_KEY\u0001ID1\u0002WAIT\u0001true\u0002',
      j: '0',
      k: 'false',
      m: 'false',
      n: 'broker-a',
    });
  });

  it('goes round all queues of all brokers and asks for the route once', async () => {
    const used: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      const { brokerName, queueId } = await producer.send(message);
      used.push(`${brokerName}:${queueId}`);
    }
    assert.deepEqual(used, ['broker-a:0', 'broker-a:1', 'broker-b:0', 'broker-b:1', 'broker-a:0', 'broker-a:1']);
    assert.equal(names.requests.length, 1);
  });

  it('asks for the route again after 30 s', async () => {
    await producer.send(message);
    clock.advance(29_999);
    await producer.send(message);
    assert.equal(names.requests.length, 1);
    clock.advance(1);
    await producer.send(message);
    assert.equal(names.requests.length, 2);
  });

  it('leaves out brokers without a master and queues that cannot be written', async () => {
    route(
      [brokerData('broker-a', a.address), brokerData('broker-b', undefined, b.address), brokerData('c', b.address)],
      [queueData('broker-a', 1), queueData('broker-b', 4), queueData('c', 4, 4)],
    );
    for (let n = 0; n < 3; n += 1) assert.equal((await producer.send(message)).brokerName, 'broker-a');
    route([brokerData('c', b.address)], [queueData('c', 4, 4)]);
    clock.advance(30_000);
    await assert.rejects(
      producer.send(message),
      (error) => isCodedError(error, 'no-writable-queue') && error.details['topic'] === 'T',
    );
  });

  for (const code of [1, 2, 14, 16, 17, 204, 205, 1500]) {
    it(`tries another broker after code ${code}`, async () => {
      a.answers.set(SEND, answers(code));
      const receipt = await producer.send(message);
      assert.equal(receipt.brokerName, 'broker-b');
      assert.equal(receipt.messageId, 'ID1');
      assert.equal(a.requestsOf(SEND).length, 1);
    });
  }

  for (const code of [13, 29, 26]) {
    it(`does not try again after code ${code}`, async () => {
      a.answers.set(SEND, answers(code));
      await assert.rejects(producer.send(message), (error) => {
        assert.ok(isCodedError(error, 'response-error'));
        assert.deepEqual(error.details, {
          address: a.address,
          requestCode: SEND,
          responseCode: code,
          remark: `code ${code}`,
        });
        return true;
      });
      assert.equal(b.requests.length, 0);
    });
  }

  it('gives up after three attempts with the last error', async () => {
    a.answers.set(SEND, answers(14));
    b.answers.set(SEND, answers(2));
    await assert.rejects(
      producer.send(message),
      (error) => isCodedError(error, 'response-error') && error.details['responseCode'] === 14,
    );
    assert.deepEqual([a.requestsOf(SEND).length, b.requestsOf(SEND).length], [2, 1]);
  });

  it('tries another broker when one cannot be reached or closes', async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    route(
      [brokerData('broker-a', dead), brokerData('broker-b', b.address)],
      [queueData('broker-a', 1), queueData('broker-b', 1)],
    );
    assert.equal((await producer.send(message)).brokerName, 'broker-b');
    a.answers.set(SEND, ({ connection }) => {
      connection.dispose();
      return undefined;
    });
    route(
      [brokerData('broker-a', a.address), brokerData('broker-b', b.address)],
      [queueData('broker-a', 1), queueData('broker-b', 1)],
    );
    clock.advance(30_000);
    assert.equal((await producer.send(message)).brokerName, 'broker-b');
    assert.equal(a.requestsOf(SEND).length, 1);
  });

  it('tries again when the one broker there is was restarted', async () => {
    route([brokerData('broker-a', a.address)], [queueData('broker-a', 1)]);
    await producer.send(message);
    let isFirst = true;
    a.answers.set(SEND, (incoming) => {
      if (!isFirst) return stores(incoming);
      isFirst = false;
      incoming.connection.dispose();
      return undefined;
    });
    assert.equal((await producer.send(message)).status, 'SEND_OK');
  });

  it('says when no answer came in time, and does not send twice then', async () => {
    a.answers.set(SEND, () => undefined);
    const late = producer.send(message);
    await waitFor('the send to arrive', () => a.requestsOf(SEND).length === 1);
    clock.advance(3000);
    await assert.rejects(late, (error) => {
      assert.ok(isCodedError(error, 'request-timeout'));
      assert.deepEqual(error.details, { address: a.address, requestCode: SEND, timeoutMs: 3000 });
      return true;
    });
    assert.equal(b.requests.length, 0);
  });

  it('keeps all attempts within the time', async () => {
    a.answers.set(SEND, () => {
      clock.advance(2000);
      return { code: 2 };
    });
    b.answers.set(SEND, () => undefined);
    const late = producer.send(message);
    await waitFor('the second attempt', () => b.requestsOf(SEND).length === 1);
    clock.advance(1000);
    await assert.rejects(
      late,
      (error) => isCodedError(error, 'request-timeout') && error.details['timeoutMs'] === 1000,
    );
  });

  it('keeps the search for the route within the time', async () => {
    const { [ROUTE]: routeToA } = nameServerAnswers([brokerData('broker-a', a.address)], [queueData('broker-a', 1)]);
    names.answers.set(ROUTE, (incoming) => {
      clock.advance(2000);
      return routeToA!(incoming);
    });
    a.answers.set(SEND, () => undefined);
    const late = producer.send(message);
    await waitFor('the send to arrive', () => a.requestsOf(SEND).length === 1);
    clock.advance(1000);
    await assert.rejects(
      late,
      (error) => isCodedError(error, 'request-timeout') && error.details['timeoutMs'] === 1000,
    );
  });

  it('leaves a second NameServer its share of the time when the first is silent', async () => {
    const silent = await startScripted({ [ROUTE]: () => undefined });
    servers.push(silent);
    context.pool.dispose();
    context = contextOf(`${silent.address};${names.address}`, clock, 3_000);
    const sent = new Producer(context, () => 'ID').send(message);
    await waitFor('the question to arrive', () => silent.requests.length === 1);
    clock.advance(1500);
    assert.equal((await sent).status, 'SEND_OK');
  });

  for (const [code, status] of [
    [10, 'FLUSH_DISK_TIMEOUT'],
    [11, 'SLAVE_NOT_AVAILABLE'],
    [12, 'FLUSH_SLAVE_TIMEOUT'],
  ] as const) {
    it(`takes code ${code} as stored, with ${status}`, async () => {
      a.answers.set(SEND, answers(code, { msgId: 'M', queueId: '0', queueOffset: '3' }));
      const receipt = await producer.send(message);
      assert.deepEqual([receipt.status, receipt.offset], [status, 3]);
    });
  }

  it('does not create a topic, and says so when there is none', async () => {
    names.answers.set(ROUTE, () => ({ code: 17 }));
    await assert.rejects(producer.send(message), (error) => isCodedError(error, 'topic-not-found'));
    assert.deepEqual(
      names.requests.map(({ extFields }) => extFields['topic']),
      ['T'],
    );
  });

  it('says that a topic is gone when brokers and NameServers say so', async () => {
    await producer.send(message);
    for (const server of [a, b]) server.answers.set(SEND, answers(17));
    names.answers.set(ROUTE, () => ({ code: 17 }));
    await assert.rejects(producer.send(message), (error) => isCodedError(error, 'topic-not-found'));
  });

  it('tries again with the route it has when no NameServer answers', async () => {
    await producer.send(message);
    await names.close();
    a.answers.set(SEND, answers(2));
    assert.equal((await producer.send(message)).brokerName, 'broker-b');
  });

  it('follows the route: a topic without any writable queue on the second attempt', async () => {
    await producer.send(message);
    a.answers.set(SEND, answers(16));
    names.answers.set(ROUTE, () => ({
      code: 0,
      body: encodeTopicRoute({ brokers: [], queues: [], orderTopicConf: undefined }, true),
    }));
    await assert.rejects(producer.send(message), (error) => isCodedError(error, 'no-writable-queue'));
  });
});
