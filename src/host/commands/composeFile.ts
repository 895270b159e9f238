import { readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

import * as vscode from 'vscode';

import type { Clock } from '../../base/clock.ts';
import { isCodedError } from '../../base/errors.ts';
import type { ClusterClient } from '../../client/clusterClient.ts';
import type { ComposeRuns } from '../apache/composeRuns.ts';
import { composeText, nameServersIn } from '../apache/composeText.ts';
import type { ComposeWish } from '../apache/composeText.ts';
import type { ContainerLogs } from '../apache/containerLogs.ts';
import { askDocker, compose } from '../apache/docker.ts';
import type { ComposeVerb } from '../apache/docker.ts';
import { errorMessage } from '../errorMessages.ts';
import type { ExplorerTree } from '../explorer/explorerTree.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import type { Prompts } from '../prompts.ts';

/** What runs: a mode, with Apache's proxy or without. */
export type Shape = Pick<ComposeWish, 'mode' | 'proxy'>;

export interface ComposeCommandContext {
  readonly prompts: Prompts;
  readonly composeRuns: ComposeRuns;
  readonly containerLogs: ContainerLogs;
  /** The script of `rocketmq-local`. */
  readonly modulePath: string;
  readonly createClient: (nameServers: string) => ClusterClient;
  readonly tree: ExplorerTree;
  readonly clock: Clock;
  /** Where `docker` is looked for. */
  readonly env: NodeJS.ProcessEnv;
}

const { t } = vscode.l10n;

const DEFAULT_TAG = '5.3.2';
/** Servers in Java on a slow machine. */
const SERVE_TIMEOUT_MS = 120_000;
const POLL_MS = 1_000;

/** Asks which image and where, writes the file, shows it, and starts what it describes if that is wished. */
export async function startNewCompose(context: ComposeCommandContext, { mode, proxy }: Shape): Promise<void> {
  const { prompts, modulePath, env } = context;
  const tag = await prompts.input({
    title: t('Start Apache RocketMQ'),
    prompt: t('Version of the image apache/rocketmq'),
    value: DEFAULT_TAG,
    validate: (text) =>
      /^\w[\w.-]{0,127}$/.test(text.trim()) ? undefined : t('Write a version such as {0}.', DEFAULT_TAG),
  });
  if (tag === undefined) return;
  const { text, namesrv } = await composeText(modulePath, { mode, proxy, tag: tag.trim() }, env);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? homedir();
  const file = await prompts.path({
    kind: 'save',
    title: t('Save the compose file'),
    button: t('Save'),
    value: path.join(folder, `rocketmq-${proxy ? `${mode}-proxy` : mode}.compose.yaml`),
  });
  if (file === undefined) return;
  await writeFile(file, text);
  await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: false });
  await offerStart(context, file, namesrv);
}

/** Asks for a file that was written before. */
export async function openComposeFile(context: ComposeCommandContext): Promise<void> {
  const { prompts } = context;
  const file = await prompts.path({ kind: 'file', title: t('Compose file of Apache RocketMQ'), button: t('Open') });
  if (file === undefined) return;
  const nameServers = nameServersIn(await readFile(file, 'utf8'));
  await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: false });
  if (nameServers === undefined) {
    await prompts.tell(
      'error',
      t('{0} does not say where its NameServers are: a comment with NAMESRV_ADDR=host:port is missing.', file),
    );
    return;
  }
  await offerStart(context, file, nameServers);
}

export async function stopContainers(context: ComposeCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const file = await chooseRun(context, node);
  if (file === undefined) return;
  await end(context, 'down', file, t('Stopping the containers of {0}', path.basename(file)));
}

export async function showContainerLogs(context: ComposeCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const file = await chooseRun(context, node);
  if (file !== undefined) context.containerLogs.show(file);
}

