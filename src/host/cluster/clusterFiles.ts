import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';

import { CodedError, systemErrorCode } from '../../base/errors.ts';
import { livingOwner } from '../runningBroker.ts';

const LISTEN_TIMEOUT_MS = 1000;
/** What stands in the directory of a cluster beside its nodes. */
const OWN_FILES = ['cluster.json', 'supervisor.json', 'supervisor.log', 'supervisor.log.1'];

/** Directories right below these that hold a cluster, running or not. */
export async function clusterDirectories(roots: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    roots.map(async (root) => {
      const names = await readdir(root).catch(orNothing<string[]>([]));
      const directories = names.sort().map((name) => path.join(root, name));
      const nodes = await Promise.all(directories.map(nodeNames));
      return directories.filter((_, at) => nodes[at] !== undefined);
    }),
  );
  return found.flat();
}

/**
 * Deletes everything that a cluster made in its directory, and the directory if nothing else is in it.
 * @throws CodedError `cluster-running` while its supervisor lives
 */
export async function removeCluster(directory: string): Promise<void> {
  const pid = await supervisorPid(directory);
  if (pid !== undefined) throw new CodedError('cluster-running', { directory, pid });
  const names = (await nodeNames(directory)) ?? [];
  for (const name of [...names, ...OWN_FILES]) {
    await rm(path.join(directory, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  await rmdir(directory).catch((error: unknown) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemErrorCode(error) ?? '')) throw error;
  });
}

/** Of the directories of nodes; undefined when there is no cluster. */
async function nodeNames(directory: string): Promise<readonly string[] | undefined> {
  const layout = await readJson(path.join(directory, 'cluster.json'));
  const nodes: unknown = layout?.['nodes'];
  if (!Array.isArray(nodes)) return undefined;
  const names = nodes.map((node: unknown) => (isRecord(node) ? node['name'] : undefined));
  // Whatever a person wrote there: nothing outside is deleted.
  return names.filter((name) => typeof name === 'string' && /^\w[\w-]*$/.test(name)) as string[];
}

/**
 * Of a supervisor that lives. One that was killed leaves its file, and its id may be a stranger's by now; where the
 * system does not say when that started, nobody listens at its port.
 */
async function supervisorPid(directory: string): Promise<number | undefined> {
  const file = path.join(directory, 'supervisor.json');
  const pid = await livingOwner(file);
  const port = (await readJson(file))?.['port'];
  const isGone = typeof port === 'number' && !(await listens(port));
  return isGone ? undefined : pid;
}

/** Who takes its time is there. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: LISTEN_TIMEOUT_MS });
    const found = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => found(true));
    socket.once('timeout', () => found(true));
    socket.on('error', () => found(false));
  });
}

async function readJson(file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isRecord(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function orNothing<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    if (systemErrorCode(error) === 'ENOENT') return nothing;
    throw error;
  };
}
