import * as vscode from 'vscode';

import { CodedError, errorText } from '../../base/errors.ts';
import type { ControlAccess } from '../../broker/control.ts';
import type { LocalBroker } from '../localBroker.ts';
import type { Prompts } from '../prompts.ts';

interface LocalControlContext {
  readonly localBroker: LocalBroker;
  readonly prompts: Prompts;
}

const TIMEOUT_MS = 5_000;
const { t } = vscode.l10n;

/** For `rocketmq-local control` and for tests, which find the broker by these variables. @throws CodedError `broker-uncontrolled` */
export async function copyControl({ localBroker, prompts }: LocalControlContext): Promise<void> {
  const { url, token } = accessTo(localBroker);
  await vscode.env.clipboard.writeText(`ROCKETMQ_LOCAL_CONTROL_URL=${url} ROCKETMQ_LOCAL_CONTROL_TOKEN=${token}`);
  await prompts.tell('info', t('Copied. Put it in front of a command: rocketmq-local control faults'));
}

/** @throws CodedError `broker-uncontrolled`, `broker-control-failed` */
export async function clearFaults({ localBroker }: LocalControlContext): Promise<void> {
  const { url, token } = accessTo(localBroker);
  let reason: string | undefined;
  try {
    const answer = await fetch(`${url}/faults`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) reason = `HTTP ${answer.status}`;
  } catch (error) {
    reason = errorText(error);
  }
  if (reason !== undefined) throw new CodedError('broker-control-failed', { reason });
}

function accessTo({ state }: LocalBroker): ControlAccess {
  const access = state.kind === 'running' ? state.info.control : null;
  if (access === null) throw new CodedError('broker-uncontrolled');
  return access;
}
