import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { silentLogger } from '../../../../src/base/logger.ts';
import { FrameFlag, FrameType, Http2Code } from '../../../../src/protocol/http2/http2Code.ts';
import { encodeHeaders } from '../../../../src/protocol/http2/hpackEncoder.ts';
import { HpackDecoder } from '../../../../src/protocol/http2/hpackDecoder.ts';
import { GrpcStatus } from '../../../../src/protocol/grpc/grpcStatus.ts';
import { encodeGrpcFrame } from '../../../../src/protocol/grpc/grpcFrame.ts';
import type { GrpcCall } from '../../../../src/remoting/grpc/grpcCall.ts';
import { serveGrpc } from '../../../../src/remoting/grpc/grpcServer.ts';
import type { GrpcServer } from '../../../../src/remoting/grpc/grpcServer.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { waitFor } from '../../../support/waitFor.ts';
import { CALL, RawHttp2Client, callFrame, frame } from './rawHttp2Client.ts';

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } =
  FrameType;
const { END_STREAM, END_HEADERS, PADDED, ACK } = FrameFlag;

describe('Http2Connection', () => {
  let clock: FakeClock;
  let server: GrpcServer;
  let calls: GrpcCall[];
  let taken: string[];
  let clients: RawHttp2Client[];

  beforeEach(async () => {
    clock = new FakeClock();
    calls = [];
    taken = [];
    clients = [];
    server = await serveGrpc({
      ...{ host: '127.0.0.1', port: 0, clock, logger: silentLogger, maxMessageBytes: 8_000_000, tls: undefined },
      maxUnreadBytes: 64 * 1024 * 1024,
      idleTimeoutMs: 3_600_000,
      handle: (call) => {
        calls.push(call);
        call.receive({
          message: (message) => taken.push(message.toString()),
          halfClosed: () => taken.push('end'),
        });
      },
    });
  });
  afterEach(async () => {
    for (const { socket } of clients) socket.destroy();
    await server.close();
    assert.equal(clock.pendingCount, 0);
  });

  const open = async (settings?: string): Promise<RawHttp2Client> => {
    const client = await RawHttp2Client.connect(server.port, settings);
    clients.push(client);
    return client;
  };
  const begun = async (count = 1): Promise<GrpcCall> => {
    await waitFor('the call', () => calls.length >= count, { pollMs: 1 });
    return calls[count - 1] ?? assert.fail();
  };
  const goAwayCode = async (client: RawHttp2Client): Promise<number> =>
    (await client.until(GOAWAY)).payload.readUInt32BE(4);

  it('greets, takes settings and answers pings', async () => {
    const client = await open();
    const [settings] = await Promise.all([client.until(SETTINGS), client.until(WINDOW_UPDATE), client.seen()]);
    assert.equal(settings.payload.toString('hex'), '000300002000' + '000400400000' + '000600010000');
    assert.equal(client.of(WINDOW_UPDATE)[0]?.payload.readUInt32BE(0), 16 * 1024 * 1024 - 65_535);
    assert.deepEqual(
      client.of(SETTINGS).map(({ flags, payload }) => [flags, payload.length]),
      [
        [0, 18],
        [ACK, 0],
      ],
    );
    const [ping] = client.of(PING);
    assert.deepEqual([ping?.flags, ping?.payload.toString('hex')], [ACK, '0102030405060708']);
  });

  it('takes a request that comes byte by byte, padded, with a priority, and in several pieces', async () => {
    const client = await open();
    const message = encodeGrpcFrame(Buffer.from('hello'));
    const block = Buffer.concat([Buffer.of(3), Buffer.alloc(5), CALL.subarray(0, 4), Buffer.alloc(3)]);
    const bytes = Buffer.concat([
      frame(HEADERS, PADDED | FrameFlag.PRIORITY, 1, block),
      frame(CONTINUATION, 0, 1, CALL.subarray(4, 9)),
      frame(CONTINUATION, END_HEADERS, 1, CALL.subarray(9)),
      frame(PRIORITY, 0, 1, Buffer.alloc(5)),
      frame(0xfe, 0xff, 1, 'abcdef'),
      frame(DATA, 0, 1, message.subarray(0, 3)),
      frame(DATA, PADDED, 1, Buffer.concat([Buffer.of(2), message.subarray(3), Buffer.alloc(2)])),
      frame(DATA, END_STREAM, 1),
    ]);
    client.socket.setNoDelay(true);
    for (const byte of bytes) client.socket.write(Buffer.of(byte));
    const call = await begun();
    await client.seen();
    assert.deepEqual([call.path, call.header('content-type'), taken], ['/a', 'application/grpc', ['hello', 'end']]);
  });

  it('reads every letter that a header may have, and what was said in calls before', async () => {
    const session = connect(`http://127.0.0.1:${server.port}`);
    // So many short codes that the client does not send the letter plainly.
    const short = 'aeiost'.repeat(10);
    const values: string[] = [];
    for (let code = 0x20; code < 0x100; code += 1) {
      if (code !== 0x7f) values.push(`${short}${String.fromCharCode(code)}${short}`);
    }
    for (let again = 0; again < 2; again += 1) {
      for (const [index, value] of values.entries()) {
        session
          .request({ ':method': 'POST', 'content-type': 'application/grpc', [`x-${index % 50}`]: value })
          .on('error', () => undefined);
      }
    }
    await begun(values.length * 2);
    for (const [index, call] of calls.entries()) {
      const at = index % values.length;
      assert.equal(call.header(`x-${at % 50}`), values[at]);
    }
    session.destroy();
  });

  it('sends no more than the windows of stream and connection allow', async () => {
    // Ten bytes a stream.
    const client = await open('0004' + '0000000a');
    client.write(callFrame(1, END_STREAM), callFrame(3, END_STREAM));
    await begun(2);
    for (const call of calls) call.end(GrpcStatus.OK, '', Buffer.alloc(20, 'x'));
    const lengths = (id: number): number[] => client.of(DATA, id).map(({ payload }) => payload.length);
    await client.seen();
    assert.deepEqual([lengths(1), lengths(3)], [[10], [10]]);
    client.write(frame(WINDOW_UPDATE, 0, 3, '00000001'));
    await client.seen();
    assert.deepEqual([lengths(1), lengths(3)], [[10], [10, 1]]);
    // Twenty more for all of them.
    client.write(frame(SETTINGS, 0, 0, '0004' + '0000001e'));
    await client.until(HEADERS, 1, 2);
    await client.until(HEADERS, 3, 2);
    assert.deepEqual(
      [lengths(1), lengths(3)],
      [
        [10, 15],
        [10, 1, 14],
      ],
    );
    const trailers = client.of(HEADERS, 1)[1] ?? assert.fail();
    assert.equal(trailers.flags, END_STREAM | END_HEADERS);
    assert.deepEqual(new HpackDecoder(1000).decode(trailers.payload), ['grpc-status', '0']);
  });

  it('shares the window of the connection among its streams', async () => {
    const client = await open('0004' + '00100000');
    client.write(callFrame(1, END_STREAM), callFrame(3, END_STREAM));
    await begun(2);
    for (const call of calls) call.end(GrpcStatus.OK, '', Buffer.alloc(60_000, 'x'));
    const sent = (id: number): number => client.of(DATA, id).reduce((sum, { payload }) => sum + payload.length, 0);
    await waitFor('the window', () => sent(1) + sent(3) === 65_535, { pollMs: 1 });
    assert.ok(client.of(DATA).every(({ payload }) => payload.length <= 16_384));
    client.write(frame(WINDOW_UPDATE, 0, 0, '00100000'));
    await client.until(HEADERS, 1, 2);
    await client.until(HEADERS, 3, 2);
    assert.deepEqual([sent(1), sent(3)], [60_005, 60_005]);
  });

  it('serves its streams in turns when there is too little of that window for all', async () => {
    const client = await open('0004' + '00100000');
    const ids = [1, 3, 5, 7];
    client.write(...ids.map((id) => callFrame(id, END_STREAM)));
    await begun(ids.length);
    for (const call of calls) call.end(GrpcStatus.OK, '', Buffer.alloc(200_000, 'x'));
    const sent = (id: number): number => client.of(DATA, id).reduce((sum, { payload }) => sum + payload.length, 0);
    await waitFor('the first window', () => ids.reduce((sum, id) => sum + sent(id), 0) === 65_535, { pollMs: 1 });
    const before = ids.map(sent);
    for (let turn = 1; turn <= 4; turn += 1) client.write(frame(WINDOW_UPDATE, 0, 0, '00010000'));
    await waitFor('four more', () => ids.reduce((sum, id) => sum + sent(id), 0) === 65_535 + 4 * 65_536, { pollMs: 1 });
    const more = ids.map((id, at) => sent(id) - (before[at] ?? 0));
    assert.ok(Math.max(...more) - Math.min(...more) <= 16_384, `not by turns: ${more.join(', ')}`);
  });

  for (const [what, headers] of [
    ['a line feed', { 'x-a': 'b\nc' }],
    ['a carriage return', { 'x-a': 'b\rc' }],
    ['a NUL', { 'x-a': 'b\0c' }],
    ['a letter in upper case in a name', { 'X-a': 'b' }],
    ['a space in a name', { 'x a': 'b' }],
    ['no name', { '': 'b' }],
    ['a colon within a name', { 'x:a': 'b' }],
  ] as const) {
    it(`refuses a request and trailers with ${what} in a header, and goes on`, async () => {
      const client = await open();
      const block = Buffer.concat([CALL, encodeHeaders(headers)]);
      client.write(frame(HEADERS, END_HEADERS | END_STREAM, 1, block));
      const reset = await client.until(RST_STREAM, 1);
      assert.equal(reset.payload.readUInt32BE(0), Http2Code.PROTOCOL_ERROR);
      assert.deepEqual(calls, []);
      client.write(callFrame(3), frame(HEADERS, END_HEADERS | END_STREAM, 3, encodeHeaders(headers)));
      assert.equal((await client.until(RST_STREAM, 3)).payload.readUInt32BE(0), Http2Code.PROTOCOL_ERROR);
      assert.deepEqual(taken, [], 'the trailers ended nothing');
      client.write(callFrame(5, END_STREAM));
      await begun(2);
      assert.deepEqual(client.of(GOAWAY), []);
    });
  }

  it('knows a header for what it is also when later requests only refer to it', async () => {
    const client = await open();
    // A literal that is to be kept: x-a, with a line feed in its value.
    const kept = Buffer.concat([CALL, Buffer.from('40' + '03782d61' + '03620a63', 'hex')]);
    client.write(frame(HEADERS, END_HEADERS | END_STREAM, 1, kept));
    client.write(frame(HEADERS, END_HEADERS | END_STREAM, 3, Buffer.concat([CALL, Buffer.of(0xbe)])));
    for (const id of [1, 3]) {
      assert.equal((await client.until(RST_STREAM, id)).payload.readUInt32BE(0), Http2Code.PROTOCOL_ERROR);
    }
  });

  it('lets a client send on when what it sent was read', async () => {
    const client = await open();
    client.write(callFrame(1));
    const message = encodeGrpcFrame(Buffer.alloc(7_000_000));
    const call = await begun();
    for (let at = 0; at < 2_097_152; at += 16_384) {
      client.write(frame(DATA, 0, 1, message.subarray(at, at + 16_384)));
    }
    const grown = await client.until(WINDOW_UPDATE, 1);
    assert.equal(grown.payload.readUInt32BE(0), 2_097_152);
    call.end();
    await client.until(RST_STREAM, 1);
  });

  it('begins its next headers by what an encoder has to say to a smaller table', async () => {
    const client = await open('0001' + '00000000');
    client.write(callFrame(1, END_STREAM));
    (await begun()).end();
    const { payload } = await client.until(HEADERS, 1);
    assert.equal(payload.subarray(0, 2).toString('hex'), '2088');
  });

  it('ends a request of which it needs no more', async () => {
    const client = await open();
    client.write(callFrame(1));
    const call = await begun();
    call.end(GrpcStatus.INTERNAL, 'enough');
    const { payload } = await client.until(RST_STREAM, 1);
    assert.equal(payload.readUInt32BE(0), Http2Code.NO_ERROR);
    assert.equal(call.isCancelled, false);
    const { flags } = await client.until(HEADERS, 1);
    assert.equal(flags, END_STREAM | END_HEADERS);
    // What was on its way.
    client.write(
      frame(DATA, END_STREAM, 1, 'ff'),
      frame(WINDOW_UPDATE, 0, 1, '00000001'),
      frame(RST_STREAM, 0, 1, '00000008'),
    );
    await client.seen();
    assert.deepEqual([client.of(GOAWAY), taken], [[], []]);
  });

  it('tells a call that its client cancelled it', async () => {
    const client = await open();
    client.write(callFrame(1), frame(RST_STREAM, 0, 1, '00000008'));
    const call = await begun();
    await client.seen();
    assert.deepEqual([call.isOpen, call.isCancelled], [false, true]);
  });

  it('refuses more headers than it takes, one call of many', async () => {
    const client = await open();
    const begin = (id: number, length: number): void => {
      const block = Buffer.concat([CALL, encodeHeaders({ 'x-long': 'x'.repeat(length) })]);
      client.write(frame(HEADERS, END_STREAM, id, block.subarray(0, 16_384)));
      for (let at = 16_384; at < block.length; at += 16_384) {
        client.write(frame(CONTINUATION, 0, id, block.subarray(at, at + 16_384)));
      }
      client.write(frame(CONTINUATION, END_HEADERS, id));
    };
    begin(1, 65_330);
    assert.equal((await client.until(RST_STREAM, 1)).payload.readUInt32BE(0), Http2Code.ENHANCE_YOUR_CALM);
    begin(3, 60_000);
    assert.equal((await begun()).header('x-long')?.length, 60_000);
  });

  it('refuses a request without a path', async () => {
    const client = await open();
    client.write(frame(HEADERS, END_HEADERS | END_STREAM, 1, '83'));
    assert.equal((await client.until(RST_STREAM, 1)).payload.readUInt32BE(0), Http2Code.PROTOCOL_ERROR);
    client.write(callFrame(3));
    await begun();
  });

  it('refuses a request that says another length than it has, and takes one that says the right one', async () => {
    const client = await open();
    const begin = (id: number, length: string, ...chunks: string[]): void =>
      client.write(
        frame(HEADERS, END_HEADERS, id, Buffer.concat([CALL, encodeHeaders({ 'content-length': length })])),
        ...chunks.map((chunk) => frame(DATA, 0, id, chunk)),
        frame(DATA, END_STREAM, id),
      );
    for (const [id, length] of ['0', '5', '7', 'six'].entries()) begin(2 * id + 1, length, '0000', '000000', '00');
    begin(9, '6', '000000', '000100');
    for (const id of [1, 3, 5, 7]) {
      assert.equal((await client.until(RST_STREAM, id)).payload.readUInt32BE(0), Http2Code.PROTOCOL_ERROR);
    }
    await client.seen();
    assert.deepEqual(client.of(RST_STREAM, 9), []);
  });

  it('takes no more calls when it stops, and ends those it has', async () => {
    const client = await open();
    client.write(callFrame(1));
    const call = await begun();
    const stopped = server.close();
    const goodbye = await client.until(GOAWAY);
    assert.deepEqual([goodbye.payload.readUInt32BE(0), goodbye.payload.readUInt32BE(4)], [1, Http2Code.NO_ERROR]);
    assert.equal(call.isOpen, false);
    const { payload } = await client.until(HEADERS, 1);
    assert.ok(new HpackDecoder(1000).decode(payload)?.join().includes('grpc-status,14'));
    client.socket.end();
    await stopped;
  });

  it('bounds the calls that are begun only to be cancelled', async () => {
    const client = await open();
    const pieces: Buffer[] = [];
    for (let id = 1; id < 2100; id += 2) pieces.push(callFrame(id), frame(RST_STREAM, 0, id, '00000008'));
    client.write(...pieces);
    assert.equal(await goAwayCode(client), Http2Code.ENHANCE_YOUR_CALM);
    assert.equal(calls.length, 1001);
    await waitFor('the end of all calls', () => calls.every((call) => !call.isOpen), { pollMs: 1 });
  });

  for (const [what, code, ...frames] of [
    ['a frame that is too large', Http2Code.FRAME_SIZE_ERROR, frame(DATA, 0, 1, Buffer.alloc(16_385))],
    ['data of no stream', Http2Code.PROTOCOL_ERROR, frame(DATA, 0, 0, 'ff')],
    ['data of a stream that nobody began', Http2Code.PROTOCOL_ERROR, frame(DATA, 0, 1, 'ff')],
    ['data behind the end', Http2Code.STREAM_CLOSED, callFrame(1, END_STREAM), frame(DATA, 0, 1, 'ff')],
    ['padding that is too long', Http2Code.PROTOCOL_ERROR, callFrame(1), frame(DATA, PADDED, 1, '03ffff')],
    ['a stream of the server', Http2Code.PROTOCOL_ERROR, callFrame(2)],
    ['headers that cannot be read', Http2Code.COMPRESSION_ERROR, frame(HEADERS, END_HEADERS, 1, '80')],
    ['headers without their priority', Http2Code.FRAME_SIZE_ERROR, frame(HEADERS, FrameFlag.PRIORITY, 1, '00')],
    ['headers behind the end', Http2Code.STREAM_CLOSED, callFrame(1, END_STREAM), callFrame(1, END_STREAM)],
    ['interrupted headers', Http2Code.PROTOCOL_ERROR, frame(HEADERS, 0, 1, CALL), frame(PING, 0, 0, Buffer.alloc(8))],
    ['headers that go on elsewhere', Http2Code.PROTOCOL_ERROR, frame(HEADERS, 0, 1), frame(CONTINUATION, 4, 3)],
    ['headers that go on without a beginning', Http2Code.PROTOCOL_ERROR, frame(CONTINUATION, END_HEADERS, 1)],
    [
      'endless headers',
      Http2Code.ENHANCE_YOUR_CALM,
      frame(HEADERS, 0, 1),
      ...Array<Buffer>(1025).fill(frame(CONTINUATION, 0, 1)),
    ],
    ['half a setting', Http2Code.FRAME_SIZE_ERROR, frame(SETTINGS, 0, 0, '00')],
    ['settings of a stream', Http2Code.PROTOCOL_ERROR, frame(SETTINGS, 0, 1)],
    ['an answer to settings that says something', Http2Code.FRAME_SIZE_ERROR, frame(SETTINGS, ACK, 0, '000400000001')],
    ['frames that are too small', Http2Code.PROTOCOL_ERROR, frame(SETTINGS, 0, 0, '000500000001')],
    ['a window beyond the largest', Http2Code.FLOW_CONTROL_ERROR, frame(SETTINGS, 0, 0, '000480000000')],
    ['a window that grows beyond it', Http2Code.FLOW_CONTROL_ERROR, frame(WINDOW_UPDATE, 0, 0, '7fffffff')],
    ['a window that does not grow', Http2Code.PROTOCOL_ERROR, frame(WINDOW_UPDATE, 0, 0, '00000000')],
    ['a window of a stream that nobody began', Http2Code.PROTOCOL_ERROR, frame(WINDOW_UPDATE, 0, 5, '00000001')],
    ['the end of a stream that nobody began', Http2Code.PROTOCOL_ERROR, frame(RST_STREAM, 0, 5, '00000008')],
    ['a ping that is too short', Http2Code.FRAME_SIZE_ERROR, frame(PING, 0, 0, '00')],
    ['a ping of a stream', Http2Code.PROTOCOL_ERROR, frame(PING, 0, 1, Buffer.alloc(8))],
    ['a priority that is too short', Http2Code.FRAME_SIZE_ERROR, frame(PRIORITY, 0, 1, '00')],
    ['a priority of no stream', Http2Code.PROTOCOL_ERROR, frame(PRIORITY, 0, 0, Buffer.alloc(5))],
    ['a goodbye of a stream', Http2Code.PROTOCOL_ERROR, frame(GOAWAY, 0, 1, Buffer.alloc(8))],
    ['a stream behind its time', Http2Code.PROTOCOL_ERROR, callFrame(5, END_STREAM), callFrame(3, END_STREAM)],
    [
      'data behind its own reset',
      Http2Code.STREAM_CLOSED,
      ...[callFrame(1), frame(RST_STREAM, 0, 1, '00000008'), frame(DATA, 0, 1, 'ff')],
    ],
    ['a promise', Http2Code.PROTOCOL_ERROR, frame(PUSH_PROMISE, END_HEADERS, 1, '00000002')],
  ] as const) {
    it(`says goodbye to who sends ${what}`, async () => {
      const client = await open();
      client.write(...frames);
      assert.equal(await goAwayCode(client), code);
      await waitFor('the end of the connection', () => client.socket.closed, { pollMs: 1 });
      assert.ok(calls.every((call) => !call.isOpen));
    });
  }

  it('ends a stream whose window grows beyond the largest, and goes on', async () => {
    const client = await open();
    client.write(callFrame(1), frame(WINDOW_UPDATE, 0, 1, '7fffffff'));
    assert.equal((await client.until(RST_STREAM, 1)).payload.readUInt32BE(0), Http2Code.FLOW_CONTROL_ERROR);
    await client.seen();
  });
});
