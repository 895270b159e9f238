import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { Disposable } from '../../base/disposable.ts';
import { CodedError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Credentials } from '../../protocol/acl.ts';
import type { BrokerConfig } from '../config.ts';
import { Acls } from './acls.ts';
import { migrateAccounts } from './migrate.ts';
import { PlainAcl } from './plain/plainAcl.ts';
import { Users } from './users.ts';

/** Who may do what: the tables that requests are checked against. */
export interface Security extends Disposable {
  readonly users: Users;
  readonly acls: Acls;
  /** ACL 1.0, where `aclEnable` is true. */
  readonly plainAcl: PlainAcl | undefined;
  /** How this broker's own requests are signed. */
  readonly credentials: Credentials | undefined;
}

/** @throws CodedError `store-damaged`, `config-invalid` */
export async function openSecurity(parts: {
  readonly config: BrokerConfig;
  readonly storeDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<Security> {
  const { config, storeDirectory, clock, logger } = parts;
  const owned = new DisposableStore();
  try {
    const file = (name: string): string => path.join(storeDirectory, 'config', name);
    const users = owned.add(new Users({ path: file('users.json'), clock, logger }));
    const acls = owned.add(new Acls({ path: file('acls.json'), clock, logger }));
    const credentials = ownCredentials(config);
    addSuperUser(users, initialUser(config));
    addSuperUser(users, credentials);
    const home = config.rocketmqHome === '' ? storeDirectory : config.rocketmqHome;
    let plainAcl: PlainAcl | undefined;
    if (config.aclEnable || config.migrateAuthFromV1Enabled) {
      // A bundle of its own, for the few that need it: src/build/bundle.ts.
      const yaml = await import('./plain/yaml.ts');
      plainAcl = owned.add(new PlainAcl({ home, yaml, clock, logger }));
    }
    if (config.migrateAuthFromV1Enabled && plainAcl !== undefined) {
      migrateAccounts(plainAcl.rules.accounts.values(), { users, acls, logger });
    }
    return {
      users,
      acls,
      plainAcl: config.aclEnable ? plainAcl : undefined,
      credentials,
      dispose: () => owned.dispose(),
    };
  } catch (error) {
    owned.dispose();
    throw error;
  }
}

function addSuperUser(users: Users, given: Credentials | undefined): void {
  if (given === undefined || users.get(given.accessKey) !== undefined) return;
  const problem = users.create({
    username: given.accessKey,
    password: given.secretKey,
    userType: 'Super',
    userStatus: 'enable',
  });
  if (problem !== undefined) throw new CodedError('config-invalid', { key: 'initAuthenticationUser', reason: problem });
}

function initialUser({ initAuthenticationUser }: BrokerConfig): Credentials | undefined {
  return readKeys('initAuthenticationUser', initAuthenticationUser, 'username', 'password');
}

function ownCredentials({ innerClientAuthenticationCredentials: json }: BrokerConfig): Credentials | undefined {
  return readKeys('innerClientAuthenticationCredentials', json, 'accessKey', 'secretKey');
}

/** The text holds a secret: no error shows it. @throws CodedError `config-invalid` */
function readKeys(key: string, text: string, nameField: string, secretField: string): Credentials | undefined {
  if (text.trim() === '') return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own words quote the text.
    throw unreadable(key, 'it is no JSON');
  }
  const { [nameField]: accessKey, [secretField]: secretKey, securityToken } = { ...(json as Record<string, unknown>) };
  if (typeof accessKey !== 'string' || typeof secretKey !== 'string' || accessKey === '' || secretKey === '') {
    throw unreadable(key, `expected {"${nameField}":"…","${secretField}":"…"}`);
  }
  return { accessKey, secretKey, ...(typeof securityToken === 'string' ? { securityToken } : {}) };
}

function unreadable(key: string, reason: string): CodedError {
  return new CodedError('config-invalid', { key, value: '…', reason });
}
