import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { neverBack } from '../../base/neverBack.ts';
import type { SlaveStatus } from '../../protocol/bodies/haStatus.ts';
import { HaReportReader, encodeTransferHeader } from '../../protocol/haTransfer.ts';
import type { BrokerConfig } from '../config.ts';
import type { MessageStore } from '../store/messageStore.ts';

/** Read from the log together, and cut into transfers: all that a slave that lags keeps in memory beside its socket. */
const WINDOW_BYTES = 512 * 1024;
const TICK_MS = 1000;

export type HaSettings = Pick<
  BrokerConfig,
  | 'haSendHeartbeatInterval'
  | 'haHousekeepingInterval'
  | 'haTransferBatchSize'
  | 'haMaxGapNotInSync'
  | 'haFlowControlEnable'
  | 'maxHaTransferByteInSecond'
>;

export type SharedLog = Pick<MessageStore, 'minPhysicalOffset' | 'maxPhysicalOffset' | 'logFileStart' | 'readLog'>;

export interface SlaveLinkOptions {
  /** Connected to the slave. */
  readonly stream: Duplex;
  /** `host:port` of it. */
  readonly address: string;
  readonly log: SharedLog;
  readonly settings: HaSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onReport: () => void;
  readonly onClose: () => void;
}

/**
 * A slave of this broker. It says how far it is, and gets what follows: from memory when it is near the end, else from
 * the files, as fast as it takes it. Source: DefaultHAConnection.java; broker sheet §13.1.
 */
export class SlaveLink implements Disposable {
  readonly #options: SlaveLinkOptions;
  readonly #reports = new HaReportReader();
  readonly #ticking: Disposable;
  readonly #now: () => number;
  /** -1 before its first report. */
  #reported = -1;
  #next = -1;
  #sending = false;
  #resume: (() => void) | undefined;
  #nextSecond: (() => void) | undefined;
  #lastReadMs: number;
  #lastWriteMs: number;
  #bytesThisSecond = 0;
  #bytesLastSecond = 0;
  #closed = false;

