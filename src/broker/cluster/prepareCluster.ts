import { setTimeout as delay } from 'node:timers/promises';
import { errorText, isCodedError } from '../../base/errors.ts';
import { makeDirectories } from '../makeDirectories.ts';
import { reachableHost } from '../reachableHost.ts';
import { findDistribution } from './apache/distribution.ts';
import type { StartCluster } from './clusterArguments.ts';
import {
  defaultClusterDirectory,
  mustHoldNothingElse,
  placeNodes,
  readLayout,
  writeLayout,
} from './clusterDirectory.ts';
import type { ClusterLayout, PlacedNode } from './clusterDirectory.ts';
import { CLUSTER_MODES, planCluster } from './clusterPlan.ts';
import type { PlannedNode } from './clusterPlan.ts';
import { choosePorts, firstInUse, portsOf } from './clusterPorts.ts';
import { clusterProblem } from './clusterProblem.ts';

/** How far apart brokers are whose ports a person chose. */
const PORT_STEP = 10;
const POLL_MS = 50;

export interface PreparedCluster {
  readonly layout: ClusterLayout;
  readonly nodes: readonly PlacedNode[];
}

/** @throws CodedError `usage` when neither says where */
export function directoryOf({ directory, mode }: Pick<StartCluster, 'directory' | 'mode'>): string {
  if (directory !== undefined) return directory;
  if (mode === undefined) throw clusterProblem('no cluster is named', 'give --mode or --dir');
  return defaultClusterDirectory(mode);
}

/** @throws CodedError `usage` when it cannot be made */
export function makeDirectory(directory: string): void {
  try {
    makeDirectories(directory);
  } catch (error) {
    throw clusterProblem(`${directory} cannot be made: ${errorText(error)}`, 'choose another with --dir', {
      details: { problem: 'no-directory', place: directory, words: errorText(error) },
      cause: error,
    });
  }
}

/**
 * The cluster of the directory, which is made when there is none, with every configuration written.
 * @throws CodedError `cluster-of-other-mode` or `usage` when the wish and the directory do not agree, or a file there
 *   cannot be used
 */
export async function prepareCluster(directory: string, wish: StartCluster): Promise<PreparedCluster> {
  const found = readLayout(directory);
  if (found !== undefined) {
    mustAgree(directory, found, wish);
    const layout = inHome(found, wish.apache);
    if (layout !== found) writeLayout(directory, layout);
    return { layout, nodes: placeNodes(directory, layout) };
  }
  if (wish.mode === undefined) {
    throw clusterProblem(`there is no cluster in ${directory}`, `give --mode with one of ${CLUSTER_MODES.join(', ')}`);
  }
  if (wish.apache !== undefined) findDistribution(wish.apache, wish.proxy);
  const planned = planCluster(wish.mode, wish.nameServers, wish.proxy);
  mustHoldNothingElse(directory, planned);
  const ports = await portsFor(planned, wish);
  const layout: ClusterLayout = {
    mode: wish.mode,
    directory,
    bindAddress: wish.host,
    host: reachableHost(wish.host),
    ...(wish.apache === undefined ? {} : { apache: wish.apache }),
    nodes: planned.map((node, at) => ({ ...node, port: ports[at] ?? 0 })),
  };
  const nodes = placeNodes(directory, layout);
  writeLayout(directory, layout);
  return { layout, nodes };
}

/** @throws CodedError `port-in-use` when one is, and stays so for this long; `usage` when one cannot be used at all */
export async function portsMustBeFree(nodes: readonly PlacedNode[], patienceMs: number): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  for (const node of nodes) {
    const { name, role, port, bindAddress, conf } = node;
    for (;;) {
      const taken = await firstInUse(portsOf(role, port), bindAddress).catch((error: unknown) =>
        notUsable(node, error),
      );
      if (taken === undefined) break;
      if (performance.now() > deadlineMs) {
        throw clusterProblem(
          `port ${taken} of ${name} is in use`,
          `end the program that listens there, or choose another listenPort in ${conf}`,
          { code: 'port-in-use', details: { port: taken } },
        );
      }
      await delay(POLL_MS);
    }
  }
}

