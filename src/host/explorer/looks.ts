import * as vscode from 'vscode';

import type { CommandId } from '../commandIds.ts';

/** What is shown of a node. */
export interface Looks {
  readonly label: string;
  readonly icon: vscode.ThemeIcon;
  readonly contextValue: string;
  readonly expands: vscode.TreeItemCollapsibleState;
  readonly description?: string;
  /** Lines of the tooltip below the label: a name, or a name and its value. */
  readonly facts?: readonly (readonly [name: string, value?: string])[];
  readonly command?: {
    readonly id: CommandId | OpenSettingsCommand;
    readonly title: string;
    /** The node itself where none is given. */
    readonly argument?: unknown;
  };
}

/** VS Code's own. */
type OpenSettingsCommand = 'workbench.action.openSettingsJson' | 'workbench.action.openWorkspaceSettingsFile';

/** Stands between the parts of a description. */
export const BESIDE = ' · ';

export function icon(name: string, color?: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(name, color === undefined ? undefined : new vscode.ThemeColor(color));
}

export function tooltip({ label, facts = [] }: Looks): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendMarkdown('**').appendText(label).appendMarkdown('**\n\n');
  for (const [name, value] of facts) {
    text.appendText(value === undefined ? name : `${name}: ${value}`).appendMarkdown('  \n');
  }
  return text;
}

/** What a screen reader says: the label, what stands beside it, and what the tooltip adds to both. */
export function spoken({ label, description = '', facts = [] }: Looks): string {
  const beside = description.split(BESIDE);
  const added = facts.filter(([name, value]) => !beside.includes(value ?? name));
  const told = added.map(([name, value]) => (value === undefined ? name : `${name} ${value}`));
  const parts = [label, ...beside, ...told].filter((part) => part !== '');
  return parts.map((part) => part.replace(/[.。]$/, '')).join(', ');
}
