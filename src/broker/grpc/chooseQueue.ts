import { javaHash } from '../../protocol/filter/tag.ts';

/** A message group always goes to the same queue, whatever language and process it comes from. */
export function queueOfGroup(messageGroup: string, queues: number): number {
  return consistentHash(javaHash(messageGroup), queues);
}

/**
 * Guava's Hashing.consistentHash, by which Apache's proxy chooses: Lamping and Veach, "A Fast, Minimal Memory,
 * Consistent Hash Algorithm", over the generator that its paper names.
 */
function consistentHash(input: number, buckets: number): number {
  let state = BigInt(input);
  for (let candidate = 0; ;) {
    state = BigInt.asUintN(64, 2862933555777941757n * state + 1n);
    const next = Math.trunc((candidate + 1) / ((Number(state >> 33n) + 1) / 2 ** 31));
    if (next >= buckets) return candidate;
    candidate = next;
  }
}
