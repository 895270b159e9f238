/** How long writes took: the whole minute before, by classes, and the longest ever. Source: StoreStatsService.java. */
export class PutTimes {
  maxMs = 0;
  #distribution = emptyDistribution();
  #lastDistribution: readonly number[] | undefined;
  #buckets = emptyBuckets();
  #lastBuckets: readonly number[] = [];

  add(tookMs: number): void {
    if (tookMs > this.maxMs) this.maxMs = tookMs;
    increment(this.#distribution, tookMs <= 0 ? 0 : indexOf(CLASS_LIMITS, tookMs) + 1);
    increment(this.#buckets, tookMs <= 1 ? 0 : indexOf(BUCKET_LIMITS, tookMs - 1));
  }

  /** Once a minute. */
  turn(): void {
    this.#lastDistribution = this.#distribution;
    this.#distribution = emptyDistribution();
    this.#lastBuckets = this.#buckets;
    this.#buckets = emptyBuckets();
  }

  /** Of the minute before; Java says `null` until there was one. */
  distributionText(): string {
    if (this.#lastDistribution === undefined) return 'null';
    return this.#lastDistribution.map((count, index) => `${CLASS_NAMES[index] ?? ''}:${count} `).join('');
  }

  /** The time in ms that this part of the writes of the minute before took at most. */
  percentile(part: number): number {
    const total = this.#lastBuckets.reduce((sum, count) => sum + count, 0);
    const wanted = Math.floor(total * part);
    let passed = 0;
    for (const [index, count] of this.#lastBuckets.entries()) {
      if (wanted <= passed + count) {
        const below = BUCKET_LIMITS[index - 1] ?? 0;
        const width = (BUCKET_LIMITS[index] ?? below) - below;
        return count === 0 ? below : below + (width * (wanted - passed)) / count;
      }
      passed += count;
    }
    return 0;
  }
}

/** Upper ends, not within; the first class is for 0. */
const CLASS_LIMITS = [10, 50, 100, 200, 500, 1000, 2000, 3000, 4000, 5000, 10_000];
const CLASS_NAMES = [
  '[<=0ms]',
  '[0~10ms]',
  '[10~50ms]',
  '[50~100ms]',
  '[100~200ms]',
  '[200~500ms]',
  '[500ms~1s]',
  '[1~2s]',
  '[2~3s]',
  '[3~4s]',
  '[4~5s]',
  '[5~10s]',
  '[10s~]',
];

/** Upper ends, within: width and number of the buckets. */
const BUCKET_LIMITS = (
  [
    [1, 20],
    [2, 15],
    [5, 10],
    [10, 10],
    [50, 6],
    [100, 5],
    [1000, 9],
  ] as const
).reduce<number[]>((limits, [width, count]) => {
  for (let n = 0; n < count; n += 1) limits.push((limits.at(-1) ?? 0) + width);
  return limits;
}, []);

function emptyDistribution(): number[] {
  return new Array<number>(CLASS_NAMES.length).fill(0);
}

function emptyBuckets(): number[] {
  return new Array<number>(BUCKET_LIMITS.length + 1).fill(0);
}

/** Of the first limit that is greater; past the end where none is. */
function indexOf(limits: readonly number[], value: number): number {
  const index = limits.findIndex((limit) => value < limit);
  return index < 0 ? limits.length : index;
}

function increment(counts: number[], index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}
