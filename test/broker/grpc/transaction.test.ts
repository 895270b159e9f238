import assert from 'node:assert/strict';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { DigestType, Encoding, MessageType } from '../../../src/protocol/grpc/definition_pb.ts';
import {
  ClientType,
  Code,
  TransactionResolution,
  TransactionSource,
} from '../../../src/protocol/grpc/definition_pb.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';
import type { GrpcTestClient, TestTelemetry } from './grpcTestClient.ts';
import { producerSettings } from './testSettings.ts';

const { COMMIT, ROLLBACK, TRANSACTION_RESOLUTION_UNSPECIFIED } = TransactionResolution;
const { SOURCE_CLIENT, SOURCE_SERVER_CHECK } = TransactionSource;

describe('gRPC transactions', () => {
  let test: GrpcTestBroker;
  let client: GrpcTestClient;

  beforeEach(async () => {
    test = await GrpcTestBroker.start();
    client = test.client();
  });
  afterEach(() => test.stop());

  const open = async (body: string, messageId = `id-${body}`, by = client, recoveryMs?: number): Promise<string> => {
    const { status, entries } = await by.call('sendMessage', {
      messages: [
        {
          topic: { name: 'T' },
          body: Buffer.from(body),
          userProperties: { u: 'v' },
          systemProperties: {
            messageId,
            messageType: MessageType.TRANSACTION,
            tag: 'tag',
            ...(recoveryMs === undefined ? {} : { orphanedTransactionRecoveryDuration: durationFromMs(recoveryMs) }),
          },
        },
      ],
    });
    assert.equal(status?.code, Code.OK);
    assert.notEqual(entries[0]?.transactionId, '');
    return entries[0]?.transactionId ?? '';
  };
  const end = async (transactionId: string, resolution: TransactionResolution, source = SOURCE_CLIENT) => {
    const request = { topic: { name: 'T' }, messageId: 'any', transactionId, resolution, source };
    return (await client.call('endTransaction', request)).status;
  };
  const bodies = async (): Promise<string[]> => {
    const queues = await Promise.all([0, 1, 2, 3].map((queue) => test.broker.read('T', queue)));
    return queues.flat().map(({ body }) => body.toString());
  };
  const telemetry = async (by: GrpcTestClient): Promise<TestTelemetry> => {
    const stream = by.telemetry();
    stream.write(producerSettings('T'));
    await stream.next();
    test.broker.clock.advance(1000);
    await stream.next();
    return stream;
  };

  it('shows a message once it is committed, and never one that is rolled back (check 38)', async () => {
    const [kept, gone] = [await open('kept'), await open('gone')];
    assert.deepEqual(await bodies(), []);
    assert.equal((await end(kept, COMMIT))?.code, Code.OK);
    assert.equal((await end(gone, ROLLBACK))?.code, Code.OK);
    assert.deepEqual(await bodies(), ['kept']);
    const again = await end(kept, COMMIT);
    assert.deepEqual([again?.code, again?.message], [Code.INTERNAL_SERVER_ERROR, 'cannot found transaction data']);
    assert.deepEqual(await bodies(), ['kept']);
  });

  it('knows a transaction for longer than the 30 s of Apache, and after a restart (check 40)', async () => {
    const directory = makeTempDir('grpc-transactions');
    await test.stop();
    test = await GrpcTestBroker.start({ directory: directory.path });
    client = test.client();
    const early = await open('early');
    await test.broker.clock.advanceAsync(25_000);
    assert.equal((await end(early, COMMIT))?.code, Code.OK);
    const late = await open('late');
    await test.stop();
    test = await GrpcTestBroker.start({ directory: directory.path });
    client = test.client();
    assert.equal((await end(early, COMMIT))?.code, Code.INTERNAL_SERVER_ERROR);
    assert.equal((await end(late, COMMIT))?.code, Code.OK);
    assert.deepEqual((await bodies()).sort(), ['early', 'late']);
    await test.stop();
    test = await GrpcTestBroker.start();
    directory.remove();
  });

  it('refuses ids that are none', async () => {
    assert.equal((await end(' ', COMMIT))?.code, Code.INVALID_TRANSACTION_ID);
    assert.equal((await end('unknown', COMMIT))?.code, Code.INTERNAL_SERVER_ERROR);
  });

  it('leaves a transaction open of which nobody knows the end yet', async () => {
    const id = await open('a');
    assert.equal((await end(id, TRANSACTION_RESOLUTION_UNSPECIFIED))?.code, Code.OK);
    assert.deepEqual(await bodies(), []);
    assert.equal((await end(id, COMMIT))?.code, Code.OK);
    assert.deepEqual(await bodies(), ['a']);
  });

  it('asks the producer over its telemetry stream, and takes its answer (check 39)', async () => {
    const stream = await telemetry(client);
    const id = await open('orphan', 'the-id');
    await test.broker.clock.advanceAsync(31_000);
    const { command } = await stream.next();
    assert.equal(command.case, 'recoverOrphanedTransactionCommand');
    const { message, transactionId } = command.value;
    assert.equal(transactionId, id);
    assert.equal(message?.topic?.name, 'T');
    assert.equal(Buffer.from(message.body).toString(), 'orphan');
    const system = message.systemProperties;
    assert.deepEqual(
      [system?.messageId, system?.tag, system?.messageType, system?.bodyEncoding, system?.deliveryAttempt],
      ['the-id', 'tag', MessageType.TRANSACTION, Encoding.IDENTITY, 1],
    );
    assert.equal(system?.bodyDigest?.type, DigestType.MD5);
    assert.match(system.bodyDigest.checksum, /^[0-9A-F]{32}$/);
    assert.deepEqual(message.userProperties, { u: 'v' });
    assert.equal((await end(transactionId, COMMIT, SOURCE_SERVER_CHECK))?.code, Code.OK);
    assert.deepEqual(await bodies(), ['orphan']);
    await test.broker.clock.advanceAsync(60_000);
    assert.ok(stream.isDrained);
  });

  it('asks at the next rounds again, until it asked often enough (check 39)', async () => {
    await test.stop();
    test = await GrpcTestBroker.start({ broker: { transactionCheckMax: 2 } });
    client = test.client();
    const stream = await telemetry(client);
    const id = await open('orphan');
    for (let round = 0; round < 2; round += 1) {
      await test.broker.clock.advanceAsync(31_000);
      const { command } = await stream.next();
      assert.equal(command.case === 'recoverOrphanedTransactionCommand' && command.value.transactionId, id);
    }
    await test.broker.clock.advanceAsync(31_000);
    await test.broker.clock.advanceAsync(31_000);
    assert.ok(stream.isDrained);
  });

  it('asks as early as the message says', async () => {
    const stream = await telemetry(client);
    await open('soon', 'soon', client, 10_000);
    await test.broker.clock.advanceAsync(31_000);
    const { command } = await stream.next();
    assert.equal(command.case, 'recoverOrphanedTransactionCommand');
  });

  it('asks who sent to a topic that its settings do not name yet', async () => {
    const stream = client.telemetry();
    stream.write(producerSettings());
    await stream.next();
    test.broker.clock.advance(1000);
    await stream.next();
    await open('orphan');
    await test.broker.clock.advanceAsync(31_000);
    assert.equal((await stream.next()).command.case, 'recoverOrphanedTransactionCommand');
  });

  it('asks another producer of the topic when the first has gone', async () => {
    const first = test.client();
    const gone = await telemetry(first);
    await open('orphan', 'x', first);
    const stream = await telemetry(client);
    gone.cancel();
    await gone.ended;
    // What comes by the same connection later is answered: the end of the stream is known.
    await first.call('heartbeat', { clientType: ClientType.PRODUCER });
    await test.broker.clock.advanceAsync(31_000);
    assert.equal((await stream.next()).command.case, 'recoverOrphanedTransactionCommand');
  });
});
