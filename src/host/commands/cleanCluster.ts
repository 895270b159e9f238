import path from 'node:path';

import * as vscode from 'vscode';

import { clusterDirectories, removeCluster } from '../cluster/clusterFiles.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import type { LocalClusterCommandContext } from './localCluster.ts';

const { t } = vscode.l10n;

/** Stops a cluster if it runs, and deletes its configuration files, logs and messages. @throws CodedError `cluster-running` */
export async function cleanLocalCluster(
  context: LocalClusterCommandContext,
  node: ExplorerNode | undefined,
): Promise<void> {
  const { localClusters, prompts } = context;
  const directory = node?.connection?.directory ?? (await chooseDirectory(context));
  if (directory === undefined) return;
  const sure = await prompts.confirm(
    t('Delete the cluster in {0} with all its messages, topics and offsets?', path.basename(directory)),
    t('The directory {0} is deleted; a cluster that runs there is stopped before. This cannot be undone.', directory),
    t('Delete'),
  );
  if (!sure) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: t('Deleting the cluster in {0}', directory) },
    async () => {
      await localClusters.stop(directory);
      await removeCluster(directory);
    },
  );
}

async function chooseDirectory({
  localClusters,
  clusterDirectory,
  apacheDirectory,
  prompts,
}: LocalClusterCommandContext): Promise<string | undefined> {
  const running = localClusters.list.map(({ directory }) => directory);
  const others = (await clusterDirectories([clusterDirectory, apacheDirectory])).filter(
    (directory) => !running.includes(directory),
  );
  const items = [
    ...running.map((value) => ({ label: path.basename(value), description: t('running'), detail: value, value })),
    ...others.map((value) => ({ label: path.basename(value), detail: value, value })),
  ];
  if (items.length > 0) {
    return prompts.pick({ title: t('Delete a local cluster'), placeholder: t('Choose a cluster'), items });
  }
  await prompts.tell('info', t('There is no local cluster.'));
  return undefined;
}
