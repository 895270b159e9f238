import { CodedError } from '../base/errors.ts';
import type { ConnectionSetting } from './settings.ts';

export type ConnectionScope = 'user' | 'workspace';

export interface ConnectionInfo {
  /** `local`, or the scope and the name: stable over reloads. */
  readonly id: string;
  readonly name: string;
  readonly nameServers: string;
  readonly scope: ConnectionScope | 'local';
}

/** What a person wrote among the connections and is none. */
export interface MalformedEntry {
  readonly scope: ConnectionScope;
  /** From 0. */
  readonly index: number;
  readonly problem: CodedError;
}

export const LOCAL_CONNECTION_ID = 'local';

export function connectionId(scope: ConnectionScope, name: string): string {
  return `${scope}:${name}`;
}

/** The connections to show: the local broker's first, then those of the workspace, then those of the user. */
export function listConnections(
  local: ConnectionInfo | undefined,
  workspace: readonly ConnectionSetting[],
  user: readonly ConnectionSetting[],
): readonly ConnectionInfo[] {
  const found = new Map<string, ConnectionInfo>();
  if (local !== undefined) found.set(local.id, local);
  for (const [scope, settings] of [['workspace', workspace] as const, ['user', user] as const]) {
    for (const { name, nameServers } of settings) {
      const id = connectionId(scope, name);
      // Of two entries with one name the first counts: the other could not be told from it.
      if (!found.has(id)) found.set(id, { id, name, nameServers, scope });
    }
  }
  return [...found.values()];
}

/** The well-formed entries of a settings value that a person may have written by hand. */
export function readConnectionSettings(value: unknown): readonly ConnectionSetting[] {
  return Array.isArray(value) ? value.filter(isConnectionSetting) : [];
}

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

type EntryReason = 'no-list' | 'no-object' | 'no-name' | 'no-name-servers' | 'name-twice';

function entryProblem(position: number, reason: EntryReason): CodedError {
  return new CodedError('connection-entry-malformed', { position, reason });
}

function reasonAgainst(entry: unknown, before: readonly unknown[]): EntryReason | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return 'no-object';
  const { name, nameServers } = entry as Partial<Record<keyof ConnectionSetting, unknown>>;
  if (typeof name !== 'string' || name.trim() === '') return 'no-name';
  if (typeof nameServers !== 'string') return 'no-name-servers';
  return indexOfName(before, name) >= 0 ? 'name-twice' : undefined;
}

function isConnectionSetting(value: unknown): value is ConnectionSetting {
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
