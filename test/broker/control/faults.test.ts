import assert from 'node:assert/strict';
import { RequestCode, ResponseCode } from '../../../src/protocol/codes.ts';
import { VERSION, request, versionOrdinal } from '../../../src/protocol/command.ts';
import { encodeFrame } from '../../../src/protocol/frame.ts';
import { decodeKvTable } from '../../../src/protocol/bodies/route.ts';
import { waitFor } from '../../support/waitFor.ts';
import { RawClient } from '../rawClient.ts';
import { TestBroker, ask, consumerBeat, pullRequest, records, sendRequest } from '../testBroker.ts';

describe('faults', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start({ controlled: true });
    await broker.createTopic('T', 1);
  });
  afterEach(() => broker.stop());

  const add = async (fault: object): Promise<Record<string, unknown>> => {
    const { status, json } = await broker.control('POST', '/faults', fault);
    assert.equal(status, 200, JSON.stringify(json));
    return json;
  };
  const struck = async (): Promise<unknown[]> => {
    const { json } = await broker.control('GET', '/faults');
    return (json['faults'] as Record<string, unknown>[]).map((fault) => fault['struck']);
  };
  const stored = async (): Promise<string[]> => (await broker.read('T')).map(({ body }) => body.toString());

  it('refuses as often as it is told, with the code and the words of Apache, and nothing is stored', async () => {
    await add({ kind: 'refuse', code: 'SYSTEM_BUSY', request: 'SEND', topic: 'T', count: 2 });
    const answers = [await broker.send('T', '1'), await broker.send('T', '2'), await broker.send('T', '3')];
    assert.deepEqual(
      answers.map(({ code, remark }) => [code, remark]),
      [
        [ResponseCode.SYSTEM_BUSY, '[REJECTREQUEST]system busy, start flow control for a while'],
        [ResponseCode.SYSTEM_BUSY, '[REJECTREQUEST]system busy, start flow control for a while'],
        [ResponseCode.SUCCESS, undefined],
      ],
    );
    assert.deepEqual(await stored(), ['3']);
    assert.deepEqual(await struck(), [2]);
  });

  it('stores a message whose flush timed out, and says where, as Apache does', async () => {
    await add({ kind: 'refuse', code: 10, request: 'SEND_MESSAGE_V2', count: 1 });
    const answer = await broker.send('T', 'late');
    assert.deepEqual([answer.code, answer.extFields['queueOffset']], [ResponseCode.FLUSH_DISK_TIMEOUT, '0']);
    assert.deepEqual(await stored(), ['late']);
    await add({ kind: 'refuse', code: 'FLUSH_DISK_TIMEOUT', remark: 'mine', request: 'PULL' });
    const pulled = await broker.client.request(pullRequest({ topic: 'T' }), 4000);
    assert.deepEqual([pulled.code, pulled.remark], [ResponseCode.FLUSH_DISK_TIMEOUT, 'mine']);
  });

  it('strikes only what it names: topic, group, client and request, with * for any text', async () => {
    await broker.createTopic('Other', 1);
    const client = await broker.connect();
    await broker.heartbeat(client, consumerBeat('10.0.0.1@77#1', 'G1', { T: '*' }));
    const code = ResponseCode.NO_PERMISSION;
    const send = async (topic: string, group: string): Promise<number> =>
      (await client.request(sendRequest(topic, 'x', { header: { a: group } }), 4000)).code;
    for (const [fault, expected] of [
      [{ topic: 'T' }, [code, 0, code]],
      [{ topic: 'O*r' }, [0, code, 0]],
      [{ group: 'P1' }, [code, code, 0]],
      [{ topic: 'T', group: 'P*' }, [code, 0, code]],
      [{ clientId: '*@77#*' }, [code, code, code]],
      [{ clientId: '*@78#*' }, [0, 0, 0]],
      [{ request: 'PULL_MESSAGE' }, [0, 0, 0]],
      [{ request: [11, 'SEND'] }, [code, code, code]],
      [{ server: 'nameServer' }, [0, 0, 0]],
      [{}, [code, code, code]],
    ] as const) {
      const { id } = await add({ kind: 'refuse', code: 'NO_PERMISSION', ...fault });
      assert.deepEqual(
        [await send('T', 'P1'), await send('Other', 'P1'), await send('T', 'P2')],
        expected,
        JSON.stringify(fault),
      );
      assert.deepEqual((await broker.control('DELETE', `/faults/${String(id)}`)).json, { cleared: 1 });
    }
  });

  it('finds the names of a request wherever they stand', async () => {
    const client = await broker.connect();
    const beat = consumerBeat('c1', 'G1', { T: '*' });
    const requests: readonly (readonly [string, () => Promise<{ code: number }>])[] = [
      ['heartbeat', () => broker.heartbeat(client, beat)],
      [
        'lock',
        () =>
          ask(
            client,
            RequestCode.LOCK_BATCH_MQ,
            {},
            { consumerGroup: 'G1', clientId: 'c1', mqSet: [{ topic: 'T', brokerName: 'broker-a', queueId: 0 }] },
          ),
      ],
      ['pull', () => client.request(pullRequest({ topic: 'T', group: 'G1', sysFlag: 0 }), 4000)],
      [
        'send back',
        () =>
          ask(client, RequestCode.CONSUMER_SEND_MSG_BACK, {
            offset: '0',
            group: 'G1',
            delayLevel: '0',
            originTopic: 'T',
          }),
      ],
    ];
    for (const fault of [{ topic: 'T' }, { group: 'G1' }, { clientId: 'c1' }]) {
      for (const [name, request] of requests) {
        await broker.heartbeat(client, beat);
        const { id } = await add({ kind: 'refuse', code: 'FLOW_CONTROL', ...fault });
        assert.equal((await request()).code, ResponseCode.FLOW_CONTROL, `${name} by ${JSON.stringify(fault)}`);
        await broker.control('DELETE', `/faults/${String(id)}`);
      }
    }
  });

  it('throws the same dice for the same seed', async () => {
    const codes = async (seed: number): Promise<string> => {
      await broker.control('DELETE', '/faults');
      await add({ kind: 'refuse', code: 'SYSTEM_BUSY', request: 'SEND', probability: 0.5, seed });
      let found = '';
      for (let index = 0; index < 40; index++) found += (await broker.send('T', 'x')).code === 0 ? '.' : 'X';
      return found;
    };
    const first = await codes(7);
    assert.equal(await codes(7), first);
    assert.notEqual(await codes(8), first);
    const hits = first.replaceAll('.', '').length;
    assert.ok(hits > 8 && hits < 32, first);
  });

  it('strikes for as long as it is told', async () => {
    await add({ kind: 'refuse', code: 'SYSTEM_BUSY', request: 'SEND', forMs: 5000 });
    assert.equal((await broker.send('T', '1')).code, ResponseCode.SYSTEM_BUSY);
    broker.clock.advance(4999);
    assert.equal((await broker.send('T', '2')).code, ResponseCode.SYSTEM_BUSY);
    broker.clock.advance(1);
    assert.equal((await broker.send('T', '3')).code, 0);
    const { json } = await broker.control('GET', '/faults');
    const [fault] = json['faults'] as Record<string, unknown>[];
    assert.deepEqual([fault?.['struck'], fault?.['live'], fault?.['leftMs']], [2, false, 0]);
  });

  it('delays an answer: the request is carried out at once', async () => {
    await add({ kind: 'delay', ms: 3000, request: 'SEND', count: 1 });
    let answered = false;
    const sending = broker.send('T', 'slow').then((answer) => {
      answered = true;
      return answer;
    });
    // Answers of one connection leave in the order of its requests, so that the delay has begun.
    const other = (): Promise<unknown> => broker.ask(RequestCode.GET_TOPIC_CONFIG, { topic: 'T' });
    await other();
    assert.equal(broker.context.store.maxOffset('T', 0), 1);
    broker.clock.advance(2999);
    await other();
    assert.equal(answered, false);
    broker.clock.advance(1);
    assert.deepEqual([(await sending).code, (await sending).extFields['queueOffset']], [0, '0']);
  });

  it('delays a batch whose bytes are still its own then', async () => {
    await broker.send('T', 'first');
    await add({ kind: 'delay', ms: 1000, request: 'PULL', count: 1 });
    let answered = false;
    const pulling = broker.client.request(pullRequest({ topic: 'T' }), 15_000).finally(() => (answered = true));
    await waitFor('the answer', () => {
      broker.clock.advance(1000);
      return answered;
    });
    assert.deepEqual(
      records((await pulling).body).map(({ body }) => body.toString()),
      ['first'],
    );
  });

  it('drops an answer, and gives another twice', async () => {
    await add({ kind: 'dropAnswer', request: 'SEND', count: 1 });
    const other = await broker.connect();
    await assert.rejects(other.request(sendRequest('T', 'lost'), 50), { code: 'request-timeout' });
    assert.deepEqual(await stored(), ['lost']);
    await add({ kind: 'answerTwice', request: 'GET_TOPIC_CONFIG', count: 1 });
    const raw = await RawClient.connect(broker.runtime.broker.address);
    for (const opaque of [1, 2]) {
      raw.write(encodeFrame(request(opaque, { code: RequestCode.GET_TOPIC_CONFIG, extFields: { topic: 'T' } })));
    }
    const opaques: unknown[] = [];
    while (opaques.length < 3) {
      const answer = await raw.answer();
      opaques.push(answer === 'closed' ? answer : answer.command.opaque);
    }
    raw.close();
    assert.deepEqual(opaques, [1, 1, 2]);
  });

  it('closes the connection instead of an answer', async () => {
    await add({ kind: 'closeConnection', request: 'SEND', count: 1 });
    await assert.rejects(broker.send('T', 'x'), { code: 'connection-closed' });
    const again = await broker.connect();
    assert.equal((await again.request(sendRequest('T', 'y'), 4000)).code, 0);
    assert.deepEqual((await again.request(pullRequest({ topic: 'T' }), 4000)).code, 0);
    assert.equal(broker.context.store.maxOffset('T', 0), 1);
  });

  it('stops reading, and carries out what came meanwhile when the fault is cleared', async () => {
    await add({ kind: 'stopReading', request: 'SEND', count: 1 });
    const sending = [broker.send('T', '1'), broker.send('T', '2')];
    await waitFor('the strike', async () => (await struck())[0] === 1);
    const other = await broker.connect();
    assert.equal((await other.request(sendRequest('T', 'of another'), 4000)).code, 0);
    assert.equal(broker.context.store.maxOffset('T', 0), 1);
    await broker.control('DELETE', '/faults');
    assert.deepEqual(
      (await Promise.all(sending)).map(({ code }) => code),
      [0, 0],
    );
  });

  it('reads on by itself after a time, and forgets who left meanwhile', async () => {
    await add({ kind: 'stopReading', ms: 5000, request: 'SEND', count: 2 });
    const sending = broker.send('T', '1');
    const other = await broker.connect();
    const leaving = other.request(sendRequest('T', 'never'), 15_000);
    await waitFor('the strikes', async () => (await struck())[0] === 2);
    other.dispose();
    await assert.rejects(leaving, { code: 'connection-closed' });
    broker.clock.advance(5000);
    assert.equal((await sending).code, 0);
  });

  it('answers a request that is bad when it reads on, and reads what follows', async () => {
    for (const ms of [5000, undefined]) {
      await add({ kind: 'stopReading', request: 'SEND', count: 1, ...(ms === undefined ? {} : { ms }) });
      const parts = sendRequest('T', 'bad');
      // Without its producer group.
      const extFields = Object.fromEntries(Object.entries(parts.extFields ?? {}).filter(([key]) => key !== 'a'));
      const bad = broker.client.request({ ...parts, extFields }, 4000);
      await waitFor('the strike', async () => (await struck())[0] === 1);
      if (ms !== undefined) broker.clock.advance(ms);
      assert.equal((await broker.control('DELETE', '/faults')).status, 200);
      assert.equal((await bad).code, ResponseCode.SYSTEM_ERROR);
      assert.equal((await broker.send('T', 'good')).code, ResponseCode.SUCCESS);
    }
  });

  it('delivers the last batch twice', async () => {
    for (const body of ['1', '2']) await broker.send('T', body);
    await add({ kind: 'deliverTwice', topic: 'T', group: 'G', count: 1 });
    const pull = async (queueOffset: number): Promise<readonly [string[], string | undefined]> => {
      const answer = await broker.client.request(
        pullRequest({ topic: 'T', group: 'G', queueOffset, header: { suspendTimeoutMillis: '0' } }),
        4000,
      );
      return [records(answer.body).map(({ body }) => body.toString()), answer.extFields['nextBeginOffset']];
    };
    assert.deepEqual(await pull(0), [['1', '2'], '2']);
    assert.deepEqual(await struck(), [0]);
    await broker.send('T', '3');
    assert.deepEqual(await pull(2), [['1', '2', '3'], '3']);
    assert.deepEqual(await pull(3), [[], '3']);
    assert.deepEqual(await struck(), [1]);
  });

  it('forgets the route of a topic', async () => {
    const route = async (topic: string): Promise<readonly [number, string | undefined]> => {
      const { code, remark } = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic });
      return [code, remark?.split('\n')[0]];
    };
    await broker.createTopic('Other', 1);
    await add({ kind: 'forgetRoute', topic: 'T', count: 1 });
    assert.deepEqual(await route('Other'), [0, undefined]);
    assert.deepEqual(await route('T'), [17, 'No topic route info in name server for the topic: T']);
    assert.deepEqual(await route('T'), [0, undefined]);
  });

  it('pretends to be of another release', async () => {
    const client = await broker.connect();
    const beat = consumerBeat('c', 'G', { T: '*' });
    assert.equal((await broker.heartbeat(client, beat)).version, VERSION);
    await add({ kind: 'pretendVersion', version: '4.9.4' });
    assert.equal((await broker.heartbeat(client, beat)).version, versionOrdinal(4, 9, 4));
    const info = await broker.ask(RequestCode.GET_BROKER_RUNTIME_INFO);
    const table = decodeKvTable(info.body);
    assert.deepEqual([table.get('brokerVersion'), table.get('brokerVersionDesc')], ['401', 'V4_9_4']);
    assert.equal(info.version, 401);
  });

  it('leaves one-way requests alone where there is no answer to change', async () => {
    await add({ kind: 'refuse', code: 1, request: 'SEND' });
    await broker.client.oneway(sendRequest('T', 'one-way'));
    await waitFor('the message', () => broker.context.store.maxOffset('T', 0) === 1);
    assert.deepEqual(await struck(), [0]);
  });

  it('takes a list of faults whole or not at all; the first that fits strikes', async () => {
    const good = { kind: 'refuse', code: 'SYSTEM_BUSY', request: 'SEND', count: 1 };
    const { status } = await broker.control('POST', '/faults', [good, { kind: 'no' }]);
    assert.deepEqual([status, await struck()], [400, []]);
    await broker.control('POST', '/faults', [good, { ...good, code: 'FLOW_CONTROL' }]);
    const codes = [await broker.send('T', '1'), await broker.send('T', '2'), await broker.send('T', '3')];
    assert.deepEqual(
      codes.map(({ code }) => code),
      [ResponseCode.SYSTEM_BUSY, ResponseCode.FLOW_CONTROL, 0],
    );
    assert.deepEqual((await broker.control('DELETE', '/faults')).json, { cleared: 2 });
    assert.deepEqual(await struck(), []);
  });
});
