import { CodedError } from '../base/errors.ts';
import type { ChannelTls } from '../remoting/grpc/grpcChannel.ts';
import type { ClusterSetting, ConnectionSetting, EndpointSetting } from './settings.ts';

export type ConnectionScope = 'user' | 'workspace';

interface ConnectionOf<Scope> {
  /** `local`, or the scope and the name (of a local cluster its directory): stable over reloads. */
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
}

/** To the NameServers of a cluster: `local` is the local broker, `cluster` a local one of this window, `docker` in containers. */
export interface ClusterConnection extends ConnectionOf<ConnectionScope | 'local' | 'cluster' | 'docker'> {
  readonly nameServers: string;
  /** Of a local cluster. */
  readonly directory?: string;
  /** Version of Apache RocketMQ, whose servers a local cluster runs; undefined when they are ours. */
  readonly apache?: string | undefined;
  /** Of containers. */
  readonly composeFile?: string;
  readonly endpoint?: undefined;
}

/** To a proxy that speaks gRPC, which lists nothing of its cluster. */
export interface EndpointConnection extends ConnectionOf<ConnectionScope> {
  readonly nameServers?: undefined;
  readonly directory?: undefined;
  readonly composeFile?: undefined;
  readonly endpoint: Omit<EndpointSetting, 'name'>;
}

export type ConnectionInfo = ClusterConnection | EndpointConnection;

/** Where it connects to, as people wrote it. */
export function connectionAddress(connection: ConnectionInfo): string {
  return connection.endpoint === undefined ? connection.nameServers : connection.endpoint.grpcEndpoint;
}

/** Whether the settings keep it. */
export function isKept(connection: ConnectionInfo): connection is ConnectionInfo & {
  readonly scope: ConnectionScope;
  readonly directory?: undefined;
  readonly composeFile?: undefined;
} {
  return connection.scope === 'user' || connection.scope === 'workspace';
}

/** Whether its brokers know every client: they are ours. Beside others a proxy may run, whose clients it alone knows. */
export function knowsAllClients(connection: ConnectionInfo): boolean {
  return connection.scope === 'local' || (connection.scope === 'cluster' && connection.apache === undefined);
}

/** Whether both reach the same in the same way, whatever is shown of it. */
export function connectsAlike(a: ConnectionInfo, b: ConnectionInfo): boolean {
  return connectionAddress(a) === connectionAddress(b) && a.endpoint?.tls === b.endpoint?.tls;
}

/** What a person wrote among the connections and is none. */
export interface MalformedEntry {
  readonly scope: ConnectionScope;
  /** From 0. */
  readonly index: number;
  readonly problem: CodedError;
}

export const LOCAL_CONNECTION_ID = 'local';

export function connectionId(scope: ConnectionScope | 'cluster' | 'docker', name: string): string {
  return `${scope}:${name}`;
}

/** The connections to show: those to this machine first, then those of the workspace, then those of the user. */
export function listConnections(
  local: readonly ConnectionInfo[],
  workspace: readonly ConnectionSetting[],
  user: readonly ConnectionSetting[],
): readonly ConnectionInfo[] {
  const found = new Map<string, ConnectionInfo>(local.map((connection) => [connection.id, connection]));
  for (const [scope, settings] of [['workspace', workspace] as const, ['user', user] as const]) {
    for (const setting of settings) {
      const { name } = setting;
      const id = connectionId(scope, name);
      // Of two entries with one name the first counts: the other could not be told from it.
      if (!found.has(id)) found.set(id, { id, name, scope, ...reachedBy(setting) });
    }
  }
  return [...found.values()];
}

function reachedBy(
  setting: ConnectionSetting,
): Pick<ClusterConnection, 'nameServers'> | Pick<EndpointConnection, 'endpoint'> {
  if ('nameServers' in setting) return { nameServers: setting.nameServers };
  const { grpcEndpoint, tls, topics } = setting;
  return { endpoint: { grpcEndpoint, tls, topics } };
}

