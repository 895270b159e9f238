import { closeSync, constants, fdatasync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Disposable } from '../../base/disposable.ts';
import type { DataVersion } from '../../protocol/bodies/dataVersion.ts';
import { readInt64, writeInt64 } from '../../protocol/bigEndian.ts';

const fdatasyncAsync = promisify(fdatasync);

const CHECKPOINT_BYTES = 56;
/** Apache maps one page. */
const FILE_BYTES = 4096;

/** How far a broker's timers are: seven int64. Source: TimerCheckpoint.java; broker sheet §9.4. */
export interface TimerCheckpoint {
  /** The first slot that is not served yet. */
  readonly lastReadTimeMs: number;
  /** Up to here the timer log is on disk, and the wheel knows of it. */
  readonly lastTimerLogFlushPos: number;
  /** The first message of the timer topic that is neither in the wheel nor delivered. */
  readonly lastTimerQueueOffset: number;
  readonly masterTimerQueueOffset: number;
  readonly dataVersion: DataVersion;
}

export function encodeTimerCheckpoint(checkpoint: TimerCheckpoint): Buffer {
  const bytes = Buffer.alloc(CHECKPOINT_BYTES);
  writeInt64(bytes, checkpoint.lastReadTimeMs, 0);
  writeInt64(bytes, checkpoint.lastTimerLogFlushPos, 8);
  writeInt64(bytes, checkpoint.lastTimerQueueOffset, 16);
  writeInt64(bytes, checkpoint.masterTimerQueueOffset, 24);
  writeInt64(bytes, checkpoint.dataVersion.stateVersion, 32);
  writeInt64(bytes, checkpoint.dataVersion.timestamp, 40);
  writeInt64(bytes, checkpoint.dataVersion.counter, 48);
  return bytes;
}

/** @throws RangeError for what is shorter */
export function decodeTimerCheckpoint(bytes: Buffer): TimerCheckpoint {
  return {
    lastReadTimeMs: readInt64(bytes, 0),
    lastTimerLogFlushPos: readInt64(bytes, 8),
    lastTimerQueueOffset: readInt64(bytes, 16),
    masterTimerQueueOffset: readInt64(bytes, 24),
    dataVersion: {
      stateVersion: readInt64(bytes, 32),
      timestamp: readInt64(bytes, 40),
      counter: readInt64(bytes, 48),
    },
  };
}

/** `config/timercheck`, open: what is written survives the end of the process, what is synced that of the machine. */
export class TimerCheckpointFile implements Disposable {
  readonly #file: number;

  constructor(file: string) {
    mkdirSync(path.dirname(file), { recursive: true });
    this.#file = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o644);
    ftruncateSync(this.#file, FILE_BYTES);
  }

  /** All zero in a new file. */
  read(): TimerCheckpoint {
    const bytes = Buffer.alloc(CHECKPOINT_BYTES);
    readSync(this.#file, bytes, 0, CHECKPOINT_BYTES, 0);
    return decodeTimerCheckpoint(bytes);
  }

  write(checkpoint: TimerCheckpoint): void {
    writeSync(this.#file, encodeTimerCheckpoint(checkpoint), 0, CHECKPOINT_BYTES, 0);
  }

  sync(): Promise<void> {
    return fdatasyncAsync(this.#file);
  }

  dispose(): void {
    closeSync(this.#file);
  }
}
