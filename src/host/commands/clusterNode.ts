import * as vscode from 'vscode';

import type { ClusterNodeStatus, NodeAction } from '../../broker/control.ts';
import type { LocalClusters } from '../cluster/localClusters.ts';
import { nodeActions } from '../cluster/nodeActions.ts';
import { BESIDE } from '../explorer/looks.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import { roleText, stateText } from '../explorer/processLooks.ts';
import { logUri } from '../logDocuments.ts';
import type { LogDocuments } from '../logDocuments.ts';
import type { Prompts } from '../prompts.ts';

export interface ClusterNodeCommandContext {
  readonly localClusters: LocalClusters;
  readonly logDocuments: LogDocuments;
  readonly prompts: Prompts;
}

const { t } = vscode.l10n;

interface NodeOfCluster {
  readonly directory: string;
  readonly status: ClusterNodeStatus;
}

/** @throws CodedError `cluster-refused`, `cluster-ended` */
export async function actOnNode(
  context: ClusterNodeCommandContext,
  action: NodeAction,
  node: ExplorerNode | undefined,
): Promise<void> {
  const chosen = await chooseNode(context, node, ({ state }) => nodeActions[action].includes(state));
  if (chosen === undefined) return;
  const { directory, status } = chosen;
  await context.localClusters.act(directory, action, status.name);
  if (action !== 'kill') return;
  await context.prompts.tell(
    'info',
    t(
      '{0} (process {1}) was killed, as kill -9 does: it could not take leave. Start brings it back with what it had written.',
      status.name,
      status.pid ?? '?',
    ),
  );
}

export async function showNodeLog(context: ClusterNodeCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const chosen = await chooseNode(context, node, () => true);
  if (chosen === undefined) return;
  const { log, name } = chosen.status;
  await context.logDocuments.show(logUri(log, `${name}.log`));
}

/** What is changed there holds from the node's next start. */
export async function openNodeConf(context: ClusterNodeCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const chosen = await chooseNode(context, node, () => true);
  if (chosen !== undefined) await vscode.window.showTextDocument(vscode.Uri.file(chosen.status.conf));
}

/** The node of the tree, or one that a person picks of those with which it can be done. */
async function chooseNode(
  { localClusters, prompts }: ClusterNodeCommandContext,
  node: ExplorerNode | undefined,
  mayBe: (status: ClusterNodeStatus) => boolean,
): Promise<NodeOfCluster | undefined> {
  if (node?.kind === 'process') return { directory: node.parent.directory, status: node.status };
  const items = localClusters.list.flatMap(({ directory, mode, status: { nodes } }) =>
    nodes.filter(mayBe).map((status) => ({
      label: status.name,
      description: [mode, roleText(status.role), stateText(status.state)].join(BESIDE),
      detail: directory,
      value: { directory, status },
    })),
  );
  if (items.length > 0) return prompts.pick({ title: t('Nodes'), placeholder: t('Choose a node'), items });
  await prompts.tell('info', t('No node of a local cluster can do that now.'));
  return undefined;
}
