import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { MessageStore } from './messageStore.ts';

export interface DiskUse {
  /** From 0 to 1. */
  readonly usedRatio: number;
  readonly freeBytes: number;
}

/** Settings of broker.conf; read at every use. */
export interface RetentionSettings {
  readonly cleanResourceInterval: number;
  readonly fileReservedTime: number;
  readonly fileReservedBytes: number;
  readonly deleteWhen: string;
  readonly deleteFileBatchMax: number;
  readonly diskMaxUsedSpaceRatio: number;
  readonly diskSpaceCleanForciblyRatio: number;
  readonly diskSpaceWarningLevelRatio: number;
  readonly cleanFileForciblyEnable: boolean;
  readonly enoughFreeDiskBytes: number;
}

export interface RetentionOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: MessageStore;
  readonly settings: RetentionSettings;
  /** Throws where the system does not tell. */
  readonly readDisk: () => DiskUse;
}

const FIRST_ROUND_MS = 60_000;
const MANUAL_ROUNDS = 20;
const HOUR_MS = 3_600_000;

/**
 * Removes old files of the log: at the hour of `deleteWhen`, or at any time when the disk fills, those past
 * `fileReservedTime`; regardless of their age when it is nearly full, and then refuses to store. Only whole files go,
 * never the newest. Source: DefaultMessageStore.CleanCommitLogService; broker sheet §16.
 */
export class Retention implements Disposable {
  readonly #options: RetentionOptions;
  #timer: Disposable;
  #manualRounds = 0;
  #running: Promise<void> | undefined;
  #disposed = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#timer = options.clock.nextRound(FIRST_ROUND_MS, () => this.#onTimer());
  }

  /** DELETE_EXPIRED_COMMITLOG 329: this and the next rounds do not wait for the hour. */
  cleanManually(): void {
    this.#manualRounds = MANUAL_ROUNDS;
    void this.round();
  }

  /** Time went from the one moment to the other at once: was there an hour in which files may go? */
  async timeJumped(fromMs: number, toMs: number): Promise<void> {
    const hours = Math.min(24, Math.floor(toMs / HOUR_MS) - Math.floor(fromMs / HOUR_MS));
    for (let ago = 0; ago < hours; ago++) {
      if (isHour(this.#options.settings.deleteWhen, toMs - ago * HOUR_MS)) this.#manualRounds = 1;
    }
    await this.#running;
    await this.round();
  }

  /** One look at files and disk; what is under way already is joined. */
  round(): Promise<void> {
    this.#running ??= this.#clean()
      .catch((error: unknown) => this.#options.logger.error('old files could not be removed', error))
      .finally(() => (this.#running = undefined));
    return this.#running;
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer.dispose();
  }

  #onTimer(): void {
    void this.round();
    const { clock, settings } = this.#options;
    this.#timer = clock.nextRound(settings.cleanResourceInterval, () => this.#onTimer());
  }

  async #clean(): Promise<void> {
    const { clock, logger, settings, store } = this.#options;
    const { space, forcibly } = this.#lookAtDisk();
    const isManual = this.#manualRounds > 0;
    if (isManual) this.#manualRounds -= 1;
    const mayExpire = space || isManual || isHour(settings.deleteWhen, clock.now());
    const isExpired = ({ endedAtMs, logBytes }: { endedAtMs: number; logBytes: number }): boolean => {
      if (this.#disposed) return false;
      if (forcibly && settings.cleanFileForciblyEnable) return true;
      if (settings.fileReservedBytes > 0 && logBytes > settings.fileReservedBytes) return true;
      return mayExpire && clock.now() >= endedAtMs + settings.fileReservedTime * HOUR_MS;
    };
    const removed = await store.removeOldFiles(settings.deleteFileBatchMax, isExpired);
    if (removed > 0) logger.info(`${removed} old files of the log removed; it begins at ${store.minPhysicalOffset}`);
    else if (space) logger.warn('the disk will be full soon, and no file of the log is old enough to be removed');
  }

  /** @returns whether files may go before their hour, and before their time */
  #lookAtDisk(): { readonly space: boolean; readonly forcibly: boolean } {
    const { logger, settings, store } = this.#options;
    const disk = this.#diskUse();
    const isRoomy = settings.enoughFreeDiskBytes > 0 && disk.freeBytes > settings.enoughFreeDiskBytes;
    const used = isRoomy ? 0 : disk.usedRatio;
    const isFull = used > within(settings.diskSpaceWarningLevelRatio, 35, 90);
    if (isFull !== store.isDiskFull) {
      store.isDiskFull = isFull;
      if (isFull) logger.error(`the disk is full (${(used * 100).toFixed(1)} %): no message is stored any more`);
      else logger.info('the disk has room again: messages are stored');
    }
    const forcibly = used > within(settings.diskSpaceCleanForciblyRatio, 30, 85);
    return { space: forcibly || used > settings.diskMaxUsedSpaceRatio / 100, forcibly };
  }

  #diskUse(): DiskUse {
    try {
      return this.#options.readDisk();
    } catch (error) {
      this.#options.logger.debug(`how full the disk is cannot be told: ${errorText(error)}`);
      return EMPTY_DISK;
    }
  }
}

const EMPTY_DISK: DiskUse = { usedRatio: 0, freeBytes: Number.MAX_SAFE_INTEGER };

/** The bounds that Apache sets whatever is configured. */
function within(percent: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, percent)) / 100;
}

/** `deleteWhen` lists hours of the local time: `04` or `02;14`. Source: UtilAll.isItTimeToDo. */
function isHour(hours: string, nowMs: number): boolean {
  const now = new Date(nowMs).getHours();
  return hours.split(';').some((hour) => hour.trim() !== '' && Number(hour) === now);
}
