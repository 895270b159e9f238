import assert from 'node:assert/strict';
import { Code } from '../../../src/protocol/grpc/definition_pb.ts';
import { GrpcStatus } from '../../../src/protocol/grpc/grpcStatus.ts';
import { waitFor } from '../../support/waitFor.ts';
import { GROUP, TOPIC, ack, bodies, handleOf, receive } from '../grpc/grpcConsumer.ts';
import { GrpcTestBroker } from '../grpc/grpcTestBroker.ts';
import type { GrpcTestClient } from '../grpc/grpcTestClient.ts';
import { consumerSettings, producerSettings } from '../grpc/testSettings.ts';
import { TestBroker } from '../testBroker.ts';

describe('faults of RPCs', function () {
  this.timeout(30_000);
  let started: GrpcTestBroker;
  let client: GrpcTestClient;
  beforeEach(async () => {
    started = await GrpcTestBroker.start({ controlled: true });
    await started.broker.createTopic(TOPIC, 1);
    client = started.client({ clientId: 'shop@1' });
  });
  afterEach(() => started.stop());

  const add = async (fault: object): Promise<Record<string, unknown>> => {
    const { status, json } = await started.broker.control('POST', '/faults', fault);
    assert.equal(status, 200, JSON.stringify(json));
    return json;
  };
  const clear = (): Promise<unknown> => started.broker.control('DELETE', '/faults');
  const struck = async (): Promise<unknown[]> => {
    const { json } = await started.broker.control('GET', '/faults');
    return (json['faults'] as Record<string, unknown>[]).map((fault) => fault['struck']);
  };
  const stored = async (): Promise<string[]> => (await started.broker.read(TOPIC)).map(({ body }) => body.toString());
  const send = (body: string, { topic = TOPIC, by = client, options = {} } = {}) =>
    by.call(
      'sendMessage',
      {
        messages: [
          { topic: { name: topic }, body: Buffer.from(body), systemProperties: { messageId: `ID${body}`, queueId: 0 } },
        ],
      },
      options,
    );

  it('refuses as often as it is told, with a code of the service, and nothing is stored', async () => {
    const fault = await add({ kind: 'refuse', code: 'TOO_MANY_REQUESTS', rpc: 'SendMessage', topic: TOPIC, count: 2 });
    assert.deepEqual(
      [fault['server'], fault['rpcs'], fault['code'], fault['struck'], fault['live']],
      ['grpc', ['sendMessage'], 'TOO_MANY_REQUESTS', 0, true],
    );
    const answers = [await send('1'), await send('2'), await send('3')];
    assert.deepEqual(
      answers.map(({ status }) => [status?.code, status?.message]),
      [
        [Code.TOO_MANY_REQUESTS, 'refused by a fault, TOO_MANY_REQUESTS'],
        [Code.TOO_MANY_REQUESTS, 'refused by a fault, TOO_MANY_REQUESTS'],
        [Code.OK, 'OK'],
      ],
    );
    assert.deepEqual([await stored(), await struck()], [['3'], [2]]);
    await add({ kind: 'refuse', code: 'INTERNAL_SERVER_ERROR', remark: 'mine', rpc: 'receiveMessage', count: 1 });
    const { cases, status } = await receive(client);
    assert.deepEqual([cases, status?.code, status?.message], [['status'], Code.INTERNAL_SERVER_ERROR, 'mine']);
    assert.deepEqual(bodies(await receive(client)), ['3']);
  });

  it('stores a message whose flush timed out, and says where', async () => {
    await add({ kind: 'refuse', code: 'MASTER_PERSISTENCE_TIMEOUT', rpc: 'SendMessage', count: 2 });
    const { status, entries } = await send('late');
    assert.deepEqual(
      [status?.code, entries[0]?.status?.code, entries[0]?.messageId, entries[0]?.offset],
      [Code.MASTER_PERSISTENCE_TIMEOUT, Code.MASTER_PERSISTENCE_TIMEOUT, 'IDlate', 0n],
    );
    assert.deepEqual(await stored(), ['late']);
    const wrong = await send('', { topic: 'not a topic' });
    assert.equal(wrong.status?.code, Code.ILLEGAL_TOPIC);
  });

  it('ends the call with a status of gRPC', async () => {
    await add({ kind: 'refuse', code: 'UNAVAILABLE', rpc: ['SendMessage', 'ReceiveMessage'], count: 2 });
    const unavailable = { code: GrpcStatus.UNAVAILABLE, details: 'refused by a fault, UNAVAILABLE' };
    await assert.rejects(send('x'), unavailable);
    await assert.rejects(receive(client), unavailable);
    assert.equal((await send('y')).status?.code, Code.OK);
    assert.deepEqual(await stored(), ['y']);
  });

  it('strikes only what it names: topic, group, client and RPC, and no request of remoting', async () => {
    await started.broker.createTopic('Other', 1);
    const other = started.client({ clientId: 'till@2' });
    const code = Code.FORBIDDEN;
    for (const [fault, expected] of [
      [{}, [code, code, code, code]],
      [{ topic: TOPIC }, [code, Code.OK, code, code]],
      [{ topic: 'O*r' }, [Code.OK, code, Code.OK, Code.OK]],
      [{ clientId: 'till*' }, [Code.OK, Code.OK, code, Code.OK]],
      [{ group: 'Group*' }, [Code.OK, Code.OK, Code.OK, code]],
      [{ rpc: 'AckMessage' }, [Code.OK, Code.OK, Code.OK, Code.OK]],
      [{ rpc: ['ReceiveMessage', 'sendMessage'], topic: TOPIC }, [code, Code.OK, code, code]],
    ] as const) {
      const { id } = await add({ kind: 'refuse', code: 'FORBIDDEN', server: 'grpc', ...fault });
      assert.equal((await started.broker.send(TOPIC, 'of remoting')).code, 0);
      assert.deepEqual(
        [
          (await send('1')).status?.code,
          (await send('2', { topic: 'Other' })).status?.code,
          (await send('3', { by: other })).status?.code,
          (await receive(client)).status?.code,
        ],
        expected,
        JSON.stringify(fault),
      );
      assert.deepEqual((await started.broker.control('DELETE', `/faults/${String(id)}`)).json, { cleared: 1 });
    }
    await add({ kind: 'refuse', code: 'SYSTEM_BUSY' });
    assert.equal((await send('4')).status?.code, Code.OK);
  });

  it('finds the names of an RPC wherever they stand', async () => {
    const topic = { name: TOPIC };
    const group = { name: GROUP };
    const messageQueue = { topic, id: 0, broker: { name: 'broker-a' } };
    const calls: readonly (readonly [
      string,
      readonly string[],
      () => Promise<{ status?: { code: Code } | undefined }>,
    ])[] = [
      ['queryRoute', ['topic'], () => client.call('queryRoute', { topic })],
      ['heartbeat', ['group'], () => client.call('heartbeat', { group })],
      ['queryAssignment', ['topic', 'group'], () => client.call('queryAssignment', { topic, group })],
      ['ackMessage', ['topic', 'group'], () => client.call('ackMessage', { topic, group })],
      ['changeInvisibleDuration', ['topic', 'group'], () => client.call('changeInvisibleDuration', { topic, group })],
      ['endTransaction', ['topic'], () => client.call('endTransaction', { topic })],
      ['updateOffset', ['topic', 'group'], () => client.call('updateOffset', { messageQueue, group })],
      ['queryOffset', ['topic'], () => client.call('queryOffset', { messageQueue })],
      ['receiveMessage', ['topic', 'group'], () => receive(client)],
    ];
    for (const [name, named, call] of calls) {
      for (const [field, value] of [
        ['topic', TOPIC],
        ['group', GROUP],
        ['clientId', 'shop@1'],
      ] as const) {
        await clear();
        await add({ kind: 'refuse', code: 'PAYMENT_REQUIRED', rpc: name, [field]: value });
        const isStruck = (await call()).status?.code === Code.PAYMENT_REQUIRED;
        assert.equal(isStruck, field === 'clientId' || named.includes(field), `${name} by ${field}`);
      }
    }
  });

  it('throws the same dice for the same seed', async () => {
    const codes = async (seed: number): Promise<string> => {
      await clear();
      await add({ kind: 'refuse', code: 'TOO_MANY_REQUESTS', rpc: 'SendMessage', probability: 0.5, seed });
      let found = '';
      for (let index = 0; index < 40; index++) found += (await send('x')).status?.code === Code.OK ? '.' : 'X';
      return found;
    };
    const first = await codes(7);
    assert.equal(await codes(7), first);
    assert.notEqual(await codes(8), first);
  });

  it('delays an answer, and all of a stream: the RPC is carried out at once', async () => {
    await add({ kind: 'delay', ms: 3000, rpc: ['SendMessage', 'ReceiveMessage'], count: 2 });
    const state = { answered: 0 };
    const counted = <T>(answer: Promise<T>): Promise<T> => answer.finally(() => (state.answered += 1));
    const sending = counted(send('slow'));
    await waitFor('the message', () => started.broker.context.store.maxOffset(TOPIC, 0) === 1);
    const receiving = counted(receive(client));
    await waitFor('the receive', () => started.broker.context.offsets.committed(GROUP, TOPIC, 0) === 1);
    // What would have been answered is, before this is.
    await client.call('queryRoute', { topic: { name: TOPIC } });
    assert.equal(state.answered, 0);
    await waitFor('the answers', () => {
      started.broker.clock.advance(3000);
      return state.answered === 2;
    });
    assert.equal((await sending).status?.code, Code.OK);
    const { cases } = await receiving;
    assert.deepEqual(cases, ['status', 'message', 'deliveryTimestamp']);
  });

  it('drops an answer: the call is over when its deadline is', async () => {
    await add({ kind: 'dropAnswer', rpc: 'SendMessage', count: 1 });
    const state = { isOver: false };
    const sending = send('lost', { options: { deadline: Date.now() + 60_000 } }).finally(() => (state.isOver = true));
    await waitFor('the message', async () => (await stored()).length === 1);
    assert.equal((await send('next')).status?.code, Code.OK);
    assert.deepEqual([state.isOver, await struck()], [false, [1]]);
    started.broker.clock.advance(60_000);
    await assert.rejects(sending, { code: GrpcStatus.DEADLINE_EXCEEDED });
    assert.deepEqual(await stored(), ['lost', 'next']);
  });

  it('delivers each message of a receive twice, and both are acknowledged', async () => {
    for (const body of ['1', '2']) await send(body);
    const { kind, rpcs } = await add({ kind: 'deliverTwice', server: 'grpc', topic: TOPIC, group: GROUP, count: 1 });
    assert.deepEqual([kind, rpcs], ['deliverTwice', ['receiveMessage']]);
    const received = await receive(client);
    assert.deepEqual(bodies(received), ['1', '1', '2', '2']);
    for (const message of received.messages) {
      assert.equal((await ack(client, [handleOf(message)])).status?.code, Code.OK);
    }
    await send('3');
    assert.deepEqual(bodies(await receive(client)), ['3']);
  });

  it('counts no receive that brought nothing as delivered twice', async () => {
    await add({ kind: 'deliverTwice', server: 'grpc', topic: TOPIC, group: GROUP, count: 1 });
    const empty = receive(client, { pollMs: 6000 });
    await waitFor('the receive to be held', () => started.broker.context.pops.held.size === 1, { pollMs: 2 });
    assert.deepEqual(await struck(), [1]);
    started.broker.clock.advance(6000);
    assert.deepEqual((await empty).messages, []);
    assert.deepEqual(await struck(), [0]);
    await send('1');
    assert.deepEqual([bodies(await receive(client)), await struck()], [['1', '1'], [1]]);
  });

  it('closes the connection; nothing is carried out, and the client comes again', async () => {
    await add({ kind: 'closeConnection', rpc: 'SendMessage', clientId: 'shop@1', count: 1 });
    await assert.rejects(send('x'), { code: GrpcStatus.UNAVAILABLE });
    assert.equal((await send('y', { options: { deadline: Date.now() + 10_000 } })).status?.code, Code.OK);
    assert.deepEqual(await stored(), ['y']);
  });

  it('forgets the route of a topic', async () => {
    await add({ kind: 'forgetRoute', server: 'grpc', topic: TOPIC, count: 1 });
    const route = () => client.call('queryRoute', { topic: { name: TOPIC } });
    const { status, messageQueues } = await route();
    assert.deepEqual(
      [status?.code, status?.message, messageQueues],
      [Code.TOPIC_NOT_FOUND, `No topic route info in name server for the topic: ${TOPIC}`, []],
    );
    assert.equal((await route()).messageQueues.length, 1);
  });

  it('ends telemetry, and delays no word of it', async () => {
    await add({ kind: 'delay', ms: 1000, server: 'grpc', topic: TOPIC });
    await add({ kind: 'refuse', code: 'UNAUTHORIZED', rpc: 'Telemetry', group: GROUP, count: 1 });
    const producing = client.telemetry();
    producing.write(producerSettings(TOPIC));
    assert.equal((await producing.next()).status?.code, Code.OK);
    const consuming = client.telemetry();
    consuming.write(consumerSettings(GROUP, TOPIC));
    assert.equal((await consuming.next()).status?.code, Code.UNAUTHORIZED);
    assert.equal((await consuming.ended).code, GrpcStatus.OK);
    assert.deepEqual(await struck(), [0, 1]);
    await add({ kind: 'closeConnection', rpc: 'Telemetry', count: 1 });
    producing.write(producerSettings(TOPIC));
    assert.equal((await producing.ended).code, GrpcStatus.UNAVAILABLE);
  });

  it('says what a fault cannot mean, and sets none', async () => {
    for (const [fault, expected] of [
      [{ kind: 'answerTwice', rpc: 'SendMessage' }, /answerTwice means nothing for gRPC: an RPC has one answer/],
      [{ kind: 'stopReading', server: 'grpc' }, /stopReading means nothing for gRPC: RPCs share a connection/],
      [{ kind: 'pretendVersion', server: 'grpc', version: '4.9.4' }, /pretendVersion means nothing for gRPC/],
      [{ kind: 'delay', ms: 1, rpc: 'Telemetry' }, /delay means nothing for telemetry.*allowed: refuse, closeConn/],
      [{ kind: 'dropAnswer', rpc: ['SendMessage', 'Telemetry'] }, /dropAnswer means nothing for telemetry/],
      [{ kind: 'deliverTwice', rpc: 'SendMessage' }, /deliverTwice is about another RPC; allowed: receiveMessage/],
      [{ kind: 'refuse', rpc: 'SendMessage' }, /a fault needs "code"; allowed: MULTIPLE_RESULTS, BAD_REQUEST/],
      [{ kind: 'refuse', rpc: 'SendMessage', code: 'SYSTEM_BUSY' }, /code cannot be "SYSTEM_BUSY"; allowed: MULT/],
      [{ kind: 'refuse', rpc: 'SendMessage', code: 20000 }, /code cannot be "20000"/],
      [{ kind: 'refuse', rpc: 'Send', code: 1 }, /rpc is the name of one, or a list of them; allowed: queryRoute/],
      [{ kind: 'refuse', rpc: 'SendMessage', server: 'broker', code: 1 }, /rpc is of the server grpc, not of broker/],
      [{ kind: 'refuse', server: 'grpc', request: 'SEND', code: 14 }, /an RPC is named by rpc; allowed: queryRoute/],
      [{ kind: 'forgetRoute', server: 'broker' }, /server cannot be "broker"; allowed: nameServer, grpc/],
    ] as const) {
      const { status, json } = await started.broker.control('POST', '/faults', fault);
      assert.equal(status, 400, JSON.stringify(fault));
      assert.match((json['error'] as { message: string }).message, expected);
    }
    assert.deepEqual(await struck(), []);
  });
});

describe('faults of RPCs where there is no gRPC', () => {
  it('are refused', async () => {
    const broker = await TestBroker.start({ controlled: true });
    try {
      const { status, json } = await broker.control('POST', '/faults', { kind: 'dropAnswer', rpc: 'SendMessage' });
      assert.deepEqual(
        [status, (json['error'] as { message: string }).message],
        [409, 'this broker serves no gRPC: start it with --grpc-port'],
      );
    } finally {
      await broker.stop();
    }
  });
});
