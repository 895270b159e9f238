import { mkdirSync, readFileSync, readdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorText, systemErrorCode } from '../../base/errors.ts';
import { parseProperties } from '../../base/properties.ts';
import { formatAddress } from '../../remoting/address.ts';
import type { ClusterMode, ClusterRole } from '../control.ts';
import { defaultStoreDirectory } from '../storeDirectory.ts';
import { apacheLog } from './apache/nodeHome.ts';
import { isClusterMode } from './clusterPlan.ts';
import type { PlannedNode } from './clusterPlan.ts';
import { clusterProblem } from './clusterProblem.ts';
import { brokerConf, nameServerConf, proxyConf } from './nodeConf.ts';

/** `cluster.json` in the directory of a cluster: enough to write every node's configuration again. */
export interface ClusterLayout {
  readonly mode: ClusterMode;
  /** Absolute, where the cluster was made: configurations name its stores by it. */
  readonly directory: string;
  readonly bindAddress: string;
  readonly host: string;
  /** Home of the distribution of Apache RocketMQ whose servers run here, instead of ours. */
  readonly apache?: string;
  readonly nodes: readonly LayoutNode[];
}

type LayoutNode = PlannedNode & { readonly port: number };

/** A node and its place in the directory. */
export interface PlacedNode extends PlannedNode {
  readonly bindAddress: string;
  readonly port: number;
  /** `host:port` */
  readonly address: string;
  readonly conf: string;
  readonly log: string;
  readonly storeDirectory: string;
}

const CONF_NAMES: Readonly<Record<ClusterRole, string>> = {
  namesrv: 'namesrv.conf',
  master: 'broker.conf',
  slave: 'broker.conf',
  proxy: 'rmq-proxy.json',
};

/** Where the clusters are when nobody says otherwise: a directory a mode, beside the one of the single broker. */
export function defaultClusterDirectory(mode: ClusterMode): string {
  return path.join(`${defaultStoreDirectory(process.env, process.platform)}-cluster`, mode);
}

/** Undefined when there is no cluster. @throws CodedError `usage` when its file cannot be read */
export function readLayout(directory: string): ClusterLayout | undefined {
  const file = layoutPath(directory);
  let layout: unknown;
  try {
    layout = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw unreadable(file, errorText(error));
  }
  if (!isLayout(layout)) throw unreadable(file, 'it describes no cluster');
  return layout;
}

/** Last of all, so that a directory with this file has everything. */
export function writeLayout(directory: string, layout: ClusterLayout): void {
  const file = layoutPath(directory);
  writeFileSync(`${file}.tmp`, `${JSON.stringify(layout, undefined, 2)}\n`);
  renameSync(`${file}.tmp`, file);
}

/**
 * Whoever deletes the cluster deletes the directories of its nodes: none is made of what was there for something else.
 * @throws CodedError `usage` for one that holds anything, but not the configuration of a node
 */
export function mustHoldNothingElse(directory: string, nodes: readonly PlannedNode[]): void {
  for (const { name, role } of nodes) {
    const home = path.join(directory, name);
    const names = namesIn(home);
    if (names.length === 0 || names.includes(CONF_NAMES[role])) continue;
    throw clusterProblem(`${home} holds something else already`, 'move it away, or choose another with --dir', {
      details: { problem: 'directory-used', place: home },
    });
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw unreadable(directory, errorText(error));
  }
}

/**
 * The nodes with what their configurations say of them by now: a file that a person changed is obeyed, and one that is
 * gone, with its node's directory perhaps, is written anew.
 * @throws CodedError `usage` when a file says nothing usable
 */
export function placeNodes(directory: string, layout: ClusterLayout): PlacedNode[] {
  return layout.nodes.map((node) => {
    const home = path.join(directory, node.name);
    const storeDirectory = storeIn(directory, node);
    const conf = path.join(home, CONF_NAMES[node.role]);
    const settings = readConf(conf, confText(directory, layout, node));
    mustBeHere(directory, layout, node, conf, settings);
    const portKey = node.role === 'proxy' ? 'grpcServerPort' : 'listenPort';
    const port = portIn(conf, portKey, settings.get(portKey) ?? String(node.port));
    const host = settings.get('brokerIP1') ?? layout.host;
    return {
      ...node,
      port,
      bindAddress: settings.get('bindAddress') ?? layout.bindAddress,
      address: formatAddress({ host, port }),
      conf,
      log: layout.apache === undefined ? path.join(home, 'node.log') : apacheLog(home, node.role),
      storeDirectory,
    };
  });
}

