import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { silentLogger } from '../../../../src/base/logger.ts';
import { GrpcStatus } from '../../../../src/protocol/grpc/grpcStatus.ts';
import type { GrpcCall } from '../../../../src/remoting/grpc/grpcCall.ts';
import { serveGrpc } from '../../../../src/remoting/grpc/grpcServer.ts';
import type { GrpcServer } from '../../../../src/remoting/grpc/grpcServer.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { waitFor } from '../../../support/waitFor.ts';

describe('GrpcCall', () => {
  let clock: FakeClock;
  let server: GrpcServer;
  let session: ClientHttp2Session;
  let calls: GrpcCall[];

  beforeEach(async () => {
    clock = new FakeClock();
    calls = [];
    server = await serveGrpc({
      ...{ host: '127.0.0.1', port: 0, clock, logger: silentLogger, maxMessageBytes: 1024, tls: undefined },
      maxUnreadBytes: 64 * 1024 * 1024,
      idleTimeoutMs: 3_600_000,
      handle: (call) => calls.push(call),
    });
    session = connect(`http://127.0.0.1:${server.port}`);
  });

  afterEach(async () => {
    session.destroy();
    await server.close();
    assert.equal(clock.pendingCount, 0);
  });

  /** A call whose client reads nothing. */
  const unread = async (timeout?: string): Promise<{ call: GrpcCall; stream: ClientHttp2Stream }> => {
    const stream = session.request({
      ':method': 'POST',
      'content-type': 'application/grpc',
      ...(timeout === undefined ? {} : { 'grpc-timeout': timeout }),
    });
    stream.on('error', () => undefined);
    stream.end();
    const before = calls.length;
    await waitFor('the call', () => calls.length > before, { pollMs: 1 });
    return { call: calls.at(-1) ?? assert.fail(), stream };
  };
  /** Far more than a client that does not read takes. */
  const MESSAGE = Buffer.alloc(1024 * 1024);

  for (const [text, timeout, keptMs] of [
    ['until its deadline', '20S', 20_000],
    ['for a minute when it has no deadline', undefined, 60_000],
    ['for a minute when its deadline is far', '31535999M', 60_000],
  ] as const) {
    it(`keeps an answer that its client does not read ${text}`, async () => {
      const { call, stream } = await unread(timeout);
      let closed = false;
      call.onClose(() => (closed = true));
      call.end(GrpcStatus.OK, '', MESSAGE);
      await once(stream, 'response');
      clock.advance(keptMs - 1);
      await new Promise(setImmediate);
      assert.deepEqual([closed, call.unreadBytes > 0], [false, true]);
      clock.advance(1);
      await waitFor('the end of the call', () => closed, { pollMs: 1 });
      assert.equal(call.isCancelled, true);
      stream.resume();
      await waitFor('the client to know', () => stream.closed, { pollMs: 1 });
      assert.equal(stream.rstCode, constants.NGHTTP2_CANCEL);
    });
  }

  it('says that the deadline passed, and keeps that for a minute too', async () => {
    const { call, stream } = await unread('3S');
    let closed = false;
    call.onClose(() => (closed = true));
    call.send(MESSAGE);
    await once(stream, 'response');
    clock.advance(3000);
    assert.equal(call.isOpen, false);
    clock.advance(59_999);
    await new Promise(setImmediate);
    assert.deepEqual([closed, call.unreadBytes > 0], [false, true]);
    clock.advance(1);
    await waitFor('the end of the call', () => closed, { pollMs: 1 });
    assert.equal(call.isCancelled, true);
  });

  it('gives the whole answer to who reads late', async () => {
    const { call, stream } = await unread('20S');
    call.end(GrpcStatus.OK, '', MESSAGE);
    await once(stream, 'response');
    clock.advance(19_999);
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
    const [trailers] = (await once(stream, 'trailers')) as [Record<string, string>];
    assert.deepEqual([trailers['grpc-status'], bytes], ['0', MESSAGE.length + 5]);
    await waitFor('the timer to go', () => clock.pendingCount === 1, { pollMs: 1 });
  });
});
