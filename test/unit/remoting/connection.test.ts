import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLogger } from '../../../src/base/logger.ts';
import { isResponse, request, response } from '../../../src/protocol/command.ts';
import { FrameSplitter, decodeFrame, encodeFrame } from '../../../src/protocol/frame.ts';
import { Connection } from '../../../src/remoting/connection.ts';
import type { IncomingRequest, RequestHandler } from '../../../src/remoting/peer.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { connectionPair, streamPair } from '../../support/streamPair.ts';
import type { StreamEnd } from '../../support/streamPair.ts';
import { bare, rejection, settle } from './bareConnection.ts';

const TIMEOUT_MS = 15_000;

describe('Connection', () => {
  it('sends a request and resolves with its answer, whatever the code', async () => {
    const { near, far } = connectionPair({
      far: {
        handle: ({ command }) => ({
          code: 17,
          remark: `no ${command.extFields['topic']}`,
          extFields: { a: 'b' },
          body: [Buffer.from('he'), Buffer.alloc(0), Buffer.from('llo')],
        }),
      },
      near: { language: 'OTHER' },
    });
    const answer = await near.request({ code: 105, extFields: { topic: 'T' } }, TIMEOUT_MS);
    assert.equal(answer.code, 17);
    assert.equal(answer.remark, 'no T');
    assert.deepEqual(answer.extFields, { a: 'b' });
    assert.equal(answer.body.toString(), 'hello');
    assert.equal(answer.language, 'JAVA');
    assert.equal(near.pendingCount, 0);
    far.dispose();
  });

  it('matches answers by opaque in whatever order they come', async () => {
    const held: IncomingRequest[] = [];
    const { near, far } = connectionPair({ far: { handle: (incoming) => void held.push(incoming) } });
    const answers = ['1', '2', '3'].map((n) => near.request({ code: 11, extFields: { n } }, TIMEOUT_MS));
    await settle();
    for (const { command, connection } of held.reverse()) {
      connection.respond(command, { code: 0, extFields: { n: command.extFields['n'] ?? '' } });
    }
    assert.deepEqual(
      (await Promise.all(answers)).map((answer) => answer.extFields['n']),
      ['1', '2', '3'],
    );
    far.dispose();
  });

  it('keeps the numbers of the two directions apart', async () => {
    const handle: RequestHandler = ({ command }) => ({ code: command.code + 1 });
    const { near, far } = connectionPair({ near: { handle }, far: { handle } });
    const [there, back] = await Promise.all([
      near.request({ code: 10 }, TIMEOUT_MS),
      far.request({ code: 20 }, TIMEOUT_MS),
    ]);
    assert.equal(there.opaque, back.opaque);
    assert.deepEqual([there.code, back.code], [11, 21]);
    near.dispose();
  });

  it('answers 1 with a remark when the handler throws or rejects, and 3 when there is none', async () => {
    const throwing = connectionPair({
      far: {
        handle: ({ command }) => {
          if (command.code === 1) throw new TypeError('no such field');
          return Promise.reject(new Error('late'));
        },
      },
    });
    const thrown = await throwing.near.request({ code: 1 }, TIMEOUT_MS);
    assert.deepEqual([thrown.code, thrown.remark], [1, 'no such field']);
    const rejected = await throwing.near.request({ code: 2 }, TIMEOUT_MS);
    assert.deepEqual([rejected.code, rejected.remark], [1, 'late']);
    throwing.near.dispose();
    const without = connectionPair();
    const answer = await without.near.request({ code: 999 }, TIMEOUT_MS);
    assert.deepEqual([answer.code, answer.remark], [3, ' request type 999 not supported']);
    without.near.dispose();
  });

  it('answers a failure before it logs it, so that a log that fails costs no answer', async () => {
    const order: string[] = [];
    const handle: RequestHandler = ({ connection }) => {
      const respond = connection.respond.bind(connection);
      connection.respond = (to, reply) => {
        order.push(`answer ${reply.code}`);
        respond(to, reply);
      };
      throw new Error('broken');
    };
    const logger = { ...silentLogger, error: (text: string) => void order.push(text) };
    const { far, received } = bare(handle, undefined, { logger });
    far.write(encodeFrame(request(1, { code: 11 })));
    await settle();
    assert.deepEqual(order, ['answer 1', 'PULL_MESSAGE of far:2 failed']);
    assert.equal(received.length, 1);
  });

  it('answers 1 when an answer does not fit a frame', async () => {
    const { near } = connectionPair({ far: { handle: () => ({ code: 0, body: Buffer.alloc(17 * 1024 * 1024) }) } });
    const answer = await near.request({ code: 11 }, TIMEOUT_MS);
    assert.equal(answer.code, 1);
    assert.match(answer.remark ?? '', /frame-too-large/);
    near.dispose();
  });

  it('never answers a one-way request', async () => {
    const seen: number[] = [];
    const { connection, far, received } = bare(({ command }) => {
      seen.push(command.code);
      if (command.code === 2) throw new Error('no');
      return { code: 0 };
    });
    for (const code of [1, 2]) far.write(encodeFrame(request(code, { code, oneway: true })));
    far.write(encodeFrame(request(3, { code: 3 })));
    await settle();
    assert.deepEqual(seen, [1, 2, 3]);
    assert.deepEqual(
      received.map(({ opaque }) => opaque),
      [3],
    );
    connection.dispose();
  });

  it('sends one-way requests with their bit and waits for nothing', async () => {
    const { connection, received } = bare();
    await connection.oneway({ code: 15 });
    await settle();
    assert.deepEqual(
      received.map(({ code, flag }) => [code, flag]),
      [[15, 2]],
    );
    assert.equal(connection.pendingCount, 0);
    connection.dispose();
  });

  it('handles the requests of one chunk in order and writes their answers at once', async () => {
    const order: number[] = [];
    const { connection, near, far, received } = bare(({ command }) => {
      order.push(command.opaque);
      return { code: 0 };
    });
    far.write(Buffer.concat([1, 2, 3, 4].map((opaque) => encodeFrame(request(opaque, { code: 10 })))));
    await settle();
    assert.deepEqual(order, [1, 2, 3, 4]);
    assert.deepEqual(
      received.map(({ opaque }) => opaque),
      [1, 2, 3, 4],
    );
    assert.equal(near.writes, 1);
    connection.dispose();
  });

  it('gathers requests made in one turn into one write', async () => {
    const { connection, near, received } = bare();
    const all = [1, 2, 3].map((code) => rejection(connection.request({ code }, TIMEOUT_MS)));
    await settle();
    assert.equal(near.writes, 1);
    assert.deepEqual(
      received.map(({ code }) => code),
      [1, 2, 3],
    );
    connection.dispose();
    await Promise.all(all);
  });

  it('reads frames that come byte by byte', async () => {
    const { connection, far, received } = bare(() => ({ code: 0 }));
    for (const byte of encodeFrame(request(7, { code: 10, body: Buffer.from('x') }))) far.write(Buffer.of(byte));
    for (let n = 0; n < 200 && received.length === 0; n += 1) await turn();
    assert.deepEqual(
      received.map(({ opaque }) => opaque),
      [7],
    );
    connection.dispose();
  });

  describe('holds back', () => {
    /** Requests whose answers fill the line. */
    function flood(far: StreamEnd, count: number): void {
      for (let opaque = 1; opaque <= count; opaque += 1) far.write(encodeFrame(request(opaque, { code: 11 })));
    }

    it('requests of a peer that does not read its answers, and goes on when it does', async () => {
      const [near, far] = streamPair();
      let handled = 0;
      const connection = new Connection(near, {
        remoteAddress: 'far:2',
        clock: new FakeClock(),
        logger: silentLogger,
        handle: () => {
          handled += 1;
          return { code: 0, body: Buffer.alloc(40_000) };
        },
      });
      flood(far, 100);
      await settle();
      assert.ok(handled >= 1 && handled < 5, `${handled} handled while nothing was read`);
      const splitter = new FrameSplitter();
      const opaques: number[] = [];
      far.on('data', (chunk: Buffer) => {
        for (const frame of splitter.push(chunk)) opaques.push(decodeFrame(frame).command.opaque);
      });
      for (let n = 0; n < 2000 && opaques.length < 100; n += 1) await turn();
      assert.deepEqual(
        opaques,
        Array.from({ length: 100 }, (_, index) => index + 1),
      );
      connection.dispose();
    });

    it('one-way requests while the peer does not read', async () => {
      const [near, far] = streamPair();
      const clock = new FakeClock();
      const connection = new Connection(near, { remoteAddress: 'far:2', clock, logger: silentLogger });
      let sent = 0;
      const all = (async () => {
        for (let n = 0; n < 20; n += 1) {
          await connection.oneway({ code: 15, body: Buffer.alloc(40_000) });
          sent += 1;
        }
      })();
      await settle();
      assert.ok(sent < 3, `${sent} sent while nothing was read`);
      far.resume();
      await all;
      assert.equal(sent, 20);
      assert.equal(clock.pendingCount, 0);
      connection.dispose();
    });

    it('one-way requests no longer than 30 s', async () => {
      const [near] = streamPair();
      const clock = new FakeClock();
      const connection = new Connection(near, { remoteAddress: 'far:2', clock, logger: silentLogger });
      const body = Buffer.alloc(40_000);
      const outcomes = [1, 2].map((code) => rejection(connection.oneway({ code, body })));
      clock.advance(30_000);
      assert.deepEqual(
        (await Promise.all(outcomes)).map(({ code }) => code),
        ['request-timeout', 'request-timeout'],
      );
      connection.dispose();
    });

    it('no answers to our own requests while the peer is slow', async () => {
      const { connection, far, received } = bare();
      const answer = connection.request({ code: 10 }, 1000);
      await settle();
      far.pause();
      const blocked = [1, 2, 3].map((code) => rejection(connection.oneway({ code, body: Buffer.alloc(40_000) })));
      await settle();
      far.write(encodeFrame(response(received[0]!, { code: 0 })));
      assert.equal(isResponse(await answer), true);
      connection.dispose();
      await Promise.all(blocked);
    });
  });
});