/** The file itself stays. */
export async function cleanContainers(context: ComposeCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const file = await chooseRun(context, node);
  if (file === undefined) return;
  const sure = await context.prompts.confirm(
    t('Stop the containers of {0} and delete all their messages, topics and offsets?', path.basename(file)),
    t('The volumes that {0} names are deleted; the file stays. This cannot be undone.', file),
    t('Delete'),
  );
  if (!sure) return;
  await end(context, 'clean', file, t('Deleting the containers of {0}', path.basename(file)));
}

/** Where Docker does not answer, the file is all there is. */
async function offerStart(context: ComposeCommandContext, file: string, nameServers: string): Promise<void> {
  const { prompts, env } = context;
  const command = `docker compose -f ${path.basename(file)} up -d`;
  let version: string;
  try {
    version = await askDocker(env);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    await prompts.tell(
      'warning',
      t('{0} The file {1} is kept: run it where Docker answers, with "{2}".', errorMessage(error), file, command),
    );
    return;
  }
  const start = t('Start');
  const answer = await prompts.tell(
    'info',
    t('{0} is ready. Docker {1} answers.', path.basename(file), version),
    start,
  );
  if (answer !== start) return;
  await withProgress(t('Starting the containers of {0}', path.basename(file)), async (signal, report) => {
    report(t('Docker fetches the image the first time.'));
    // Before: what was started when it fails or is cancelled can be stopped too.
    await context.composeRuns.add({ file, nameServers });
    await compose('up', file, { env, signal });
    report(t('Waiting for the brokers'));
    await untilServing(context, nameServers, signal);
    // Its rows were asked for before anybody could answer.
    context.tree.refresh();
  });
}

/** Until a NameServer knows a broker; who waits too long finds in the tree what is wrong. */
async function untilServing(
  { createClient, clock }: ComposeCommandContext,
  nameServers: string,
  signal: AbortSignal,
): Promise<void> {
  const client = createClient(nameServers);
  const deadlineMs = clock.now() + SERVE_TIMEOUT_MS;
  try {
    while (!signal.aborted && clock.now() < deadlineMs) {
      const brokers = await client.brokers().catch(() => []);
      if (brokers.length > 0) return;
      await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
    }
  } finally {
    client.dispose();
  }
}

/** The file of the node, the only one that runs, or the one picked. */
async function chooseRun(
  { composeRuns, prompts }: ComposeCommandContext,
  node: ExplorerNode | undefined,
): Promise<string | undefined> {
  const { list } = composeRuns;
  const { composeFile } = node?.connection ?? {};
  if (composeFile !== undefined) return composeFile;
  if (list.length > 1) {
    const items = list.map(({ file }) => ({
      label: path.basename(file),
      description: path.dirname(file),
      value: file,
    }));
    return prompts.pick({ title: t('Apache RocketMQ in Docker'), placeholder: t('Choose a compose file'), items });
  }
  const [only] = list;
  if (only === undefined) await prompts.tell('info', t('No containers of Apache RocketMQ were started here.'));
  return only?.file;
}

/** Ends what runs of a file. Where Docker cannot, as when the file is gone, the connection can be let go all the same. */
async function end(
  { composeRuns, containerLogs, prompts, env }: ComposeCommandContext,
  verb: Extract<ComposeVerb, 'down' | 'clean'>,
  file: string,
  title: string,
): Promise<void> {
  try {
    await withProgress(title, (signal) => compose(verb, file, { env, signal }));
  } catch (error) {
    if (!isCodedError(error) || error.code === 'cancelled') throw error;
    const forget = t('Remove From the View');
    if ((await prompts.tell('error', errorMessage(error), forget)) !== forget) return;
  }
  containerLogs.forget(file);
  await composeRuns.remove(file);
}

function withProgress(
  title: string,
  work: (signal: AbortSignal, report: (message: string) => void) => Promise<void>,
): Thenable<void> {
  const abort = new AbortController();
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (progress, token) => {
      token.onCancellationRequested(() => abort.abort());
      return work(abort.signal, (message) => progress.report({ message }));
    },
  );
}
