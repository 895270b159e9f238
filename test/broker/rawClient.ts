import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { isResponse } from '../../src/protocol/command.ts';
import { FrameSplitter, decodeFrame } from '../../src/protocol/frame.ts';
import type { DecodedFrame } from '../../src/protocol/frame.ts';
import { parseAddress } from '../../src/remoting/address.ts';

/** A socket that sends any bytes, and reads answers. */
export class RawClient {
  readonly #socket: Socket;
  readonly #splitter = new FrameSplitter();
  readonly #answers: DecodedFrame[] = [];
  #waiting: ((answer: DecodedFrame | 'closed') => void) | undefined;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      for (const frame of this.#splitter.push(chunk)) {
        const decoded = decodeFrame(frame);
        if (isResponse(decoded.command)) this.#answers.push(decoded);
      }
      this.#serve();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#serve();
    });
  }

  static async connect(address: string): Promise<RawClient> {
    const socket = connect(parseAddress(address));
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The next answer, or that the other side closed. */
  answer(): Promise<DecodedFrame | 'closed'> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#serve();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const answer = this.#answers.shift() ?? (this.#closed ? 'closed' : undefined);
    if (answer === undefined) return;
    this.#waiting = undefined;
    waiting(answer);
  }
}
