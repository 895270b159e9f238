import { CodedError } from '../../base/errors.ts';

/** What is wrong, and what to do about it: two pieces of one sentence, without a full stop. */
export function clusterProblem(reason: string, next: string, options?: ErrorOptions): CodedError {
  return new CodedError('usage', { reason, next }, options);
}
