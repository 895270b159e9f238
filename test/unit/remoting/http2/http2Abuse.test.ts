import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { encodeHeaders } from '../../../../src/protocol/http2/hpackEncoder.ts';
import { FrameFlag, FrameType, Http2Code, Http2Error, PREFACE } from '../../../../src/protocol/http2/http2Code.ts';
import { GOODBYE_MS, Http2Connection } from '../../../../src/remoting/http2/http2Connection.ts';
import { UnreadBudget } from '../../../../src/remoting/http2/unreadBudget.ts';
import type { Http2Stream } from '../../../../src/remoting/http2/http2Stream.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { CALL, callFrame, frame } from './rawHttp2Client.ts';

/** Of a client that reads nothing. */
class DeafSocket extends Duplex {
  override _read(): void {
    /* What it sends comes by `says`. */
  }

  override _write(): void {
    /* It never goes on. */
  }

  destroySoon(): void {
    this.end(() => this.destroy());
  }

  says(...frames: Buffer[]): void {
    this.emit('data', Buffer.concat(frames));
  }
}

describe('Http2Connection, of a client that means harm,', () => {
  let socket: DeafSocket;
  let clock: FakeClock;
  let unread: UnreadBudget;
  let streams: Http2Stream[];
  let take: (stream: Http2Stream) => void;
  let closed: Promise<Error | undefined>;

  beforeEach(() => {
    socket = new DeafSocket();
    clock = new FakeClock();
    unread = new UnreadBudget(1_000_000);
    streams = [];
    take = () => undefined;
    closed = new Promise((resolve) => {
      new Http2Connection(socket as unknown as Socket, {
        clock,
        unread,
        request: (stream) => {
          streams.push(stream);
          take(stream);
        },
        closed: resolve,
      });
    });
    socket.says(PREFACE, frame(FrameType.SETTINGS, 0, 0));
  });
  afterEach(() => {
    socket.destroy();
  });

  const problem = async (): Promise<number> => {
    assert.ok(!socket.destroyed, 'it may read why');
    clock.advance(GOODBYE_MS);
    const error = await closed;
    assert.ok(error instanceof Http2Error);
    return error.code;
  };

  it('bounds the refusals that it does not read', async () => {
    const refusal = encodeHeaders({ ':status': '200', 'grpc-status': '12', 'grpc-message': 'x'.repeat(10_000) });
    take = (stream) => stream.respond(refusal, true);
    for (let id = 1; id < 4000 && !socket.destroyed; id += 2) socket.says(callFrame(id, FrameFlag.END_STREAM));
    assert.equal(await problem(), Http2Code.ENHANCE_YOUR_CALM);
    // 8 MiB, and what one turn gathers before it is handed over.
    assert.ok(streams.length > 835 && streams.length < 850, `${streams.length} were refused`);
  });

  for (const [what, fault] of [
    ['windows that are too large', (id: number) => [callFrame(id), frame(FrameType.WINDOW_UPDATE, 0, id, '7fffffff')]],
    [
      'a length that is not theirs',
      (id: number) => {
        const block = Buffer.concat([CALL, encodeHeaders({ 'content-length': '7' })]);
        return [frame(FrameType.HEADERS, FrameFlag.END_HEADERS | FrameFlag.END_STREAM, id, block)];
      },
    ],
    ['trailers that end nothing', (id: number) => [callFrame(id), callFrame(id)]],
  ] as const) {
    it(`bounds the calls that it has ended by ${what}`, async () => {
      for (let id = 1; id < 2100 && !socket.destroyed; id += 2) socket.says(...fault(id));
      assert.equal(await problem(), Http2Code.ENHANCE_YOUR_CALM);
      assert.equal(streams.length, 1001);
    });
  }

  it('bounds what the clients of all connections leave unread, at the cost of who leaves most', async () => {
    const other = new DeafSocket();
    const otherStreams: Http2Stream[] = [];
    new Http2Connection(other as unknown as Socket, {
      clock,
      unread,
      request: (stream) => otherStreams.push(stream),
      closed: () => undefined,
    });
    other.says(PREFACE, frame(FrameType.SETTINGS, 0, 0));
    for (const id of [1, 3]) socket.says(callFrame(id, FrameFlag.END_STREAM));
    other.says(callFrame(1, FrameFlag.END_STREAM));
    // All but the first of it waits, since the sockets take no more.
    for (const stream of streams) stream.write(Buffer.alloc(350_000));
    const [small] = otherStreams;
    small?.write(Buffer.alloc(200_000));
    assert.deepEqual([socket.destroyed, other.destroyed], [false, false]);
    small?.write(Buffer.alloc(240_000));
    assert.equal(await problem(), Http2Code.ENHANCE_YOUR_CALM);
    assert.ok(!other.destroyed, 'who leaves less goes on');
    assert.deepEqual(
      streams.map(({ isClosed }) => isClosed),
      [true, true],
    );
    // What the other left is counted no more.
    small?.write(Buffer.alloc(500_000));
    assert.ok(!other.destroyed);
    small?.write(Buffer.alloc(200_000));
    clock.advance(GOODBYE_MS);
    assert.ok(other.destroyed);
  });

  it('may cancel a call after the clock was set back', () => {
    clock.advance(-3_600_000);
    for (const id of [1, 3]) socket.says(callFrame(id), frame(FrameType.RST_STREAM, 0, id, '00000008'));
    assert.ok(!socket.destroyed);
    assert.deepEqual(
      streams.map(({ isClosed }) => isClosed),
      [true, true],
    );
  });

  it('keeps what nobody reads yet in few pieces, however it came', () => {
    const pieces: Buffer[] = [];
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, at) => at & 0xff));
    take = (stream) => {
      stream.pause();
      stream.reader = {
        data: (chunk) => pieces.push(chunk),
        end: () => pieces.push(Buffer.from('end')),
        ...{ drained: () => undefined, sent: () => undefined, leave: () => undefined, closed: () => undefined },
      };
    };
    socket.says(callFrame(1));
    for (const byte of bytes) {
      socket.says(frame(FrameType.DATA, 0, 1, Buffer.of(byte)), frame(FrameType.DATA, 0, 1));
    }
    socket.says(frame(FrameType.DATA, FrameFlag.END_STREAM, 1));
    assert.deepEqual(pieces, []);
    streams[0]?.read();
    assert.ok(pieces.length < 70, `${pieces.length} pieces`);
    assert.deepEqual(Buffer.concat(pieces), Buffer.concat([bytes, Buffer.from('end')]));
  });
});
