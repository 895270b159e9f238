import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { popKey, reviveTimeOf } from '../../protocol/popRecord.ts';
import type { PopAck, PopCheckPoint } from '../../protocol/popRecord.ts';
import type { BrokerConfig } from '../config.ts';
import type { ConsumerOffsets } from '../state/consumerOffsets.ts';
import type { ReviveLog } from './reviveLog.ts';
import { UnkeptPops } from './unkeptPops.ts';

/** Between the last moment for an acknowledgement to come into memory and that for the check point to leave it. */
const MARGIN_MS = 1500;
const SCAN_MS = 500;

export interface CheckPointsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly offsets: ConsumerOffsets;
  readonly log: ReviveLog;
  readonly config: Pick<
    BrokerConfig,
    | 'enablePopBufferMerge'
    | 'popCkStayBufferTime'
    | 'popCkStayBufferTimeOut'
    | 'popCkMaxBufferSize'
    | 'popCkOffsetMaxQueueSize'
    | 'brokerRole'
    | 'enableSlaveActingMaster'
  >;
}

interface Step {
  readonly topic: string;
  readonly group: string;
  readonly queueId: number;
  /** Where the group goes on once this step is safe. */
  readonly nextOffset: number;
  /** What is still in memory only; undefined for a step that a restart may forget. */
  pop: BufferedPop | undefined;
}

interface BufferedPop {
  readonly point: PopCheckPoint;
  readonly reviveQueueId: number;
  readonly acked: Set<number>;
}

/**
 * How far each group popped, and what is popped. A group's offset moves past messages only when they are in the
 * revive log or all acknowledged, so no crash loses them. With `enablePopBufferMerge` check points stay in memory for
 * some seconds, and those whose messages are acknowledged meanwhile are never written.
 * Source: PopBufferMergeService.java.
 */
export class CheckPoints {
  readonly #options: CheckPointsOptions;
  /** By queue, in order of their pops. */
  readonly #steps = new Map<string, Step[]>();
  readonly #buffer = new Map<string, Step>();
  readonly #unkept: UnkeptPops;
  #scan: Disposable | undefined;

  constructor(options: CheckPointsOptions) {
    this.#options = options;
    this.#unkept = new UnkeptPops(options.clock, () => options.config.enableSlaveActingMaster);
  }

  /** Check points that are in memory only. */
  get buffered(): number {
    return this.#buffer.size;
  }

  /** At a slave they are given out all the same. @throws CodedError of the store, when they may not be given out */
  add(point: PopCheckPoint, reviveQueueId: number, nextOffset: number): void {
    const { topic, group, queueId } = point;
    if (this.#isSlave) {
      this.#unkept.note(keyOf(topic, group, queueId), nextOffset);
      return;
    }
    const step: Step = { topic, group, queueId, nextOffset, pop: undefined };
    if (this.#mayBuffer(point)) {
      step.pop = { point, reviveQueueId, acked: new Set() };
      this.#buffer.set(popKey(point), step);
      this.#scan ??= this.#options.clock.every(SCAN_MS, () => this.#flush(false));
    } else {
      this.#options.log.writeCheckPoint(point, reviveQueueId);
    }
    this.#take(step);
  }