  constructor(options: SlaveLinkOptions) {
    this.#options = options;
    const { stream, clock } = options;
    this.#now = neverBack(clock);
    this.#lastReadMs = this.#lastWriteMs = this.#now();
    stream.on('data', (chunk: Buffer) => this.#heard(chunk));
    stream.on('drain', () => this.#goOn());
    stream.on('error', (error) => this.#close(errorText(error)));
    stream.on('end', () => this.#close('it left'));
    stream.on('close', () => this.#close('it left'));
    this.#ticking = clock.every(TICK_MS, () => this.#tick());
  }

  /** How far the slave says that its log reaches; -1 before it said anything. */
  get reported(): number {
    return this.#reported;
  }

  isInSync(masterEnd: number): boolean {
    return this.#reported >= 0 && masterEnd - this.#reported < this.#options.settings.haMaxGapNotInSync;
  }

  status(masterEnd: number): SlaveStatus {
    return {
      addr: this.#options.address,
      slaveAckOffset: this.#reported,
      diff: masterEnd - this.#reported,
      inSync: this.isInSync(masterEnd),
      transferredByteInSecond: this.#bytesLastSecond,
      transferFromWhere: this.#next,
    };
  }

  /** The log grew. */
  wake(): void {
    if (this.#sending || this.#closed || this.#next < 0 || this.#next >= this.#options.log.maxPhysicalOffset) return;
    this.#sending = true;
    this.#send().then(
      () => {
        this.#sending = false;
        // What came after its last look.
        this.wake();
      },
      (error: unknown) => this.#close(errorText(error)),
    );
  }

  dispose(): void {
    this.#close('this broker stops');
  }

  #heard(chunk: Buffer): void {
    this.#lastReadMs = this.#now();
    const reported = this.#reports.push(chunk);
    if (reported === undefined || this.#closed) return;
    if (this.#next < 0 && !this.#begins(reported)) return;
    this.#reported = reported;
    this.#options.onReport();
    this.wake();
  }

  /**
   * A slave with an empty log gets the newest file from its beginning. One that is not within this log has another
   * master's messages, or the time is over in which it could follow: Apache's master would keep silent, or send it what
   * does not belong there.
   */
  #begins(reported: number): boolean {
    const { log, logger, address } = this.#options;
    const { minPhysicalOffset: start, maxPhysicalOffset: end } = log;
    if (reported !== 0 && (reported < start || reported > end)) {
      logger.error(
        `slave ${address} IS NOT SERVED: its log ends at ${reported}, this one goes from ${start} to ${end}`,
      );
      this.#close('it cannot follow');
      return false;
    }
    this.#next = reported === 0 ? Math.max(start, log.logFileStart(end)) : reported;
    logger.info(`slave ${address} follows from ${this.#next} on; this log ends at ${end}`);
    return true;
  }

  #isOpen(): boolean {
    return !this.#closed;
  }

  async #send(): Promise<void> {
    const { log } = this.#options;
    while (this.#isOpen() && this.#next < log.maxPhysicalOffset) {
      const found = log.readLog(this.#next, WINDOW_BYTES);
      const bytes = Buffer.isBuffer(found) ? found : await found;
      if (bytes.length === 0) throw new Error(`the log begins at ${log.minPhysicalOffset} now`);
      for (let at = 0; at < bytes.length && this.#isOpen();) {
        const sent = this.#transferAll(bytes.subarray(at));
        at += sent;
        if (sent === 0) await new Promise<void>((resolve) => (this.#nextSecond = resolve));
        else if (this.#options.stream.writableNeedDrain) await new Promise<void>((resolve) => (this.#resume = resolve));
      }
    }
  }

  /** With one write, so that the slave wakes up once. @returns how many of the bytes are allowed in this second */
  #transferAll(bytes: Buffer): number {
    const { stream } = this.#options;
    stream.cork();
    let at = 0;
    while (at < bytes.length) {
      const allowed = this.#allowedBytes();
      if (allowed <= 0) break;
      const batch = bytes.subarray(at, at + allowed);
      this.#transfer(batch);
      at += batch.length;
    }
    stream.uncork();
    return at;
  }

  #allowedBytes(): number {
    const { haTransferBatchSize, haFlowControlEnable, maxHaTransferByteInSecond } = this.#options.settings;
    if (!haFlowControlEnable) return haTransferBatchSize;
    return Math.min(haTransferBatchSize, maxHaTransferByteInSecond - this.#bytesThisSecond);
  }

  #transfer(bytes: Buffer): void {
    const { stream } = this.#options;
    stream.write(encodeTransferHeader(this.#next, bytes.length));
    if (bytes.length > 0) stream.write(bytes);
    this.#next += bytes.length;
    this.#bytesThisSecond += bytes.length;
    this.#lastWriteMs = this.#now();
  }

  #goOn(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  #secondBegins(): void {
    this.#nextSecond?.();
    this.#nextSecond = undefined;
  }

  #tick(): void {
    const { settings } = this.#options;
    this.#bytesLastSecond = this.#bytesThisSecond;
    this.#bytesThisSecond = 0;
    this.#secondBegins();
    const nowMs = this.#now();
    if (nowMs - this.#lastReadMs > settings.haHousekeepingInterval) {
      this.#close(`it was silent for ${nowMs - this.#lastReadMs} ms`);
      return;
    }
    const isIdle = this.#next >= 0 && !this.#sending;
    if (isIdle && nowMs - this.#lastWriteMs > settings.haSendHeartbeatInterval) this.#transfer(EMPTY);
  }

  #close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ticking.dispose();
    this.#goOn();
    this.#secondBegins();
    this.#options.stream.destroy();
    this.#options.logger.info(`slave ${this.#options.address} is not followed any more: ${reason}`);
    this.#options.onClose();
  }
}

const EMPTY = Buffer.alloc(0);
