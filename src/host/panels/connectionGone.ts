import path from 'node:path';

import * as vscode from 'vscode';

import { LOCAL_CONNECTION_ID } from '../connectionList.ts';
import { PageProblem } from './pageRpc.ts';

/** Why a panel whose connection is not there can do nothing, and what brings it back. */
export function connectionGone(): PageProblem {
  return new PageProblem(
    'connection-gone',
    vscode.l10n.t('The connection of this panel is not there. Start the local broker, or add the connection again.'),
  );
}

/** What to call a connection that is not there: its id is the scope and the name, of a local cluster the directory. */
export function rememberedName(connectionId: string): string {
  if (connectionId === LOCAL_CONNECTION_ID) return vscode.l10n.t('Local Broker');
  const name = connectionId.slice(connectionId.indexOf(':') + 1);
  return connectionId.startsWith('cluster:') ? vscode.l10n.t('Local Cluster {0}', path.basename(name)) : name;
}
