import * as vscode from 'vscode';

import { PageProblem } from './pageRpc.ts';

/** Why a panel whose connection is not there can do nothing, and what brings it back. */
export function connectionGone(): PageProblem {
  return new PageProblem(
    'connection-gone',
    vscode.l10n.t('The connection of this panel is not there. Start the local broker, or add the connection again.'),
  );
}
