import * as vscode from 'vscode';

import type { EndpointProbe } from '../../client/doctor.ts';
import { errorMessage } from '../errorMessages.ts';
import type { PickItem } from '../prompts.ts';

const { t } = vscode.l10n;

/** How one address answered. */
export function resultItem({ address, problem, elapsedMs, release }: EndpointProbe, what: string): PickItem<undefined> {
  if (problem !== undefined) {
    return { label: `$(error) ${address}`, description: what, detail: errorMessage(problem), value: undefined };
  }
  const answered = t('answered in {0} ms', Math.round(elapsedMs));
  const detail = release === undefined ? answered : `${answered}, ${release}`;
  return { label: `$(pass) ${address}`, description: what, detail, value: undefined };
}
