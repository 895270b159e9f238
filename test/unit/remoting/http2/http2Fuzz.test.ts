import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { encodeHeaders } from '../../../../src/protocol/http2/hpackEncoder.ts';
import { FrameFlag, FrameType, Http2Error, PREFACE } from '../../../../src/protocol/http2/http2Code.ts';
import { Http2Connection } from '../../../../src/remoting/http2/http2Connection.ts';
import type { Http2Stream } from '../../../../src/remoting/http2/http2Stream.ts';
import { UnreadBudget } from '../../../../src/remoting/http2/unreadBudget.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { turns } from '../../../support/turns.ts';
import { CALL, frame } from './rawHttp2Client.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 150);

/** Takes all that is written, at once or, while it is slow, never. */
class Wire extends Duplex {
  written = Buffer.alloc(0);
  isSlow = false;
  #then: (() => void) | undefined;

  override _read(): void {
    /* What the client says comes by `says`. */
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.written = Buffer.concat([this.written, chunk]);
    if (this.isSlow) this.#then = done;
    else done();
  }

  goOn(): void {
    this.isSlow = false;
    this.#then?.();
    this.#then = undefined;
  }

  destroySoon(): void {
    this.end(() => this.destroy());
  }

  says(bytes: Buffer): void {
    this.emit('data', bytes);
  }
}

const PING = frame(FrameType.PING, 0, 0, '0102030405060708');

const flags = fc.constantFrom(0, FrameFlag.END_STREAM, FrameFlag.END_HEADERS, 0x5, 0x8, 0xc, 0xd, 0x20, 0x24, 0xff);
const ids = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(1, 3, 5, 7, 9, 11) },
  { weight: 1, arbitrary: fc.constantFrom(0, 2, 0x7fffffff) },
);
const words = (...texts: string[]): fc.Arbitrary<Buffer> =>
  fc.constantFrom(...texts).map((text) => Buffer.from(text, 'hex'));

/** What often stands in a frame of the kind, so that it comes further than the first check. */
const usual: Readonly<Record<number, fc.Arbitrary<Buffer>>> = {
  [FrameType.DATA]: words('', '00', '0000000000', '0548656c6c6f', '61'.repeat(300)),
  [FrameType.HEADERS]: fc.constantFrom(
    CALL,
    CALL.subarray(0, 9),
    Buffer.concat([Buffer.from('8000000110', 'hex'), CALL]),
    encodeHeaders({ 'grpc-status': '0' }),
    encodeHeaders({ ':status': '200', 'x-a': 'b\nc' }),
    Buffer.from('be', 'hex'),
    Buffer.from('3fe11f40016101620c', 'hex'),
  ),
  [FrameType.PRIORITY]: words('8000000110', '00'),
  [FrameType.RST_STREAM]: words('00000008', '00000000', '08'),
  [FrameType.SETTINGS]: words('', '000400000000', '00047fffffff', '000100000000', '000500004000', '0005ffffffff', '00'),
  [FrameType.PUSH_PROMISE]: words('00000002'),
  [FrameType.PING]: words('0102030405060708', '01'),
  [FrameType.GOAWAY]: words('0000000000000000'),
  [FrameType.WINDOW_UPDATE]: words('00000001', '00010000', '7fffffff', '00000000', '80'),
  [FrameType.CONTINUATION]: fc.constantFrom(CALL, CALL.subarray(9), Buffer.alloc(0)),
  10: words('', 'ff'),
};

const anyFrame = fc.integer({ min: 0, max: 10 }).chain((type) => {
  const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  const payload = fc.oneof({ weight: 6, arbitrary: usual[type] ?? noise }, { weight: 1, arbitrary: noise });
  return fc.tuple(flags, ids, payload).map(([flag, id, bytes]) => frame(type, flag, id, bytes));
});
/** A client that does nothing wrong begins calls, so that what follows meets some. */
const call = fc
  .tuple(fc.constantFrom(1, 3, 5, 7, 9), fc.boolean())
  .map(([id, isEnd]) => frame(FrameType.HEADERS, FrameFlag.END_HEADERS | (isEnd ? FrameFlag.END_STREAM : 0), id, CALL));
const step = fc.oneof(
  { weight: 4, arbitrary: anyFrame },
  { weight: 2, arbitrary: call },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)) },
);
/** What the server does in between: an answer of so many bytes, its end, and whether the client reads. */
const answer = fc.record({
  bytes: fc.constantFrom(0, 10, 20_000, 100_000),
  isEnd: fc.boolean(),
  isReset: fc.boolean(),
  isSlow: fc.boolean(),
});

describe('Http2Connection, whatever comes,', () => {
  it('answers a ping, or has said goodbye and let go of everything', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(step, answer), { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 50 }),
        async (steps, pieceBytes) => {
          const wire = new Wire();
          const streams: Http2Stream[] = [];
          let closed = 0;
          let problem: Error | undefined;
          const connection = new Http2Connection(wire as unknown as Socket, {
            clock: new FakeClock(),
            unread: new UnreadBudget(150_000),
            request: (stream) => {
              streams.push(stream);
              stream.reader = {
                ...{ data: () => undefined, end: () => undefined, drained: () => undefined },
                ...{ sent: () => undefined, leave: () => undefined },
                closed: () => (closed += 1),
              };
            },
            closed: (error) => (problem = error),
          });
          wire.says(PREFACE);
          for (const [bytes, { bytes: answerBytes, isEnd, isReset, isSlow }] of steps) {
            if (isSlow) wire.isSlow = true;
            else wire.goOn();
            for (let at = 0; at < bytes.length; at += pieceBytes) wire.says(bytes.subarray(at, at + pieceBytes));
            const stream = streams.find(({ isClosed }) => !isClosed);
            stream?.respond(CALL);
            stream?.write(Buffer.alloc(answerBytes));
            if (isEnd) stream?.end(CALL);
            else if (isReset) stream?.reset(0);
            await turns(1);
          }
          wire.goOn();
          const before = wire.written.length;
          wire.says(PING);
          await turns(3);
          if (wire.destroyed) {
            assert.ok(problem === undefined || problem instanceof Http2Error, String(problem));
            assert.ok(framesOf(wire.written).includes(FrameType.GOAWAY));
          } else {
            // Behind a part of a frame it is the rest of that.
            const isWhole = wholeFrames(Buffer.concat(steps.map(([bytes]) => bytes))).isAll;
            if (isWhole) assert.ok(framesOf(wire.written.subarray(before)).includes(FrameType.PING));
            connection.destroy();
          }
          await turns(2);
          assert.equal(closed, streams.length, 'each call was told that it is over, once');
          assert.equal(connection.queuedBytes, 0);
        },
      ),
      { numRuns: RUNS },
    );
  }).timeout(120_000);
});

/** Types of the frames; all of them are whole. */
function framesOf(bytes: Buffer): readonly number[] {
  const { types, isAll } = wholeFrames(bytes);
  assert.ok(isAll, 'what was written ends with a whole frame');
  return types;
}

function wholeFrames(bytes: Buffer): { readonly types: readonly number[]; readonly isAll: boolean } {
  const types: number[] = [];
  let at = 0;
  for (; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) types.push(bytes.readUInt8(at + 3));
  return { types, isAll: at === bytes.length };
}
