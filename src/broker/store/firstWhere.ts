/** First offset in [low, high) that meets a condition which holds from some offset on; `high` if none. */
export function firstWhere(low: number, high: number, holds: (offset: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** The same, where looking takes time. */
export async function firstWhereLater(
  low: number,
  high: number,
  holds: (offset: number) => Promise<boolean>,
): Promise<number> {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (await holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
