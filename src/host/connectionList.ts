import type { ConnectionSetting } from './settings.ts';

export type ConnectionScope = 'user' | 'workspace';

export interface ConnectionInfo {
  /** `local`, or the scope and the name: stable over reloads. */
  readonly id: string;
  readonly name: string;
  readonly nameServers: string;
  readonly scope: ConnectionScope | 'local';
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

function isConnectionSetting(value: unknown): value is ConnectionSetting {
  if (typeof value !== 'object' || value === null) return false;
  const { name, nameServers } = value as Partial<Record<keyof ConnectionSetting, unknown>>;
  return typeof name === 'string' && name.trim() !== '' && typeof nameServers === 'string';
}
