import path from 'node:path';

import * as vscode from 'vscode';

import type { ClusterMode, ClusterStatus } from '../../broker/control.ts';
import { isCodedError } from '../../base/errors.ts';
import type { ErrorCode } from '../../base/errors.ts';
import type { LocalCluster } from '../cluster/localCluster.ts';
import type { LocalClusters, StartWish } from '../cluster/localClusters.ts';
import { clusterLog, tellWithLog } from '../cluster/clusterLog.ts';
import type { ClusterLogContext } from '../cluster/clusterLog.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import { stateText } from '../explorer/processLooks.ts';
import type { PickItem, Prompts } from '../prompts.ts';
import { askInTurn, pickQuestion, textQuestion } from '../wizard.ts';
import type { Question } from '../wizard.ts';

export interface LocalClusterCommandContext extends ClusterLogContext {
  readonly localClusters: LocalClusters;
  readonly prompts: Prompts;
  /** What directories are below when nobody chooses another; of Apache's servers others. */
  readonly clusterDirectory: string;
  readonly apacheDirectory: string;
}

const { t } = vscode.l10n;

/** What these tell can be understood with the log of the cluster. */
const CODES_WITH_LOG: ReadonlySet<ErrorCode> = new Set([
  'cluster-start-timeout',
  'cluster-not-started',
  'cluster-ended',
] as const);

/** Asks for a mode and a directory, and starts. @throws CodedError see `startClusterProcess` */
export async function startLocalCluster(context: LocalClusterCommandContext): Promise<void> {
  const { prompts } = context;
  const title = t('Start Local Cluster');
  let mode: ClusterMode = 'single';
  let directory = '';
  const questions = [
    pickQuestion(
      prompts,
      () => ({ title, placeholder: t('How many masters and slaves, and how they copy'), items: modeItems() }),
      (choice) => (mode = choice),
    ),
    directoryQuestion(
      context,
      title,
      () => path.join(context.clusterDirectory, mode),
      (chosen) => (directory = chosen),
    ),
  ];
  if (await askInTurn(questions)) await startInDirectory(context, { mode, directory });
}

/** Asks for a directory: the first, or another beside it while this window runs a cluster there. */
export function directoryQuestion(
  context: LocalClusterCommandContext,
  title: string,
  first: () => string,
  keep: (directory: string) => void,
): Question {
  return textQuestion(
    context.prompts,
    () => ({
      title,
      prompt: t('Directory of its configuration files, logs and messages; one that holds this cluster is used again'),
      value: freeDirectory(context, first()),
      validate: (text) => (path.isAbsolute(text.trim()) ? undefined : t('Write the whole path of a directory.')),
    }),
    (text) => keep(path.resolve(text)),
  );
}

interface ClusterWish extends Pick<StartWish, 'apache'> {
  readonly mode: ClusterMode;
  readonly directory: string;
}

/** `onStarted` waits for nobody who reads that it runs. @throws CodedError see `startClusterProcess` */
export async function startInDirectory(
  context: LocalClusterCommandContext,
  wish: ClusterWish,
  onStarted: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  try {
    const { namesrv, apache } = await startWithProgress(context, wish);
    await onStarted();
    await context.prompts.tell(
      'info',
      apache === undefined
        ? t('The local cluster {0} runs. Point your clients at {1}.', wish.mode, namesrv)
        : t('Apache RocketMQ {0} runs. Point your clients at {1}.', apache, namesrv),
    );
  } catch (error) {
    if (!isCodedError(error) || !CODES_WITH_LOG.has(error.code)) throw error;
    await tellWithLog(error, wish.directory, context);
  }
}

export async function stopLocalCluster(
  context: LocalClusterCommandContext,
  node: ExplorerNode | undefined,
): Promise<void> {
  const cluster = await chooseLocalCluster(context, node, t('Stop Local Cluster'));
  if (cluster === undefined) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: t('Stopping local cluster {0}', cluster.mode) },
    () => context.localClusters.stop(cluster.directory),
  );
}

export async function showClusterLog(
  context: LocalClusterCommandContext,
  node: ExplorerNode | undefined,
): Promise<void> {
  const cluster = await chooseLocalCluster(context, node, t('Show Log of Local Cluster'));
  if (cluster !== undefined) await context.logDocuments.show(clusterLog(cluster.directory));
}

/** The cluster of the node, the only one that runs, or the one picked. */
async function chooseLocalCluster(
  { localClusters, prompts }: LocalClusterCommandContext,
  node: ExplorerNode | undefined,
  title: string,
): Promise<LocalCluster | undefined> {
  const { list } = localClusters;
  const directory = node?.connection?.directory;
  if (directory !== undefined) return localClusters.get(directory);
  if (list.length === 0) {
    const start = t('Start Local Cluster…');
    const answer = await prompts.tell('info', t('This window runs no local cluster.'), start);
    if (answer === start) await vscode.commands.executeCommand('rocketmq.localCluster.start');
    return undefined;
  }
  if (list.length === 1) return list[0];
  return prompts.pick({
    title,
    placeholder: t('Choose a cluster'),
    items: list.map((value) => ({ label: value.mode, description: value.directory, value })),
  });
}

/** The four of Apache's tutorial, with what it says of each. */
export function modeItems(): readonly PickItem<ClusterMode>[] {
  const words: Readonly<Record<ClusterMode, readonly [label: string, detail: string]>> = {
    single: [t('One master'), t('Simple, but the service stops with it.')],
    '2m-noslave': [
      t('Two masters, no slave'),
      t('Simple and the fastest. While one is down, its unread messages cannot be read; all else goes on.'),
    ],
    '2m-2s-async': [
      t('Two masters, a slave each, asynchronous replication'),
      t(
        'As fast. Consumers go on reading from the slave when a master dies; a few messages can be lost with its disk.',
      ),
    ],
    '2m-2s-sync': [
      t('Two masters, a slave each, synchronous double write'),
      t('No message lost and no single point of failure. About 10 % slower, and a send takes a little longer.'),
    ],
  };
  const modes = Object.keys(words) as ClusterMode[];
  return modes.map((mode) => ({ label: words[mode][0], description: mode, detail: words[mode][1], value: mode }));
}

function freeDirectory({ localClusters }: LocalClusterCommandContext, first: string): string {
  let directory = first;
  for (let count = 2; localClusters.get(directory) !== undefined; count += 1) directory = `${first}-${count}`;
  return directory;
}

/** Tells which node does what, and can be cancelled. */
async function startWithProgress(
  { localClusters }: LocalClusterCommandContext,
  { mode, directory, apache }: ClusterWish,
): Promise<ClusterStatus> {
  const abort = new AbortController();
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: apache === undefined ? t('Starting local cluster {0}', mode) : t('Starting Apache RocketMQ {0}', mode),
      cancellable: true,
    },
    async (progress, token) => {
      token.onCancellationRequested(() => abort.abort());
      return localClusters.start(mode, directory, {
        apache,
        signal: abort.signal,
        onNode: ({ name, state }) => progress.report({ message: `${name}: ${stateText(state)}` }),
      });
    },
  );
}
