import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import type { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ResponseCode } from '../../src/protocol/codes.ts';
import { request } from '../../src/protocol/command.ts';
import { FrameSplitter, encodeFrame } from '../../src/protocol/frame.ts';
import { parseAddress } from '../../src/remoting/address.ts';
import { waitFor } from '../support/waitFor.ts';
import { pullRequest, sendRequest, TestBroker, TIMEOUT_MS } from './testBroker.ts';

const MIB = 1024 * 1024;

/** Bytes that this process, broker and clients together, holds after a collection. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

describe('broker under load', () => {
  let broker: TestBroker;
  /** One client among the others, which must not notice them. */
  let bystander: { readonly sent: () => number; readonly stop: () => Promise<void> };
  const sockets: Socket[] = [];

  beforeEach(async () => {
    broker = await TestBroker.start({ broker: { mappedFileSizeCommitLog: 64 * MIB } });
    await broker.createTopic('Bystander', 1);
    await broker.createTopic('T', 1);
    bystander = sendSteadily(broker);
    await waitFor('the bystander to begin', () => bystander.sent() > 0);
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await bystander.stop();
    await broker.stop();
  });

  const open = async (): Promise<Socket> => {
    const socket = connectSocket(parseAddress(broker.context.address));
    sockets.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  const pullOf = (opaque: number, more: Record<string, string> = {}): Buffer =>
    encodeFrame(request(opaque, pullRequest({ topic: 'T', header: more })));

  it('10 000 connections that come and go leave nothing behind', async function () {
    this.timeout(120_000);
    const address = parseAddress(broker.context.address);
    const before = { sockets: openSockets(), bytes: heldBytes() };
    const beat = encodeFrame(
      request(1, { code: 34, body: Buffer.from('{"clientID":"c","producerDataSet":[{"groupName":"p"}]}') }),
    );
    for (let round = 0; round < 50; round += 1) {
      const batch = Array.from({ length: 200 }, () => connectSocket(address).on('error', () => undefined));
      await Promise.all(batch.map((socket) => once(socket, 'connect')));
      batch.forEach((socket, n) => {
        if (n % 4 === 1) socket.write('GET / HTTP/1.1\r\n\r\n');
        if (n % 4 === 2) socket.write(beat.subarray(0, 20));
        if (n % 4 === 3) socket.write(beat);
      });
      const closed = batch.map((socket) => once(socket, 'close'));
      for (const socket of batch) socket.destroy();
      await Promise.all(closed);
    }
    await waitFor('the broker to close its ends', () => openSockets() <= before.sockets);
    assert.equal(broker.context.producers.members('p')?.size ?? 0, 0);
    // What the bystander sent meanwhile stays in memory, up to 16 MiB of it; the connections would be more than as much again.
    const grownBytes = heldBytes() - before.bytes;
    assert.ok(grownBytes < 32 * MIB, `${grownBytes} bytes more`);
    assert.ok(bystander.sent() > 0);
  });

  it('clients that pull and do not read cost little, and get all when they read on', async function () {
    this.timeout(60_000);
    const body = Buffer.alloc(200_000, 'x');
    for (let n = 0; n < 5; n += 1) await broker.client.request(sendRequest('T', body), TIMEOUT_MS);
    const before = heldBytes();
    const readers = await Promise.all(Array.from({ length: 20 }, open));
    for (const socket of readers) {
      socket.pause();
      // 40 MB of answers wait for each of them.
      for (let n = 1; n <= 200; n += 1) socket.write(pullOf(n));
    }
    const sentBefore = bystander.sent();
    await waitFor('the bystander to go on', () => bystander.sent() > sentBefore + 50);
    const grownBytes = heldBytes() - before;
    assert.ok(grownBytes < 128 * MIB, `${Math.round(grownBytes / MIB)} MiB for 20 clients with 40 MB of answers each`);
    const [first] = readers;
    const splitter = new FrameSplitter();
    let answers = 0;
    first!.on('data', (chunk: Buffer) => {
      for (const frame of splitter.push(chunk)) {
        answers += 1;
        assert.ok(frame.length > body.length);
      }
    });
    first!.resume();
    await waitFor('all answers', () => answers === 200, { timeoutMs: 30_000 });
  });

  it('senders of half frames cost no more than their halves, and are closed in time', async () => {
    const before = heldBytes();
    const frame = encodeFrame(request(1, sendRequest('T', Buffer.alloc(4 * MIB))));
    const halves = await Promise.all(Array.from({ length: 10 }, open));
    for (const socket of halves) socket.write(frame.subarray(0, 100_000));
    const sentBefore = bystander.sent();
    await waitFor('the bystander to go on', () => bystander.sent() > sentBefore + 20);
    const grownBytes = heldBytes() - before;
    assert.ok(grownBytes < 32 * MIB, `${Math.round(grownBytes / MIB)} MiB for 10 halves of 100 kB`);
    const closed = halves.map((socket) => once(socket.resume(), 'close'));
    await bystander.stop();
    broker.clock.advance(120_001);
    await Promise.all(closed);
  });

  it('a flood of held pulls is answered, and ends with its connection', async () => {
    const socket = await open();
    const before = heldBytes();
    for (let n = 1; n <= 5_000; n += 1) {
      socket.write(pullOf(n, { sysFlag: '6', suspendTimeoutMillis: '15000', queueOffset: '0' }));
    }
    await waitFor('the pulls to be held', () => broker.context.heldPulls.size === 5_000, { timeoutMs: 20_000 });
    assert.ok(heldBytes() - before < 64 * MIB);
    socket.destroy();
    await waitFor('the held pulls to be gone', () => broker.context.heldPulls.size === 0);
    const sentBefore = bystander.sent();
    await waitFor('the bystander to go on', () => bystander.sent() > sentBefore + 5);
  });

  it('a clock that goes back an hour stops nothing', async () => {
    await broker.client.request(sendRequest('T', 'before'), TIMEOUT_MS);
    broker.clock.advance(-3_600_000);
    const { code, extFields } = await broker.client.request(sendRequest('T', 'after'), TIMEOUT_MS);
    assert.equal(code, ResponseCode.SUCCESS);
    assert.equal(extFields['queueOffset'], '1');
    assert.deepEqual(
      (await broker.read('T')).map((message) => message.body.toString()),
      ['before', 'after'],
    );
    const sentBefore = bystander.sent();
    await waitFor('the bystander to go on', () => bystander.sent() > sentBefore + 5);
  });
});

function sendSteadily(broker: TestBroker): { readonly sent: () => number; readonly stop: () => Promise<void> } {
  let sent = 0;
  let isOver = false;
  const run = async (): Promise<void> => {
    const connection = await broker.connect();
    while (!isOver) {
      const { code, remark, extFields } = await connection.request(sendRequest('Bystander', 'x'), TIMEOUT_MS);
      assert.equal(code, ResponseCode.SUCCESS, remark);
      assert.equal(extFields['queueOffset'], String(sent));
      sent += 1;
      await new Promise(setImmediate);
    }
  };
  const running = run();
  running.catch(() => undefined);
  return {
    sent: () => sent,
    stop: () => {
      isOver = true;
      return running;
    },
  };
}
