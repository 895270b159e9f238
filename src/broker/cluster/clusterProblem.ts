import { CodedError } from '../../base/errors.ts';
import type { ErrorCode, ErrorDetails } from '../../base/errors.ts';

interface ProblemOptions extends ErrorOptions {
  /** `usage` unless a parent process has words of its own for it. */
  readonly code?: ErrorCode;
  /** What those words need. */
  readonly details?: ErrorDetails;
}

/** What is wrong, and what to do about it: two pieces of one sentence, without a full stop. */
export function clusterProblem(
  reason: string,
  next: string,
  { code = 'usage', details = {}, ...options }: ProblemOptions = {},
): CodedError {
  return new CodedError(code, { ...details, reason, next }, options);
}
