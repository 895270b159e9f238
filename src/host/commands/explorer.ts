import * as vscode from 'vscode';

import { nodeName } from '../explorer/nodes.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import { SETTINGS_SECTION } from '../settings.ts';
import type { SettingName } from '../settings.ts';

/** `publisher.name#walkthrough` of package.json. */
const WALKTHROUGH = 'rocketmq-tools.vscode-rocketmq#start';
const SHOW_SYSTEM: SettingName = 'explorer.showSystemTopics';

export async function showSystemTopics(shown: boolean): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(SETTINGS_SECTION);
  const inWorkspace = configuration.inspect(SHOW_SYSTEM)?.workspaceValue !== undefined;
  const target = inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await configuration.update(SHOW_SYSTEM, shown, target);
}

export async function copyName(node: ExplorerNode | undefined): Promise<void> {
  const name = node === undefined ? undefined : nodeName(node);
  if (name !== undefined) await vscode.env.clipboard.writeText(name);
}

export async function openWalkthrough(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openWalkthrough', WALKTHROUGH, false);
}
