import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorText, systemErrorCode } from '../../base/errors.ts';
import { parseProperties } from '../../base/properties.ts';
import { formatAddress } from '../../remoting/address.ts';
import type { ClusterMode } from '../control.ts';
import { defaultStoreDirectory } from '../storeDirectory.ts';
import { isClusterMode } from './clusterPlan.ts';
import type { PlannedNode } from './clusterPlan.ts';
import { clusterProblem } from './clusterProblem.ts';
import { brokerConf, nameServerConf } from './nodeConf.ts';

/** `cluster.json` in the directory of a cluster: enough to write every node's configuration again. */
export interface ClusterLayout {
  readonly mode: ClusterMode;
  readonly bindAddress: string;
  readonly host: string;
  readonly nodes: readonly (PlannedNode & { readonly port: number })[];
}

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
 * The nodes with what their configurations say of them by now: a file that a person changed is obeyed, and one that is
 * gone, with its node's directory perhaps, is written anew.
 * @throws CodedError `usage` when a file says nothing usable
 */
export function placeNodes(directory: string, layout: ClusterLayout): PlacedNode[] {
  const nameServers = layout.nodes
    .filter(({ role }) => role === 'namesrv')
    .map(({ port }) => formatAddress({ host: layout.host, port }))
    .join(';');
  return layout.nodes.map((node) => {
    const home = path.join(directory, node.name);
    const storeDirectory = path.join(home, 'store');
    const conf = path.join(home, node.broker === undefined ? 'namesrv.conf' : 'broker.conf');
    const place = { ...layout, port: node.port, storeDirectory };
    const text = node.broker === undefined ? nameServerConf(place) : brokerConf(node.broker, place, nameServers);
    const settings = readConf(conf, text);
    const port = portIn(conf, settings.get('listenPort') ?? String(node.port));
    const host = settings.get('brokerIP1') ?? layout.host;
    return {
      ...node,
      port,
      bindAddress: settings.get('bindAddress') ?? layout.bindAddress,
      address: formatAddress({ host, port }),
      conf,
      log: path.join(home, 'node.log'),
      storeDirectory,
    };
  });
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
    return parseProperties(readFileSync(file, 'utf8'));
  } catch (error) {
    throw unreadable(file, errorText(error));
  }
}

function portIn(file: string, text: string): number {
  const port = Number(text.trim());
  if (/^\d+$/.test(text.trim()) && port > 0 && port < 65536) return port;
  throw clusterProblem(`${file} says listenPort=${text}, which is no port`, 'correct it, or delete the file');
}

function unreadable(file: string, reason: string): Error {
  return clusterProblem(`${file} cannot be used: ${reason}`, 'restore it, delete it, or choose another with --dir');
}

function isLayout(value: unknown): value is ClusterLayout {
  if (typeof value !== 'object' || value === null || !('mode' in value) || !('nodes' in value)) return false;
  const { mode, nodes } = value;
  return (
    typeof mode === 'string' &&
    isClusterMode(mode) &&
    Array.isArray(nodes) &&
    nodes.every((node: unknown) => typeof node === 'object' && node !== null && 'name' in node && 'port' in node)
  );
}

function layoutPath(directory: string): string {
  return path.join(directory, 'cluster.json');
}
