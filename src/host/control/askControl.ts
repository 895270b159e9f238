import { CodedError, errorText } from '../../base/errors.ts';
import type { ControlAccess } from '../../broker/control.ts';

export interface ControlQuestion {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;

/**
 * Asks the control interface of the local broker; what it answers is the broker's own JSON.
 * @throws CodedError `broker-control-refused`, `broker-control-failed` when it does not answer
 */
export async function askControl(
  { url, token }: ControlAccess,
  { method, path, body, timeoutMs = TIMEOUT_MS }: ControlQuestion,
): Promise<unknown> {
  let status: number;
  let text: string;
  try {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = answer.status;
    text = await answer.text();
  } catch (error) {
    throw new CodedError('broker-control-failed', { reason: reasonOf(error), timeoutMs }, { cause: error });
  }
  if (status !== 200) throw new CodedError('broker-control-refused', { status, message: text.slice(0, 500) });
  return JSON.parse(text) as unknown;
}

/** `fetch` says of itself only that it failed, and why in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return errorText(error);
  return error.name === 'TimeoutError' ? 'timeout' : errorText(error.cause ?? error);
}
