import { listAt, numberAt, objectAt, textAt } from '../../protocol/bodies/read.ts';
import type { FastjsonObject } from '../../protocol/fastjson.ts';

/** What became of the last pop of a queue that a group pops in order. Source: ConsumerOrderInfoManager.java. */
export interface PopState {
  popTime: number;
  invisibleTime: number;
  attemptId: string | undefined;
  offsets: readonly number[];
  /** By place in `offsets`. */
  readonly acked: Set<number>;
  readonly visibleAt: Map<number, number>;
  /** Offsets that the client put off without a try, or never saw. Not kept over a restart. */
  readonly suspended: Set<number>;
  /** How often a message was given out before. */
  readonly counts: ReadonlyMap<number, number>;
  lastMs: number;
}

/** Messages of a queue that were given out together. */
export interface OrderedPop {
  readonly topic: string;
  readonly group: string;
  readonly queueId: number;
  /** A client that repeats it gets the same messages again. */
  readonly attemptId: string | undefined;
  readonly popTime: number;
  readonly invisibleTime: number;
  readonly offsets: readonly number[];
}

/** When others may pop the queue; 0 with everything acknowledged. */
export function freeAt({ offsets, acked, visibleAt, popTime, invisibleTime }: PopState): number {
  let latest = 0;
  for (const [place, offset] of offsets.entries()) {
    if (!acked.has(place)) latest = Math.max(latest, visibleAt.get(offset) ?? popTime + invisibleTime);
  }
  return latest;
}

/** Messages that the pop before gave out as well came once more, unless the client repeats its attempt. */
export function countsAfter(before: PopState, { attemptId, offsets }: OrderedPop): ReadonlyMap<number, number> {
  if (before.attemptId !== undefined && before.attemptId === attemptId) return before.counts;
  const given = new Set(before.offsets);
  const again = offsets.filter((offset) => given.has(offset));
  const tries = (offset: number): number => (before.suspended.has(offset) ? 0 : 1);
  return new Map(again.map((offset) => [offset, (before.counts.get(offset) ?? 0) + tries(offset)]));
}

/** Short names as in QueueLevelConsumerManager.OrderInfo; offsets after the first are distances from it. */
export function popStateJson(state: PopState): object {
  const [first = 0, ...more] = state.offsets;
  return {
    a: state.attemptId,
    cm: [...state.acked].reduce((bits, place) => bits + 2 ** place, 0),
    i: state.invisibleTime,
    l: state.lastMs,
    o: [first, ...more.map((offset) => offset - first)],
    oc: state.counts.size === 0 ? undefined : state.counts,
    ot: state.visibleAt.size === 0 ? undefined : state.visibleAt,
    popTime: state.popTime,
  };
}

export function readPopState(json: FastjsonObject): PopState {
  const [first = 0, ...more] = listAt(json, 'o').map(Number);
  const offsets = [first, ...more.map((distance) => first + distance)];
  const bits = numberAt(json, 'cm');
  return {
    popTime: numberAt(json, 'popTime'),
    invisibleTime: numberAt(json, 'i'),
    attemptId: json['a'] === undefined ? undefined : textAt(json, 'a'),
    offsets,
    acked: new Set([...offsets.keys()].filter((place) => Math.floor(bits / 2 ** place) % 2 === 1)),
    visibleAt: numbersAt(json, 'ot'),
    suspended: new Set(),
    counts: numbersAt(json, 'oc'),
    lastMs: numberAt(json, 'l'),
  };
}

function numbersAt(json: FastjsonObject, name: string): Map<number, number> {
  const object = objectAt(json, name);
  return new Map(Object.keys(object).map((key) => [Number(key), numberAt(object, key)]));
}
