import type { GroupRetryPolicy } from '../../protocol/bodies/group.ts';
import { DEFAULT_DELAY_LEVELS, parseDelayLevels } from '../../protocol/delayLevel.ts';

/** In ms. */
type GroupBackoff =
  | { readonly next: readonly number[] }
  | { readonly initial: number; readonly max: number; readonly multiplier: number };

/** Source: ExponentialRetryPolicy.java, CustomizedRetryPolicy.java, whose steps are those of the delay levels. */
const EXPONENTIAL = { initial: 5000, max: 7_200_000, multiplier: 2 };
const CUSTOMIZED = { next: parseDelayLevels(DEFAULT_DELAY_LEVELS) };
const MAX_EXPONENT = 32;

/** How long clients let a message wait that failed; a group that nobody made has the defaults. */
export function groupBackoff(policy: GroupRetryPolicy | undefined): GroupBackoff {
  if (policy?.type === 'EXPONENTIAL') return policy.exponentialRetryPolicy ?? EXPONENTIAL;
  return policy?.customizedRetryPolicy ?? CUSTOMIZED;
}

/** What a message waits that came so often before. */
export function nextDelay(policy: GroupRetryPolicy | undefined, reconsumeTimes: number): number {
  const backoff = groupBackoff(policy);
  // As the delay levels, of which the first redelivery has the third.
  if ('next' in backoff) return backoff.next[Math.min(reconsumeTimes + 2, backoff.next.length - 1)] ?? 0;
  const { initial, max, multiplier } = backoff;
  return Math.min(max, initial * multiplier ** Math.min(reconsumeTimes, MAX_EXPONENT));
}
