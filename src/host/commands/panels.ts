import * as vscode from 'vscode';

import { groupNameProblem } from '../../protocol/topicName.ts';
import type { ConnectionInfo } from '../connectionList.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import { topicOf } from '../snippetContext.ts';
import type { SendPanels } from '../panels/sendPanel.ts';
import type { TailPanels } from '../panels/tailPanel.ts';
import { chooseConnection, chooseTopic } from './choose.ts';
import type { ChooseContext } from './choose.ts';

export interface PanelCommandContext extends ChooseContext {
  readonly sendPanels: SendPanels;
  readonly tailPanels: TailPanels;
}

/** The form asks for the topic itself, so none is asked for here. */
export async function openSendPanel(context: PanelCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const connection = await chooseConnection(context, node, vscode.l10n.t('Send Message'));
  if (connection === undefined) return;
  context.sendPanels.open(connection.id, node === undefined ? undefined : topicOf(node));
}

export async function openTailPanel(context: PanelCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const title = vscode.l10n.t('Tail Messages');
  const connection = await chooseConnection(context, node, title);
  if (connection === undefined) return;
  const topic = await chooseTopic(context, connection, node, title, () => true);
  if (topic !== undefined) await openTail(context, connection, topic);
}

/** A gRPC endpoint gives messages to members of a group alone: which one is asked, and what that means is said. */
export async function openTail(
  { prompts, tailPanels }: Pick<PanelCommandContext, 'prompts' | 'tailPanels'>,
  { id: connectionId, endpoint }: ConnectionInfo,
  topic: string,
): Promise<void> {
  if (endpoint === undefined) {
    tailPanels.open({ connectionId, topic });
    return;
  }
  const { t } = vscode.l10n;
  const answer = await prompts.input({
    title: t('Tail {0} as a Consumer Group', topic),
    prompt: t('Name of the consumer group to receive as'),
    placeholder: 'my-tail-group',
    validate: groupProblem,
  });
  if (answer === undefined) return;
  const group = answer.trim();
  const isSure = await prompts.confirm(
    t('Receive messages of {0} as the group {1}?', topic, group),
    t(
      'A gRPC endpoint has no other way to read. What is shown here is acknowledged: other members of the group do not get it, and its progress moves on. A group that does not exist may be created. Use a group that no application uses.',
    ),
    t('Receive as This Group'),
  );
  if (isSure) tailPanels.open({ connectionId, topic, group });
}

function groupProblem(text: string): string | undefined {
  switch (groupNameProblem(text.trim())) {
    case 'blank':
      return vscode.l10n.t('The name is empty.');
    case 'too-long':
      return vscode.l10n.t('The name of a group has at most 120 characters.');
    case 'illegal-characters':
      return vscode.l10n.t('Only letters, digits and the characters _ - % | are allowed.');
    case undefined:
      return undefined;
  }
}