/** The well-formed entries of a settings value that a person may have written by hand. */
export function readConnectionSettings(value: unknown): readonly ConnectionSetting[] {
  return Array.isArray(value) ? value.filter(isConnectionSetting).map(withDefaults) : [];
}

/** What an entry leaves out is safe: only a certificate that is trusted. */
function withDefaults(entry: WrittenSetting): ConnectionSetting {
  if (entry.grpcEndpoint === undefined) return entry;
  const { name, grpcEndpoint, tls = 'verified', topics = [] } = entry;
  return { name, grpcEndpoint, tls, topics };
}

type WrittenSetting =
  | (ClusterSetting & { readonly grpcEndpoint?: undefined })
  | (Pick<EndpointSetting, 'name' | 'grpcEndpoint'> & Partial<EndpointSetting>);

/** The others, each with what is wrong with it. A value that is no list is one of them. */
export function malformedEntries(scope: ConnectionScope, value: unknown): readonly MalformedEntry[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [{ scope, index: 0, problem: entryProblem(1, 'no-list') }];
  const entries: readonly unknown[] = value;
  return entries.flatMap((entry, index) => {
    const reason = reasonAgainst(entry, entries.slice(0, index));
    return reason === undefined ? [] : [{ scope, index, problem: entryProblem(index + 1, reason) }];
  });
}

type EntryReason = 'no-list' | 'no-object' | 'no-name' | 'no-name-servers' | 'bad-endpoint' | 'name-twice';

function entryProblem(position: number, reason: EntryReason): CodedError {
  return new CodedError('connection-entry-malformed', { position, reason });
}

function reasonAgainst(entry: unknown, before: readonly unknown[]): EntryReason | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return 'no-object';
  const { name, nameServers, grpcEndpoint, tls, topics } = entry as Partial<
    Record<keyof ClusterSetting | keyof EndpointSetting, unknown>
  >;
  if (typeof name !== 'string' || name.trim() === '') return 'no-name';
  if (grpcEndpoint === undefined && typeof nameServers !== 'string') return 'no-name-servers';
  if (grpcEndpoint !== undefined && !isEndpoint({ grpcEndpoint, nameServers, tls, topics })) return 'bad-endpoint';
  return indexOfName(before, name) >= 0 ? 'name-twice' : undefined;
}

/** Not both kinds at once. */
function isEndpoint({ grpcEndpoint, nameServers, tls, topics }: Readonly<Record<string, unknown>>): boolean {
  const isTls = tls === undefined || TLS_KINDS.includes(tls as ChannelTls);
  const areTopics =
    topics === undefined ||
    (Array.isArray(topics) && topics.every((topic) => typeof topic === 'string' && topic !== ''));
  return typeof grpcEndpoint === 'string' && nameServers === undefined && isTls && areTopics;
}

const TLS_KINDS: readonly ChannelTls[] = ['verified', 'any-certificate', 'off'];

function isConnectionSetting(value: unknown): value is WrittenSetting {
  return reasonAgainst(value, []) === undefined;
}

/**
 * The value with one connection more. Whatever else a person wrote there stays as it is.
 * @throws CodedError `connection-entry-malformed` when the value is no list
 */
export function withEntry(value: unknown, setting: ConnectionSetting): readonly unknown[] {
  return [...entriesOf(value), setting];
}

/** The value with the connection of that name changed; what else its entry has stays. @throws as `withEntry` */
export function withReplaced(value: unknown, name: string, setting: ConnectionSetting): readonly unknown[] {
  const entries = entriesOf(value);
  const at = indexOfName(entries, name);
  return entries.map((entry, index) => (index === at ? { ...(entry as object), ...setting } : entry));
}

/** The value without the connection of that name. @throws as `withEntry` */
export function withoutEntry(value: unknown, name: string): readonly unknown[] {
  const entries = entriesOf(value);
  const at = indexOfName(entries, name);
  return entries.filter((_, index) => index !== at);
}

function entriesOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw entryProblem(1, 'no-list');
  return value;
}

function indexOfName(entries: readonly unknown[], name: string): number {
  return entries.findIndex((entry) => isConnectionSetting(entry) && entry.name === name);
}
