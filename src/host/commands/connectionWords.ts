import * as vscode from 'vscode';

import type { EndpointProbe } from '../../client/doctor.ts';
import { connectionId } from '../connectionList.ts';
import type { ConnectionInfo, ConnectionScope } from '../connectionList.ts';
import type { Connections } from '../connections.ts';
import { errorMessage } from '../errorMessages.ts';
import type { PickItem } from '../prompts.ts';

const { t } = vscode.l10n;

/** Where a connection may be kept. */
export function scopeItems(): readonly PickItem<ConnectionScope>[] {
  return [
    { label: t('User'), description: t('in every window'), value: 'user' },
    { label: t('Workspace'), description: t('with this workspace, for everyone who shares it'), value: 'workspace' },
  ];
}

/** How one address answered. */
export function resultItem({ address, problem, elapsedMs, release }: EndpointProbe, what: string): PickItem<undefined> {
  if (problem !== undefined) {
    return { label: `$(error) ${address}`, description: what, detail: errorMessage(problem), value: undefined };
  }
  const answered = t('answered in {0} ms', Math.round(elapsedMs));
  const detail = release === undefined ? answered : `${answered}, ${release}`;
  return { label: `$(pass) ${address}`, description: what, detail, value: undefined };
}

/** Why a connection cannot have this name, or undefined when it can. */
export function connectionNameProblem(
  connections: Pick<Connections, 'get'>,
  scope: ConnectionScope,
  text: string,
  old: ConnectionInfo | undefined,
): string | undefined {
  const name = text.trim();
  if (name === '') return t('The name is empty.');
  const id = connectionId(scope, name);
  return id !== old?.id && connections.get(id) !== undefined
    ? t('There is a connection {0} already.', name)
    : undefined;
}
