import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { FrameFlag, FrameType, PREFACE } from '../../../../src/protocol/http2/http2Code.ts';
import { encodeHeaders } from '../../../../src/protocol/http2/hpackEncoder.ts';
import { waitFor } from '../../../support/waitFor.ts';

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, id: number, payload: Buffer | string = Buffer.alloc(0)): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'hex') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(bytes.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, bytes]);
}

/** The block of a call of gRPC. */
export const CALL = encodeHeaders({
  ':method': 'POST',
  ':path': '/a',
  ':scheme': 'http',
  'content-type': 'application/grpc',
});

/** Begins a call; `END_STREAM` may be added to its flags. */
export function callFrame(id: number, flags = 0): Buffer {
  return frame(FrameType.HEADERS, FrameFlag.END_HEADERS | flags, id, CALL);
}

/** A client that says what a test wants, and reads frames as they come. */
export class RawHttp2Client {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  #held = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  /** @param settings its own, in hexadecimal */
  static async connect(port: number, settings = ''): Promise<RawHttp2Client> {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    const client = new RawHttp2Client(socket);
    client.write(PREFACE, frame(FrameType.SETTINGS, 0, 0, settings));
    return client;
  }

  write(...pieces: Buffer[]): void {
    this.socket.write(Buffer.concat(pieces));
  }

  of(type: number, id?: number): RawFrame[] {
    return this.frames.filter((one) => one.type === type && (id === undefined || one.id === id));
  }

  async until(type: number, id?: number, count = 1): Promise<RawFrame> {
    return waitFor(`${count} frames of type ${type}`, () => this.of(type, id)[count - 1], { pollMs: 1 });
  }

  /** Waits until all that was sent before was seen. */
  async seen(): Promise<void> {
    const count = this.of(FrameType.PING).length + 1;
    this.write(frame(FrameType.PING, 0, 0, '0102030405060708'));
    await this.until(FrameType.PING, 0, count);
  }

  #take(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    while (this.#held.length >= 9) {
      const end = 9 + this.#held.readUIntBE(0, 3);
      if (this.#held.length < end) return;
      this.frames.push({
        type: this.#held.readUInt8(3),
        flags: this.#held.readUInt8(4),
        id: this.#held.readUInt32BE(5),
        payload: this.#held.subarray(9, end),
      });
      this.#held = this.#held.subarray(end);
    }
  }
}
