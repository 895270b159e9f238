import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeGroupTable } from '../../protocol/bodies/group.ts';
import { decodeTopicTable } from '../../protocol/bodies/topic.ts';
import { RequestCode, requestCodeName } from '../../protocol/codes.ts';
import type { ConsumerOffsets } from '../state/consumerOffsets.ts';
import type { Groups } from '../state/groups.ts';
import type { RequestModes } from '../state/requestModes.ts';
import type { Topics } from '../state/topics.ts';
import type { DelayLevels } from '../timers/delayLevels.ts';
import type { TimerMessages } from '../timers/timerMessages.ts';
import type { MasterBroker } from './masterBroker.ts';

/** As 4.x has it; since 5.0 a minute. */
const PERIOD_MS = 10_000;
/** That the master was asked for between two periods. */
const MAX_MISSED = 1000;

export interface MetadataParts {
  readonly topics: Topics;
  readonly groups: Groups;
  readonly offsets: ConsumerOffsets;
  readonly requestModes: RequestModes;
  readonly delayLevels: DelayLevels;
  readonly timers: TimerMessages | undefined;
}

export interface MetadataOptions {
  readonly master: MasterBroker;
  /** What belongs to another log stays there. */
  readonly isFollowed: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A table of the master, and who takes it. */
type Step = readonly [RequestCode, (body: Buffer) => void];

/** What a master keeps beside its log, on its slave again and again. Source: SlaveSynchronize.java; broker sheet §13.4. */
export class Metadata implements Disposable {
  readonly #master: MasterBroker;
  readonly #isFollowed: () => boolean;
  /** Topics first. */
  readonly #steps: readonly Step[];
  readonly #logger: Logger;
  readonly #timer: Disposable;
  readonly #failing = new Set<RequestCode>();
  /** Topics that came with messages and were asked for since everything was asked for. */
  readonly #missed = new Set<string>();
  #topicsAgain = false;
  #running: Promise<void> | undefined;
  #disposed = false;

  constructor(parts: MetadataParts, { master, isFollowed, clock, logger }: MetadataOptions) {
    const { topics, groups, offsets, requestModes, delayLevels, timers } = parts;
    this.#master = master;
    this.#isFollowed = isFollowed;
    this.#logger = logger;
    this.#steps = [
      [RequestCode.GET_ALL_TOPIC_CONFIG, (body) => topics.takeOver(decodeTopicTable(body))],
      [RequestCode.GET_ALL_CONSUMER_OFFSET, (body) => offsets.takeOver(body)],
      [RequestCode.GET_ALL_DELAY_OFFSET, (body) => delayLevels.takeOver(body)],
      [RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG, (body) => groups.takeOver(decodeGroupTable(body))],
      [RequestCode.GET_ALL_MESSAGE_REQUEST_MODE, (body) => requestModes.takeOver(body)],
      ...(timers === undefined ? [] : timerSteps(timers)),
    ];
    this.#timer = clock.every(PERIOD_MS, () => this.sync());
  }

  /** Asks for everything now. */
  sync(): void {
    if (this.#disposed || this.#running !== undefined || !this.#isFollowed()) return;
    this.#missed.clear();
    this.#run(this.#steps);
  }

  /**
   * A message came of a topic that is not known here. Its master may be gone before everything is asked for again, and
   * nobody could read the message here then; Apache's slaves wait for their minute.
   */
  miss(topic: string): void {
    if (this.#disposed || this.#missed.has(topic) || this.#missed.size >= MAX_MISSED) return;
    this.#missed.add(topic);
    if (this.#running !== undefined) this.#topicsAgain = true;
    else if (this.#isFollowed()) this.#run(this.#steps.slice(0, 1));
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer.dispose();
  }

  #run(steps: readonly Step[]): void {
    this.#running = this.#ask(steps).finally(() => {
      this.#running = undefined;
      if (!this.#topicsAgain) return;
      this.#topicsAgain = false;
      if (!this.#disposed && this.#isFollowed()) this.#run(this.#steps.slice(0, 1));
    });
  }

  /** A table that cannot be had keeps none of the others back: masters of old releases do not know all. */
  async #ask(steps: readonly Step[]): Promise<void> {
    for (const [code, take] of steps) {
      if (this.#isDisposed()) return;
      try {
        const { body } = await this.#master.tell({ code });
        if (!this.#isDisposed()) take(body);
        this.#failing.delete(code);
      } catch (error) {
        const problem = `${requestCodeName(code)} of the master: ${errorText(error)}`;
        if (this.#failing.has(code)) this.#logger.debug(problem);
        else this.#logger.warn(problem);
        this.#failing.add(code);
      }
    }
  }

  #isDisposed(): boolean {
    return this.#disposed;
  }
}

function timerSteps(timers: TimerMessages): Step[] {
  return [
    [RequestCode.GET_TIMER_METRICS, (body) => timers.followMetrics(body)],
    [RequestCode.GET_TIMER_CHECK_POINT, (body) => timers.followCheckpoint(body)],
  ];
}
