import * as vscode from 'vscode';

import type { ExplorerNode } from '../explorer/nodes.ts';
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
  context.sendPanels.open(connection.id, node?.kind === 'topic' ? node.topic.topic : undefined);
}

export async function openTailPanel(context: PanelCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const title = vscode.l10n.t('Tail Messages');
  const connection = await chooseConnection(context, node, title);
  if (connection === undefined) return;
  const topic = await chooseTopic(context, connection, node, title, () => true);
  if (topic !== undefined) context.tailPanels.open(connection.id, topic);
}
