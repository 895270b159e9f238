import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import type { ExplorerNode } from '../../../src/host/explorer/nodes.ts';
import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { waitFor } from '../../support/waitFor.ts';
import { ScriptedPrompts } from './scriptedPrompts.ts';

export const EXTENSION_ID = 'rocketmq-tools.vscode-rocketmq';

export async function activated(): Promise<ExtensionApi> {
  const extension = vscode.extensions.getExtension<ExtensionApi>(EXTENSION_ID);
  assert.ok(extension !== undefined, `${EXTENSION_ID} is not there`);
  return extension.activate();
}

/** What a failed assertion of a script becomes when the command tells of it. */
const UNEXPECTED = 'error: Something unexpected happened';

/** Runs a command whose prompts are answered by a script, to its end. */
export async function runAnswering(
  { prompts }: ExtensionApi,
  script: ScriptedPrompts,
  command: string,
  ...args: unknown[]
): Promise<void> {
  const answering = prompts.answerWith(script);
  try {
    await vscode.commands.executeCommand(command, ...args);
    assert.deepEqual(
      script.shown.filter((text) => text.startsWith(UNEXPECTED)),
      [],
    );
    script.assertDone();
  } finally {
    answering.dispose();
  }
}

/** Runs a command that asks nothing, and fails when it tells of an error. */
export async function run(api: ExtensionApi, command: string, ...args: unknown[]): Promise<void> {
  const script = new ScriptedPrompts();
  await runAnswering(api, script, command, ...args);
  assert.deepEqual(
    script.shown.filter((text) => text.startsWith('error:')),
    [],
  );
}

/** A row as it is drawn: `label | description`. */
export function rowOf({ tree }: ExtensionApi, node: ExplorerNode): string {
  const { label, description } = tree.getTreeItem(node);
  const text = typeof label === 'string' ? label : (label?.label ?? '');
  return typeof description === 'string' ? `${text} | ${description}` : text;
}

/** The children once they are loaded. */
export async function childrenOf({ tree }: ExtensionApi, node?: ExplorerNode): Promise<ExplorerNode[]> {
  return waitFor('the children to be loaded', async () => {
    const children = await tree.getChildren(node);
    return children.some(({ kind }) => kind === 'loading') ? undefined : children;
  });
}

export async function rowsBelow(api: ExtensionApi, node?: ExplorerNode): Promise<string[]> {
  return (await childrenOf(api, node)).map((child) => rowOf(api, child));
}

/** The node at the end of a path of labels. */
export async function nodeAt(api: ExtensionApi, ...labels: string[]): Promise<ExplorerNode> {
  let node: ExplorerNode | undefined;
  for (const label of labels) {
    const children = await childrenOf(api, node);
    node = children.find((child) => rowOf(api, child).split(' | ')[0] === label);
    assert.ok(node !== undefined, `no "${label}" among ${children.map((child) => rowOf(api, child)).join('; ')}`);
  }
  assert.ok(node !== undefined);
  return node;
}

export function configuration(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('rocketmq');
}

export async function setGlobally(values: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    await configuration().update(name, value, vscode.ConfigurationTarget.Global);
  }
}

/** Labels of the open tabs, in all groups. */
export function openTabs(): string[] {
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label));
}

/** The address of the running local broker. */
export function runningInfo({ localBroker }: ExtensionApi) {
  const { state } = localBroker;
  assert.ok(state.kind === 'running', `the local broker is ${state.kind}`);
  return state.info;
}
