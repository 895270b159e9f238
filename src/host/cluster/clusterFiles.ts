import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';

import { CodedError, systemErrorCode } from '../../base/errors.ts';
import { isAlive } from '../runningBroker.ts';

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
  if (pid !== undefined && isAlive(pid)) throw new CodedError('cluster-running', { directory, pid });
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

async function supervisorPid(directory: string): Promise<number | undefined> {
  const pid = (await readJson(path.join(directory, 'supervisor.json')))?.['pid'];
  return typeof pid === 'number' ? pid : undefined;
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