/** As it is written for a node of a cluster in this directory. */
function confText(directory: string, layout: ClusterLayout, node: LayoutNode): string {
  const nameServers = layout.nodes
    .filter(({ role }) => role === 'namesrv')
    .map(({ port }) => formatAddress({ host: layout.host, port }))
    .join(';');
  const place = { ...layout, port: node.port, storeDirectory: storeIn(directory, node) };
  if (node.broker !== undefined) return brokerConf(node.broker, place, nameServers);
  return node.role === 'proxy' ? proxyConf(place, nameServers) : nameServerConf(place);
}

/** A copy of a cluster would write to the files of the first. @throws CodedError `usage` when a path is of there */
function mustBeHere(
  directory: string,
  layout: ClusterLayout,
  node: LayoutNode,
  conf: string,
  settings: ReadonlyMap<string, string>,
): void {
  if (isSamePlace(directory, layout.directory)) return;
  const here = parseConf(confText(directory, layout, node));
  for (const [key, there] of parseConf(confText(layout.directory, layout, node))) {
    if (settings.get(key) !== there || here.get(key) === there) continue;
    throw clusterProblem(
      `the cluster in ${directory} was made in ${layout.directory}, and ${conf} still says ${key}=${there}`,
      'correct it, or delete the file, which is written anew then',
      { details: { problem: 'made-elsewhere', place: directory, file: conf, setting: `${key}=${there}` } },
    );
  }
}

/** A directory may have several names. */
function isSamePlace(one: string, other: string): boolean {
  try {
    return one === other || realpathSync(one) === realpathSync(other);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function storeIn(directory: string, { name }: LayoutNode): string {
  return path.join(directory, name, 'store');
}

/** What the file says, which is `otherwise` where there was none. */
function readConf(file: string, otherwise: string): ReadonlyMap<string, string> {
  mkdirSync(path.dirname(file), { recursive: true });
  try {
    writeFileSync(file, otherwise, { flag: 'wx' });
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
  try {
    return parseConf(readFileSync(file, 'utf8'));
  } catch (error) {
    throw unreadable(file, errorText(error));
  }
}

/** The properties of Apache's servers, or the JSON of its proxy. */
function parseConf(text: string): ReadonlyMap<string, string> {
  if (!text.trimStart().startsWith('{')) return parseProperties(text);
  const settings = Object.entries(JSON.parse(text) as Readonly<Record<string, unknown>>);
  return new Map(settings.map(([key, value]) => [key, String(value)]));
}

function portIn(file: string, key: string, text: string): number {
  const port = Number(text.trim());
  if (/^\d+$/.test(text.trim()) && port > 0 && port < 65536) return port;
  throw clusterProblem(`${file} says ${key}=${text}, which is no port`, 'correct it, or delete the file', {
    details: { problem: 'no-port', file, setting: `${key}=${text}` },
  });
}

function unreadable(file: string, reason: string): Error {
  return clusterProblem(`${file} cannot be used: ${reason}`, 'restore it, delete it, or choose another with --dir', {
    details: { problem: 'file-unusable', file, words: reason },
  });
}

function isLayout(value: unknown): value is ClusterLayout {
  if (typeof value !== 'object' || value === null || !('mode' in value) || !('nodes' in value)) return false;
  const { mode, nodes } = value;
  return (
    typeof mode === 'string' &&
    'directory' in value &&
    typeof value.directory === 'string' &&
    isClusterMode(mode) &&
    (!('apache' in value) || typeof value.apache === 'string') &&
    Array.isArray(nodes) &&
    nodes.every((node: unknown) => typeof node === 'object' && node !== null && 'name' in node && 'port' in node)
  );
}

function layoutPath(directory: string): string {
  return path.join(directory, 'cluster.json');
}
