import { Duplex } from 'node:stream';

import type { Clock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { Logger } from '../../src/base/logger.ts';
import { Connection } from '../../src/remoting/connection.ts';
import type { ConnectionOptions } from '../../src/remoting/connection.ts';
import { FakeClock } from './fakeClock.ts';

/**
 * Two ends of a line without a socket: what one end writes the other reads, an end or a destroyed side reaches the
 * other as end, and a reader that pauses holds the writer back.
 */
export function streamPair({ highWaterMark = 16 * 1024 } = {}): [StreamEnd, StreamEnd] {
  const near = new StreamEnd(highWaterMark);
  const far = new StreamEnd(highWaterMark);
  near.peer = far;
  far.peer = near;
  return [near, far];
}

export class StreamEnd extends Duplex {
  peer: StreamEnd | undefined;
  /** How many bytes were written to this end, and in how many writes. */
  writtenBytes = 0;
  writes = 0;
  #onRoom: (() => void) | undefined;

  constructor(highWaterMark: number) {
    super({ highWaterMark, allowHalfOpen: false });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error) => void): void {
    this.writes += 1;
    this.writtenBytes += chunk.length;
    if (this.peer === undefined || this.peer.destroyed || this.peer.push(chunk)) setImmediate(callback);
    else this.peer.#onRoom = callback;
  }

  override _writev(
    chunks: readonly { chunk: Buffer; encoding: BufferEncoding }[],
    callback: (error?: Error) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', callback);
  }

  override _read(): void {
    const onRoom = this.#onRoom;
    this.#onRoom = undefined;
    onRoom?.();
  }

  override _final(callback: () => void): void {
    this.#endPeer();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#endPeer();
    callback(error);
  }

  #endPeer(): void {
    if (this.peer !== undefined && !this.peer.destroyed && !this.peer.readableEnded) this.peer.push(null);
  }
}

/** Two connections that talk to each other; disposing either ends both. */
export function connectionPair(
  options: { near?: Partial<ConnectionOptions>; far?: Partial<ConnectionOptions>; clock?: Clock; logger?: Logger } = {},
): { near: Connection; far: Connection; ends: [StreamEnd, StreamEnd] } {
  const { clock = new FakeClock(), logger = silentLogger } = options;
  const ends = streamPair();
  return {
    near: new Connection(ends[0], { remoteAddress: 'far:2', clock, logger, ...options.near }),
    far: new Connection(ends[1], { remoteAddress: 'near:1', clock, logger, ...options.far }),
    ends,
  };
}
