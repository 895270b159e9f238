import path from 'node:path';
import type { CodedError } from '../../base/errors.ts';
import type { ClusterMode, NodeAction } from '../control.ts';
import { readOptions } from '../readOptions.ts';
import { CLUSTER_MODES, isClusterMode } from './clusterPlan.ts';
import { clusterProblem } from './clusterProblem.ts';
import { clusterStep } from './clusterStep.ts';

export interface StartCluster {
  readonly kind: 'start';
  /** Undefined: that of the directory. */
  readonly mode: ClusterMode | undefined;
  readonly nameServers: number | undefined;
  readonly directory: string | undefined;
  readonly host: string;
  /** Of the first NameServer; the next takes the next. */
  readonly nameServerPort: number | undefined;
  /** Of the first broker; each other is 10 above the one before it. */
  readonly brokerPort: number | undefined;
  readonly proxyPort: number | undefined;
  /** Home of the distribution whose servers run; undefined: that of the directory, else ours. */
  readonly apache: string | undefined;
  /** With Apache's proxy. */
  readonly proxy: boolean;
  readonly json: boolean;
}

/** A file for `docker compose`, on standard output. */
export type ComposeCluster = Pick<
  StartCluster,
  'nameServers' | 'nameServerPort' | 'brokerPort' | 'proxyPort' | 'proxy' | 'json'
> & {
  readonly kind: 'compose';
  readonly mode: ClusterMode;
  /** Of Apache's image. */
  readonly tag: string;
};

export type ClusterCommand =
  | StartCluster
  | ComposeCluster
  | { readonly kind: 'status'; readonly directory: string | undefined; readonly json: boolean }
  | {
      readonly kind: 'act';
      readonly action: NodeAction;
      /** Undefined only for `stop`: all of them. */
      readonly node: string | undefined;
      readonly directory: string | undefined;
      readonly json: boolean;
    }
  | {
      readonly kind: 'logs';
      readonly node: string;
      readonly directory: string | undefined;
      readonly lines: number;
      readonly follow: boolean;
    }
  | { readonly kind: 'help' };

/** The newest that Docker Hub has for sure. */
const DEFAULT_TAG = '5.3.2';

export const CLUSTER_USAGE = `rocketmq-local cluster - several NameServers and brokers on this machine, a process each

Usage:
  rocketmq-local cluster start --mode MODE [options]   starts a cluster and stays; all its nodes end with it
  rocketmq-local cluster status                        how each node is
  rocketmq-local cluster stop|kill|start NODE          orderly, by SIGKILL, and up again with the same ports and store
  rocketmq-local cluster pause|resume NODE             it answers nobody, until it goes on (not on Windows)
  rocketmq-local cluster stop                          ends the cluster
  rocketmq-local cluster logs NODE [--lines N] [-f]    the end of its log, and what comes after it
  rocketmq-local cluster compose --mode MODE           prints a file for "docker compose" that runs Apache RocketMQ

Modes:
  single       one master; the service stops with it
  2m-noslave   two masters; while one is down, what it holds unread waits for it
  2m-2s-async  two masters, a slave each; consumers go on from the slave, the last messages may be missing there
  2m-2s-sync   the same; what a send was acknowledged for is on the slave too

Options:
  --mode MODE        one of those above; a directory that holds a cluster knows its own
  --dir DIR          where configurations, logs and messages are (default: one a mode, in your data directory)
  --apache HOME      runs the servers of an unpacked distribution of Apache RocketMQ, with the Java of JAVA_HOME or PATH
  --proxy            with Apache's proxy for clients that speak gRPC (with --apache, or for compose)
  --tag TAG          of compose: which apache/rocketmq image (default ${DEFAULT_TAG})
  --namesrvs N       how many NameServers (default: 1 for single, else 2)
  --host ADDR        address to listen on (default 127.0.0.1)
  --namesrv-port N   port of the first NameServer, the next take those above it (default: free ones)
  --port N           port of the first broker, each next is 10 above (default: free ones)
  --grpc-port N      port of the proxy, which takes the next as well (default: free ones)
  --json             one JSON object on standard output: when sends are accepted, or how the nodes are
  --lines N          of logs (default 100)
  -f, --follow       logs goes on until Ctrl+C
  -h, --help         this text
`;

const ACTIONS = ['start', 'stop', 'kill', 'pause', 'resume'] as const satisfies readonly NodeAction[];
const VERBS = [...ACTIONS, 'status', 'logs', 'compose'].join(', ');
const MAX_NAME_SERVERS = 9;

