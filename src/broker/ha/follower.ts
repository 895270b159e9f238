import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { neverBack } from '../../base/neverBack.ts';
import type { FollowerStatus } from '../../protocol/bodies/haStatus.ts';
import { HaTransferReader, encodeHaReport } from '../../protocol/haTransfer.ts';
import type { MessageStore } from '../store/messageStore.ts';
import type { Replica } from '../store/replica.ts';
import type { HaSettings } from './slaveLink.ts';

const TICK_MS = 1000;
/** Before the next try; longer after each that failed. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;

export interface FollowerOptions {
  readonly store: Pick<MessageStore, 'maxPhysicalOffset'>;
  readonly replica: Replica;
  readonly settings: Pick<HaSettings, 'haSendHeartbeatInterval' | 'haHousekeepingInterval'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** To where the master serves its slaves. */
  readonly connect: (address: string) => Promise<Duplex>;
  /** Rejects with the reason for which this log is none that could follow the master's. */
  readonly check: () => Promise<void>;
  /** The master is followed from now on. */
  readonly onFollowing: () => void;
  /** Before each try: the master may be another by now. */
  readonly findMaster: () => Promise<string | undefined>;
}

/**
 * Follows a master: takes what its log has more, says how far that got, and begins anew when either falls silent.
 * Source: DefaultHAClient.java; broker sheet §13.1.
 */
export class Follower implements Disposable {
  readonly #options: FollowerOptions;
  #stream: Duplex | undefined;
  #master: string | undefined;
  #timer: Disposable | undefined;
  #waitMs = FIRST_WAIT_MS;
  #reported = 0;
  readonly #now: () => number;
  /** By `#now`. */
  #heardMs = 0;
  #saidMs = 0;
  /** As the clock said. */
  #lastReadMs = 0;
  #lastWriteMs = 0;
  #bytesThisSecond = 0;
  #bytesLastSecond = 0;
  #problem = '';
  #disposed = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#now = neverBack(options.clock);
  }

  start(): void {
    void this.#follow();
  }

  get isConnected(): boolean {
    return this.#stream !== undefined;
  }

  status(): FollowerStatus {
    return {
      masterAddr: this.#master,
      maxOffset: this.#options.store.maxPhysicalOffset,
      lastReadTimestamp: this.#lastReadMs,
      lastWriteTimestamp: this.#lastWriteMs,
      transferredByteInSecond: this.#bytesLastSecond,
      masterFlushOffset: 0,
    };
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer?.dispose();
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  async #follow(): Promise<void> {
    const { findMaster, connect, check, logger } = this.#options;
    try {
      this.#master = (await findMaster()) ?? this.#master;
      if (this.#master === undefined) throw new Error('no NameServer knows one');
      await check();
      const stream = await connect(this.#master);
      if (this.#isDisposed()) stream.destroy();
      else this.#begin(stream);
    } catch (error) {
      if (this.#isDisposed()) return;
      // Tried again and again: the log has each reason once.
      const problem = `the master is not followed: ${errorText(error)}`;
      if (problem === this.#problem) logger.debug(problem);
      else logger.error(problem);
      this.#problem = problem;
      this.#later();
    }
  }

  #isDisposed(): boolean {
    return this.#disposed;
  }

  #later(): void {
    this.#timer = this.#options.clock.after(this.#waitMs, () => void this.#follow());
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }

  #begin(stream: Duplex): void {
    const { clock, replica, store, logger } = this.#options;
    const reader = new HaTransferReader();
    this.#stream = stream;
    this.#heardMs = this.#now();
    this.#lastReadMs = clock.now();
    replica.reset();
    stream.on('data', (chunk: Buffer) => {
      if (this.#stream === stream) this.#heard(stream, reader, chunk);
    });
    const end = (reason: string): void => this.#end(stream, reason);
    stream.on('error', (error) => end(errorText(error)));
    stream.on('end', () => end('it left'));
    stream.on('close', () => end('it left'));
    this.#timer = clock.every(TICK_MS, () => this.#tick(stream));
    logger.info(`master ${this.#master} is followed from ${store.maxPhysicalOffset} on`);
    this.#report(stream);
    this.#options.onFollowing();
  }

  #heard(stream: Duplex, reader: HaTransferReader, chunk: Buffer): void {
    const { replica, clock, store, logger } = this.#options;
    this.#heardMs = this.#now();
    this.#lastReadMs = clock.now();
    this.#bytesThisSecond += chunk.length;
    try {
      for (const { offset, bytes } of reader.push(chunk)) {
        replica.beginAt(offset);
        if (offset !== replica.next) throw new Error(`it sends what belongs to ${offset}, not to ${replica.next}`);
        replica.take(bytes);
      }
      replica.store();
    } catch (error) {
      logger.error(`what master ${this.#master} sends is NOT TAKEN`, error);
      this.#end(stream, errorText(error));
      return;
    }
    this.#waitMs = FIRST_WAIT_MS;
    this.#problem = '';
    if (store.maxPhysicalOffset > this.#reported) this.#report(stream);
  }

  #report(stream: Duplex): void {
    this.#reported = this.#options.store.maxPhysicalOffset;
    stream.write(encodeHaReport(this.#reported));
    this.#saidMs = this.#now();
    this.#lastWriteMs = this.#options.clock.now();
  }

  #tick(stream: Duplex): void {
    const { settings } = this.#options;
    this.#bytesLastSecond = this.#bytesThisSecond;
    this.#bytesThisSecond = 0;
    const nowMs = this.#now();
    const silentMs = nowMs - this.#heardMs;
    if (silentMs > settings.haHousekeepingInterval) this.#end(stream, `it was silent for ${silentMs} ms`);
    else if (nowMs - this.#saidMs > settings.haSendHeartbeatInterval) this.#report(stream);
  }

  #end(stream: Duplex, reason: string): void {
    if (this.#stream !== stream || this.#disposed) return;
    this.#stream = undefined;
    this.#timer?.dispose();
    stream.destroy();
    this.#options.replica.reset();
    this.#options.logger.warn(`master ${this.#master} is not followed any more: ${reason}`);
    this.#later();
  }
}