  /** The group goes on without the messages before this offset: its filter does not want them. */
  skip(topic: string, group: string, queueId: number, nextOffset: number): void {
    if (this.#isSlave) this.#unkept.note(keyOf(topic, group, queueId), nextOffset);
    else this.#take({ topic, group, queueId, nextOffset, pop: undefined });
  }

  /** Where the next pop begins when that is not committed yet. */
  latest(topic: string, group: string, queueId: number): number | undefined {
    const key = keyOf(topic, group, queueId);
    return this.#steps.get(key)?.at(-1)?.nextOffset ?? this.#unkept.latest(key);
  }

  /** @returns false when the acknowledgement has to be written */
  acknowledge(ack: PopAck): boolean {
    const step = this.#buffer.get(popKey(ack));
    if (step?.pop === undefined) return false;
    const { point, acked } = step.pop;
    const { clock, config } = this.#options;
    const now = clock.now();
    if (reviveTimeOf(point) - now < config.popCkStayBufferTimeOut + MARGIN_MS) return false;
    if (now - point.popTime > config.popCkStayBufferTime - MARGIN_MS) return false;
    for (const offset of ack.offsets) if (point.offsets.includes(offset)) acked.add(offset);
    if (acked.size === point.offsets.length) {
      this.#done(step, point);
      this.#commit(step);
      this.#restIfEmpty();
    }
    return true;
  }

  /** After an operator set the group's offset: what was popped before it no longer moves it. */
  clear(topic: string, group: string, queueId: number): void {
    this.#steps.delete(keyOf(topic, group, queueId));
    this.#unkept.forget(keyOf(topic, group, queueId));
  }

  /** The topic was deleted: one of its name begins anew. */
  forget(topic: string): void {
    for (const [key, [step]] of this.#steps) if (step?.topic === topic) this.#steps.delete(key);
    for (const [key, step] of this.#buffer) if (step.topic === topic) this.#buffer.delete(key);
    this.#restIfEmpty();
  }

  /** Leaves nothing in memory; what cannot be written is popped again after a start. */
  stop(): void {
    this.#flush(true);
    this.#scan?.dispose();
    this.#unkept.dispose();
  }

  get #isSlave(): boolean {
    return this.#options.config.brokerRole === 'SLAVE';
  }

  #mayBuffer(point: PopCheckPoint): boolean {
    const { clock, config } = this.#options;
    if (!config.enablePopBufferMerge) return false;
    const steps = this.#steps.get(keyOf(point.topic, point.group, point.queueId));
    return (
      reviveTimeOf(point) - clock.now() >= config.popCkStayBufferTimeOut + MARGIN_MS &&
      this.#buffer.size <= config.popCkMaxBufferSize &&
      (steps?.length ?? 0) < config.popCkOffsetMaxQueueSize &&
      !this.#buffer.has(popKey(point))
    );
  }

  #take(step: Step): void {
    const key = keyOf(step.topic, step.group, step.queueId);
    const steps = this.#steps.get(key);
    if (steps !== undefined) steps.push(step);
    else if (step.pop !== undefined) this.#steps.set(key, [step]);
    else this.#options.offsets.commit(step.group, step.topic, step.queueId, step.nextOffset);
  }

  #flush(all: boolean): void {
    const { clock, config, log, logger } = this.#options;
    const now = clock.now();
    for (const step of [...this.#buffer.values()]) {
      if (step.pop === undefined) continue;
      const { point, reviveQueueId, acked } = step.pop;
      const isShort = reviveTimeOf(point) - now < config.popCkStayBufferTimeOut;
      if (!all && !isShort && now - point.popTime <= config.popCkStayBufferTime) continue;
      try {
        log.writeCheckPoint(point, reviveQueueId);
        if (acked.size > 0) {
          const offsets = point.offsets.filter((offset) => acked.has(offset));
          log.writeAck({ ...point, offsets }, reviveQueueId, reviveTimeOf(point));
        }
      } catch (error) {
        logger.error(`the check point of a pop of ${point.topic} cannot be written: ${errorText(error)}`);
        break;
      }
      this.#done(step, point);
      this.#commit(step);
    }
    this.#restIfEmpty();
  }

  #done(step: Step, point: PopCheckPoint): void {
    step.pop = undefined;
    this.#buffer.delete(popKey(point));
  }

  /** Moves the group's offset past the steps that are safe, in their order. */
  #commit({ topic, group, queueId }: Step): void {
    const key = keyOf(topic, group, queueId);
    const steps = this.#steps.get(key);
    if (steps === undefined) return;
    let safe = 0;
    while (safe < steps.length && steps[safe]?.pop === undefined) safe += 1;
    const last = steps[safe - 1];
    if (last === undefined) return;
    this.#options.offsets.commit(group, topic, queueId, last.nextOffset);
    if (safe === steps.length) this.#steps.delete(key);
    else steps.splice(0, safe);
  }

  #restIfEmpty(): void {
    if (this.#buffer.size > 0) return;
    this.#scan?.dispose();
    this.#scan = undefined;
  }
}

function keyOf(topic: string, group: string, queueId: number): string {
  return `${topic}@${group}@${queueId}`;
}
