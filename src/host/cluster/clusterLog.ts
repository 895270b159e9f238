import path from 'node:path';

import * as vscode from 'vscode';

import { CodedError } from '../../base/errors.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { errorMessage } from '../errorMessages.ts';
import { exitDetails } from '../forkedChild.ts';
import { logUri } from '../logDocuments.ts';
import type { LogDocuments } from '../logDocuments.ts';
import type { Prompts } from '../prompts.ts';
import type { ClusterEnd, LocalClusters } from './localClusters.ts';

export interface ClusterLogContext {
  readonly logDocuments: LogDocuments;
  readonly prompts: Prompts;
  readonly logger: Logger;
}

/** What the supervisor of a cluster writes. */
export function clusterLog(directory: string): vscode.Uri {
  return logUri(path.join(directory, 'supervisor.log'), 'supervisor.log');
}

/** Tells of an error with the log of the cluster as a button. */
export async function tellWithLog(error: CodedError, directory: string, context: ClusterLogContext): Promise<void> {
  const { prompts, logDocuments, logger } = context;
  logger.error('the local cluster failed', error);
  const showLog = vscode.l10n.t('Show Log');
  const answer = await prompts.tell('error', errorMessage(error), showLog);
  if (answer === showLog) await logDocuments.show(clusterLog(directory));
}

/** Says that a cluster ended by itself, or that another program ended it. */
export function tellClusterEnds(localClusters: LocalClusters, context: ClusterLogContext): Disposable {
  return localClusters.onEnd((end) => void tellEnd(end, context));
}

async function tellEnd({ mode, directory, exit }: ClusterEnd, context: ClusterLogContext): Promise<void> {
  if (exit.exitCode === 0) {
    const text = vscode.l10n.t('The local cluster {0} was ended from outside this window.', mode);
    await context.prompts.tell('info', text);
    return;
  }
  await tellWithLog(new CodedError('cluster-ended', { directory, ...exitDetails(exit) }), directory, context);
}
