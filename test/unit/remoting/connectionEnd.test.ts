import assert from 'node:assert/strict';
import { request, response } from '../../../src/protocol/command.ts';
import { encodeFrame } from '../../../src/protocol/frame.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { bare, rejection, settle } from './bareConnection.ts';

describe('Connection', () => {
  describe('ends every request', () => {
    it('by its time, each by its own, with one timer for all', async () => {
      const { connection, clock } = bare();
      const slow = rejection(connection.request({ code: 11 }, 30_000));
      const fast = rejection(connection.request({ code: 10 }, 1000));
      assert.equal(clock.pendingCount, 1);
      clock.advance(999);
      assert.equal(connection.pendingCount, 2);
      clock.advance(1);
      const first = await fast;
      assert.equal(first.code, 'request-timeout');
      assert.deepEqual(first.details, { address: 'far:2', requestCode: 10, timeoutMs: 1000 });
      assert.equal(connection.pendingCount, 1);
      clock.advance(29_000);
      assert.equal((await slow).details['requestCode'], 11);
      assert.equal(clock.pendingCount, 0);
      connection.dispose();
    });

    it('by closing a connection on which nothing came since the request that timed out', async () => {
      const { connection, far, received, closed, clock } = bare(undefined, new FakeClock(), { closesWhenSilent: true });
      const answered = connection.request({ code: 9 }, 1000);
      await settle();
      far.write(encodeFrame(response(received[0]!, { code: 0 })));
      await answered;
      const slow = rejection(connection.request({ code: 11 }, 30_000));
      const fast = rejection(connection.request({ code: 10 }, 1000));
      clock.advance(1000);
      assert.equal((await fast).code, 'request-timeout');
      assert.equal(connection.isOpen, false);
      assert.equal((await slow).code, 'request-timeout');
      assert.equal(closed[0]?.code, 'request-timeout');
      assert.equal(clock.pendingCount, 0);
    });

    it('and keeps a connection that is merely slow to answer one of them', async () => {
      const { connection, far, received, clock } = bare(undefined, new FakeClock(), { closesWhenSilent: true });
      const slow = rejection(connection.request({ code: 11 }, 1000));
      const fast = connection.request({ code: 10 }, 1000);
      await settle();
      far.write(encodeFrame(response(received[1]!, { code: 0 })));
      assert.equal((await fast).code, 0);
      clock.advance(1000);
      assert.equal((await slow).code, 'request-timeout');
      assert.equal(connection.isOpen, true);
      connection.dispose();
    });

    it('drops an answer that comes too late', async () => {
      const { connection, far, received, clock } = bare();
      const late = rejection(connection.request({ code: 10 }, 1000));
      clock.advance(1000);
      await late;
      const next = connection.request({ code: 12 }, 1000);
      await settle();
      for (const [index, command] of received.entries()) far.write(encodeFrame(response(command, { code: index })));
      assert.equal((await next).code, 1);
      assert.equal(connection.isOpen, true);
      connection.dispose();
    });

    it('when the peer closes', async () => {
      const { connection, far, closed, clock } = bare();
      const lost = rejection(connection.request({ code: 10 }, 1000));
      far.destroy();
      assert.equal((await lost).code, 'connection-closed');
      assert.equal(connection.isOpen, false);
      assert.deepEqual(closed, [undefined]);
      assert.equal(clock.pendingCount, 0);
      assert.equal((await rejection(connection.request({ code: 10 }, 1000))).code, 'connection-closed');
      assert.equal((await rejection(connection.oneway({ code: 10 }))).code, 'connection-closed');
    });

    it('when we close', async () => {
      const { connection, closed, clock } = bare();
      const lost = rejection(connection.request({ code: 10 }, 1000));
      connection.dispose();
      connection.dispose();
      assert.equal((await lost).code, 'connection-closed');
      assert.deepEqual(closed, [undefined]);
      assert.equal(clock.pendingCount, 0);
    });

    it('when the signal aborts, before and after it was sent', async () => {
      const { connection } = bare();
      const abort = new AbortController();
      const running = rejection(connection.request({ code: 11 }, 1000, abort.signal));
      abort.abort();
      assert.equal((await running).code, 'cancelled');
      assert.equal((await rejection(connection.request({ code: 11 }, 1000, abort.signal))).code, 'cancelled');
      assert.equal(connection.pendingCount, 0);
      connection.dispose();
    });

    it('when the socket fails', async () => {
      const { connection, near, closed } = bare();
      const lost = rejection(connection.request({ code: 10 }, 1000));
      near.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
      const error = await lost;
      assert.equal(error.code, 'connection-closed');
      assert.equal(error.details['reason'], 'ECONNRESET');
      assert.deepEqual(closed, [error]);
    });
  });

  describe('closes on what it cannot read', () => {
    const cases: readonly { name: string; bytes: Buffer; code: string; details?: Record<string, unknown> }[] = [
      {
        name: 'a frame of 2 GB announced',
        bytes: Buffer.from('7fffffff00000010', 'hex'),
        code: 'frame-too-large',
        details: { sizeBytes: 2_147_483_651, maxSizeBytes: 16 * 1024 * 1024 },
      },
      { name: 'a negative length', bytes: Buffer.from('fffffff000000010', 'hex'), code: 'frame-illegal' },
      { name: 'a header longer than its frame', bytes: Buffer.from('0000000800ffffff', 'hex'), code: 'frame-illegal' },
      {
        name: 'a header that is no JSON',
        bytes: Buffer.concat([Buffer.from('0000000800000004', 'hex'), Buffer.from('nope')]),
        code: 'frame-illegal',
      },
      {
        name: 'HTTP',
        bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
        code: 'not-rocketmq',
        details: { address: 'far:2', speaks: 'http' },
      },
      {
        name: 'AMQP',
        bytes: Buffer.from('AMQP\x00\x00\x09\x01', 'latin1'),
        code: 'not-rocketmq',
        details: { address: 'far:2', speaks: 'amqp' },
      },
    ];
    for (const { name, bytes, code, details } of cases) {
      it(name, async () => {
        const { connection, far, closed } = bare();
        const lost = rejection(connection.request({ code: 10 }, 1000));
        far.write(bytes);
        const error = await lost;
        assert.equal(error.code, code);
        if (details !== undefined) assert.deepEqual(error.details, details);
        assert.equal(connection.isOpen, false);
        assert.deepEqual(closed, [error]);
      });
    }

    it('a TLS alert, which is shorter than a frame and then the end', async () => {
      const { connection, far } = bare();
      const lost = rejection(connection.request({ code: 10 }, 1000));
      far.end(Buffer.from('15030300020246', 'hex'));
      const error = await lost;
      assert.equal(error.code, 'not-rocketmq');
      assert.equal(error.details['speaks'], 'tls');
    });

    it('the end in the middle of a frame', async () => {
      const { connection, far, closed } = bare();
      const lost = rejection(connection.request({ code: 10 }, 1000));
      const frame = encodeFrame(request(1, { code: 1, body: Buffer.alloc(100) }));
      far.end(frame.subarray(0, frame.length - 1));
      assert.equal((await lost).code, 'connection-closed');
      assert.deepEqual(
        closed.map((error) => error?.code),
        ['connection-closed'],
      );
    });

    it('garbage after good frames, which are not taken for another protocol', async () => {
      const { connection, far, closed } = bare(() => ({ code: 0 }));
      far.write(encodeFrame(request(1, { code: 1 })));
      await settle();
      far.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
      await settle();
      assert.deepEqual(
        closed.map((error) => error?.code),
        ['frame-too-large'],
      );
      assert.equal(connection.isOpen, false);
    });
  });
});
