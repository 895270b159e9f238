import path from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { CodedError, errorText } from '../../base/errors.ts';
import type { BrokerEvent, ClusterRequest, ClusterStatus } from '../control.ts';
import { printCompose } from './apache/printCompose.ts';
import { askSupervisor } from './askSupervisor.ts';
import { CLUSTER_USAGE, parseClusterArguments } from './clusterArguments.ts';
import type { ClusterCommand } from './clusterArguments.ts';
import { defaultClusterDirectory, placeNodes, readLayout } from './clusterDirectory.ts';
import { CLUSTER_MODES } from './clusterPlan.ts';
import { clusterProblem } from './clusterProblem.ts';
import { clusterStep } from './clusterStep.ts';
import { statusText } from './clusterText.ts';
import { isStillAlive } from './isAlive.ts';
import { NodeLog } from './nodeLog.ts';
import { runCluster } from './runCluster.ts';
import { readSupervisorFile } from './supervisorFile.ts';

/** `rocketmq-local cluster …`. */
export async function runClusterCommand(args: readonly string[]): Promise<void> {
  // A reader that went away must not end the cluster.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    await run(parseClusterArguments(args));
  } catch (error) {
    fail(error);
  }
  if (process.connected) process.disconnect();
}

async function run(command: ClusterCommand): Promise<void> {
  switch (command.kind) {
    case 'help':
      process.stdout.write(CLUSTER_USAGE);
      return;
    case 'start':
      return runCluster(command, systemClock);
    case 'compose':
      return printCompose(command);
    case 'status':
      return tell(await ask(command.directory, {}), command.json);
    case 'act': {
      const { action, node, directory, json } = command;
      return tell(await ask(directory, { action, ...(node === undefined ? {} : { node }) }), json);
    }
    case 'logs':
      return showLog(command);
  }
}

function tell(status: ClusterStatus, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(status)}\n` : statusText(status));
}

async function ask(directory: string | undefined, request: ClusterRequest): Promise<ClusterStatus> {
  const where = directory ?? runningDirectory();
  const supervisor = readSupervisorFile(where);
  const status = supervisor === undefined ? undefined : await askSupervisor(supervisor, request);
  if (status !== undefined) return status;
  const layout = readLayout(where);
  throw layout === undefined
    ? clusterProblem(`there is no cluster in ${where}`, `start one with: ${clusterStep('start --mode MODE', where)}`)
    : clusterProblem(`the cluster in ${where} does not run`, `start it with: ${clusterStep('start', where)}`);
}

function showLog({ node, directory, lines, follow }: Extract<ClusterCommand, { kind: 'logs' }>): void {
  const where = directory ?? runningDirectory();
  const layout = readLayout(where);
  if (layout === undefined) {
    throw clusterProblem(
      `there is no cluster in ${where}`,
      `start one with: ${clusterStep('start --mode MODE', where)}`,
    );
  }
  const nodes = placeNodes(where, layout);
  const found = nodes.find(({ name }) => name === node);
  if (found === undefined) {
    throw clusterProblem(`there is no node "${node}"`, `name one of ${nodes.map(({ name }) => name).join(', ')}`);
  }
  const log = new NodeLog(found.log);
  const text = log.lastLines(lines);
  if (text === undefined && !follow)
    throw clusterProblem(`${node} wrote no log yet`, `start it with: ${clusterStep(`start ${node}`, where)}`);
  process.stdout.write(text ?? '');
  if (follow) log.follow(systemClock, (bytes) => process.stdout.write(bytes));
}

/** Who names no directory means the one cluster that runs in those of the modes. */
function runningDirectory(): string {
  const directories = CLUSTER_MODES.map(defaultClusterDirectory);
  const running = directories.filter((directory) => {
    const supervisor = readSupervisorFile(directory);
    return supervisor !== undefined && isStillAlive(supervisor);
  });
  const [only, ...others] = running;
  if (only === undefined) {
    throw clusterProblem(
      `no cluster runs in ${path.dirname(defaultClusterDirectory('single'))}`,
      'name its directory with --dir, or start one with: rocketmq-local cluster start --mode MODE',
    );
  }
  if (others.length > 0) throw clusterProblem(`several clusters run: ${running.join(', ')}`, 'name one with --dir');
  return only;
}

/** One sentence on standard error, and status 1. */
function fail(error: unknown): void {
  const { code, details } =
    error instanceof CodedError ? error : new CodedError('internal', { reason: errorText(error) });
  const reason = String(details['reason'] ?? errorText(error));
  const next = details['next'] === undefined ? '' : `; ${String(details['next'])}`;
  // A sentence begins with a capital letter, the name of a node with its own.
  const start = /^[a-z]+ /.test(reason) ? reason.slice(0, 1).toUpperCase() : reason.slice(0, 1);
  const message = `${start}${reason.slice(1)}${next}.`;
  process.stderr.write(`rocketmq-local: ${message}\n`);
  const event: BrokerEvent = { kind: 'failed', code, details, message };
  if (process.connected) process.send?.(event);
  process.exitCode = 1;
}