function notUsable({ name, bindAddress, conf }: PlacedNode, error: unknown): never {
  if (isCodedError(error, 'address-unresolved')) {
    throw clusterProblem(
      `${bindAddress} of ${name} is no address of this machine`,
      `choose another bindAddress in ${conf}`,
      { details: { problem: 'foreign-address', address: bindAddress, place: conf } },
    );
  }
  if (isCodedError(error, 'port-not-permitted')) {
    throw clusterProblem(
      `you may not listen on port ${error.details['port']} of ${name}`,
      `choose one above 1023 in ${conf}`,
      { details: { problem: 'low-port', port: error.details['port'] ?? '?', place: conf } },
    );
  }
  throw error;
}

/** Those that a person chose, else free ones; a chosen one that is in use is told before anything is written. */
async function portsFor(nodes: readonly PlannedNode[], wish: StartCluster): Promise<number[]> {
  const { nameServerPort, brokerPort, proxyPort, host } = wish;
  const nameServers = nodes.filter(({ role }) => role === 'namesrv').length;
  try {
    const free = await choosePorts(
      nodes.map(({ role }) => role),
      host,
    );
    const ports: number[] = [];
    for (const [at, { name, role }] of nodes.entries()) {
      const [option, first, step] =
        role === 'namesrv'
          ? (['--namesrv-port', nameServerPort, at] as const)
          : role === 'proxy'
            ? (['--grpc-port', proxyPort, 0] as const)
            : (['--port', brokerPort, PORT_STEP * (at - nameServers)] as const);
      const port = first === undefined ? (free[at] ?? 0) : first + step;
      const taken = first === undefined ? undefined : await firstInUse(portsOf(role, port), host);
      if (taken !== undefined)
        throw clusterProblem(`port ${taken} of ${name} is in use`, `choose another with ${option}`);
      ports.push(port);
    }
    return ports;
  } catch (error) {
    if (isCodedError(error, 'address-unresolved')) {
      throw clusterProblem(`"${host}" is no address of this machine`, 'choose another with --host', { cause: error });
    }
    if (isCodedError(error, 'port-not-permitted')) {
      throw clusterProblem(`you may not listen on port ${error.details['port']}`, 'choose one above 1023', {
        cause: error,
      });
    }
    throw error;
  }
}

/** A newer distribution takes over what an older one wrote. */
function inHome(layout: ClusterLayout, home: string | undefined): ClusterLayout {
  if (home === undefined || home === layout.apache) return layout;
  findDistribution(
    home,
    layout.nodes.some(({ role }) => role === 'proxy'),
  );
  return { ...layout, apache: home };
}

function mustAgree(directory: string, { mode, nodes, apache }: ClusterLayout, wish: StartCluster): void {
  if (wish.mode !== undefined && wish.mode !== mode) {
    throw clusterProblem(
      `${directory} holds a cluster of mode ${mode}`,
      'start that, or choose another directory with --dir',
      { code: 'cluster-of-other-mode', details: { directory, mode } },
    );
  }
  if (wish.apache !== undefined && apache === undefined) {
    throw clusterProblem(
      `${directory} holds a cluster of rocketmq-local`,
      'leave out --apache, or choose another directory with --dir',
      { details: { problem: 'not-apache', place: directory } },
    );
  }
  const [nameServer] = nodes;
  const proxy = nodes.find(({ role }) => role === 'proxy');
  if (wish.proxy && proxy === undefined) {
    throw clusterProblem(
      `the cluster in ${directory} has no proxy`,
      'leave out --proxy, or choose another directory with --dir',
      { details: { problem: 'no-proxy', place: directory } },
    );
  }
  const nameServers = nodes.filter(({ role }) => role === 'namesrv').length;
  if (wish.nameServers !== undefined && wish.nameServers !== nameServers) {
    throw clusterProblem(
      `the cluster in ${directory} has ${nameServers} NameServers`,
      'leave out --namesrvs, or choose another directory with --dir',
    );
  }
  const others = [
    [wish.nameServerPort, nameServer?.port],
    [wish.brokerPort, nodes[nameServers]?.port],
    [wish.proxyPort, proxy?.port],
  ].some(([wished, kept]) => wished !== undefined && wished !== kept);
  if (others) {
    throw clusterProblem(
      `the cluster in ${directory} keeps its ports`,
      'change listenPort in its files, or choose another directory with --dir',
    );
  }
}
