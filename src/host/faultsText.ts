import * as vscode from 'vscode';

/** How many faults the local broker has. */
export function faultsText(count: number): string {
  return count === 1 ? vscode.l10n.t('1 fault') : vscode.l10n.t('{0} faults', count);
}