const options = {
  mode: { type: 'string' },
  dir: { type: 'string' },
  namesrvs: { type: 'string' },
  host: { type: 'string' },
  'namesrv-port': { type: 'string' },
  port: { type: 'string' },
  'grpc-port': { type: 'string' },
  apache: { type: 'string' },
  proxy: { type: 'boolean' },
  tag: { type: 'string' },
  json: { type: 'boolean' },
  lines: { type: 'string' },
  follow: { type: 'boolean', short: 'f' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof readOptions<typeof options>>['values'];
type Verb = NodeAction | 'status' | 'logs' | 'compose';

/** Which options each verb takes beside --dir; `create` is `start` without a node. */
const taken: Readonly<Record<Verb | 'create', readonly (keyof Values)[]>> = {
  create: ['mode', 'namesrvs', 'host', 'namesrv-port', 'port', 'grpc-port', 'apache', 'proxy', 'json'],
  compose: ['mode', 'namesrvs', 'namesrv-port', 'port', 'grpc-port', 'proxy', 'tag', 'json'],
  start: ['json'],
  stop: ['json'],
  kill: ['json'],
  pause: ['json'],
  resume: ['json'],
  status: ['json'],
  logs: ['lines', 'follow'],
};

/** @throws CodedError `usage` with the reason and the next step */
export function parseClusterArguments(args: readonly string[]): ClusterCommand {
  const { values, positionals } = readOptions(args, options, problem);
  const [verb, node, ...others] = positionals;
  if (values.help === true || verb === undefined) return { kind: 'help' };
  if (!isVerb(verb)) throw clusterProblem(`there is no command "cluster ${verb}"`, `use one of ${VERBS}`);
  if (others.length > 0) throw clusterProblem(`"${others.join(' ')}" is too much`, 'name one node at a time');
  const creates = verb === 'start' && node === undefined;
  const idle = Object.keys(values).find(
    (name) => name !== 'dir' && !(taken[creates ? 'create' : verb] as readonly string[]).includes(name),
  );
  if (idle !== undefined) {
    const next =
      verb === 'start' && node !== undefined
        ? `leave out "${node}" to start a cluster`
        : 'see rocketmq-local cluster --help';
    throw clusterProblem(`--${idle} is not for "cluster ${positionals.join(' ')}"`, next);
  }
  const directory = values.dir === undefined ? undefined : path.resolve(values.dir);
  const json = values.json === true;
  if (creates) return startOf(values, directory);
  if (verb === 'compose') return composeOf(values, node);
  if (verb === 'status') {
    if (node !== undefined) throw clusterProblem(`status tells of all nodes, not of "${node}" alone`, 'leave it out');
    return { kind: 'status', directory, json };
  }
  if (verb === 'stop') return { kind: 'act', action: verb, node, directory, json };
  if (node === undefined) {
    const status = directory === undefined ? 'rocketmq-local cluster status' : clusterStep('status', directory);
    throw clusterProblem(`${verb} wants the name of a node`, `see them with: ${status}`);
  }
  if (verb !== 'logs') return { kind: 'act', action: verb, node, directory, json };
  const lines = whole('--lines', values.lines, 0, 1_000_000) ?? 100;
  return { kind: 'logs', node, directory, lines, follow: values.follow === true };
}

function startOf(values: Values, directory: string | undefined): StartCluster {
  const mode = modeOf(values);
  if (mode === undefined && directory === undefined) throw modeWanted('start');
  const apache = values.apache === undefined ? undefined : path.resolve(values.apache);
  if (values.proxy === true && apache === undefined)
    throw clusterProblem('--proxy is for Apache RocketMQ', 'name its directory with --apache, or leave it out');
  return { kind: 'start', mode, directory, host: values.host ?? '127.0.0.1', apache, ...shapeOf(values) };
}

function composeOf(values: Values, node: string | undefined): ComposeCluster {
  const mode = modeOf(values);
  if (mode === undefined) throw modeWanted('compose');
  if (node !== undefined) throw clusterProblem(`compose is of all nodes, not of "${node}" alone`, 'leave it out');
  if (values.dir !== undefined) throw clusterProblem('--dir is not for "cluster compose"', 'leave it out');
  const { tag = DEFAULT_TAG } = values;
  // What Docker takes for one; anything else would be more than a tag in the file.
  if (!/^\w[\w.-]{0,127}$/.test(tag)) throw clusterProblem(`--tag is "${tag}"`, `give one such as ${DEFAULT_TAG}`);
  return { kind: 'compose', mode, tag, ...shapeOf(values) };
}

function shapeOf(values: Values): Omit<StartCluster, 'kind' | 'mode' | 'directory' | 'host' | 'apache'> {
  return {
    nameServers: whole('--namesrvs', values.namesrvs, 1, MAX_NAME_SERVERS),
    nameServerPort: port('--namesrv-port', values['namesrv-port'], 1, 65_535 - MAX_NAME_SERVERS),
    // A broker listens two below and one above its own, and there may be four.
    brokerPort: port('--port', values.port, 3, 65_500),
    proxyPort: port('--grpc-port', values['grpc-port'], 1, 65_534),
    proxy: values.proxy === true,
    json: values.json === true,
  };
}

function modeOf({ mode }: Values): ClusterMode | undefined {
  if (mode === undefined || isClusterMode(mode)) return mode;
  throw clusterProblem(`there is no mode "${mode}"`, `use one of ${CLUSTER_MODES.join(', ')}`);
}

function modeWanted(verb: string): CodedError {
  return clusterProblem(`cluster ${verb} wants a mode`, `give --mode with one of ${CLUSTER_MODES.join(', ')}`);
}

function problem(reason: string): CodedError {
  return clusterProblem(reason, 'see rocketmq-local cluster --help');
}

/** 0 means any free ones, as in the other commands. */
function port(name: string, text: string | undefined, min: number, max: number): number | undefined {
  return text === '0' ? undefined : whole(name, text, min, max);
}

function whole(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw clusterProblem(`${name} is "${text}"`, `give a whole number from ${min} to ${max}`);
}

function isVerb(text: string): text is Verb {
  return (ACTIONS as readonly string[]).includes(text) || ['status', 'logs', 'compose'].includes(text);
}
