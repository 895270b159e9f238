import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { GATHER_MS } from '../../../src/broker/ha/replication.ts';
import { decodeSlaves } from '../../../src/protocol/bodies/haStatus.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { HaTransferReader, encodeHaReport } from '../../../src/protocol/haTransfer.ts';
import { parseAddress } from '../../../src/remoting/address.ts';
import { goldenExchange } from '../../support/goldenFrames.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TestBroker, records } from '../testBroker.ts';

describe('broker: its slaves', () => {
  let broker: TestBroker;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    broker = await TestBroker.start({ broker: { haListenPort: 0 } });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await broker.stop();
  });

  /** A slave that keeps the bytes of the log. */
  async function follow(): Promise<{ socket: Socket; log: () => Buffer }> {
    const socket = connect(parseAddress(broker.context.registration.haAddress));
    sockets.push(socket);
    await once(socket, 'connect');
    const reader = new HaTransferReader();
    const pieces: Buffer[] = [];
    socket.on('data', (chunk) => {
      for (const { bytes } of reader.push(chunk)) pieces.push(bytes);
    });
    socket.on('error', () => undefined);
    return { socket, log: () => Buffer.concat(pieces) };
  }

  async function status(): Promise<Record<string, unknown> & { haConnectionInfo: Record<string, unknown>[] }> {
    const answer = await broker.ask(RequestCode.GET_BROKER_HA_STATUS);
    return JSON.parse(answer.body.toString()) as never;
  }

  it('get every message, also those of before, byte by byte', async () => {
    await broker.send('T', 'before');
    const slave = await follow();
    slave.socket.write(encodeHaReport(0));
    await waitFor('what was before', () => slave.log().length > 0, { pollMs: 5 });
    const before = slave.log().length;
    await broker.send('T', 'after');
    await broker.clock.advanceAsync(GATHER_MS - 1);
    assert.equal(slave.log().length, before, 'what comes meanwhile goes with it');
    await broker.clock.advanceAsync(1);
    const end = broker.context.store.maxPhysicalOffset;
    await waitFor('all bytes', () => slave.log().length === end, { pollMs: 5 });
    assert.deepEqual(
      records(slave.log()).map(({ body, physicalOffset }) => [body.toString(), physicalOffset]),
      [
        ['before', 0],
        ['after', records(slave.log())[0]?.sizeBytes],
      ],
    );
  });

  it('are in what GET_BROKER_HA_STATUS says, in the words of Apache', async () => {
    await broker.send('T', 'x');
    const end = broker.context.store.maxPhysicalOffset;
    const slave = await follow();
    slave.socket.write(encodeHaReport(end));
    await waitFor('the report', async () => (await status()).haConnectionInfo[0]?.['slaveAckOffset'] === end, {
      pollMs: 5,
    });
    const golden = JSON.parse(goldenExchange('ha_status_with_slave').response?.bodyUtf8 ?? '') as object;
    const { localPort } = slave.socket;
    const now = await status();
    assert.deepEqual(
      { ...now, haConnectionInfo: [], masterCommitLogMaxOffset: 0 },
      { ...golden, haConnectionInfo: [] },
    );
    assert.deepEqual(now.haConnectionInfo, [
      {
        addr: `127.0.0.1:${localPort}`,
        diff: 0,
        inSync: true,
        slaveAckOffset: end,
        transferFromWhere: end,
        transferredByteInSecond: 0,
      },
    ]);
    assert.equal(now['masterCommitLogMaxOffset'], end);
    slave.socket.destroy();
    await waitFor('the slave to be gone', async () => (await status()).haConnectionInfo.length === 0, { pollMs: 5 });
    assert.equal((await status())['inSyncSlaveNums'], 0);
  });

  it('are told of in messages too where somebody asks for that', async () => {
    const behind = async (): Promise<unknown> => {
      const answer = await broker.ask(RequestCode.GET_BROKER_HA_STATUS, { countMessages: 'true' });
      return decodeSlaves(answer.body)[0]?.diffMessages;
    };
    await broker.send('T', 'a');
    const second = broker.context.store.maxPhysicalOffset;
    for (let index = 0; index < 5; index += 1) await broker.send('T', Buffer.alloc(300_000, index));
    const slave = await follow();
    slave.socket.write(encodeHaReport(second));
    await waitFor('the count', async () => (await behind()) === 5, { pollMs: 5 });
    slave.socket.write(encodeHaReport(second + 1));
    await waitFor('no count within a message', async () => (await behind()) === undefined, { pollMs: 5 });
    slave.socket.write(encodeHaReport(broker.context.store.maxPhysicalOffset));
    await waitFor('nothing to be behind', async () => (await behind()) === 0, { pollMs: 5 });
  });

  it('are told by the NameServer of brokerIP2, where it has one', async () => {
    const { haAddress } = broker.context.registration;
    assert.equal(haAddress.split(':')[0], broker.context.address.split(':')[0]);
    const other = await TestBroker.start({ broker: { haListenPort: 0, brokerIP2: '127.0.0.9' } });
    try {
      assert.match(other.context.registration.haAddress, /^127\.0\.0\.9:\d+$/);
      assert.doesNotMatch(other.context.address, /^127\.0\.0\.9/);
      const settings = (await other.ask(RequestCode.GET_BROKER_CONFIG)).body.toString();
      assert.match(settings, /^brokerIP2=127\.0\.0\.9$/m);
    } finally {
      await other.stop();
    }
  });

  it('are cut off when it stops', async () => {
    const slave = await follow();
    slave.socket.write(encodeHaReport(0));
    const closed = once(slave.socket, 'close');
    await broker.stop();
    await closed;
  });
});
