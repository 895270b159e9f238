import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { readUser } from '../../protocol/bodies/auth.ts';
import type { UserInfo } from '../../protocol/bodies/auth.ts';
import { objectsAt, readBody } from '../../protocol/bodies/read.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { ConfigFile } from '../state/configFile.ts';
import { byName } from './resource.ts';

const USER_TYPES = ['Super', 'Normal'] as const;
const USER_STATUSES = ['enable', 'disable'] as const;

export interface User extends UserInfo {
  readonly userType: (typeof USER_TYPES)[number];
  readonly userStatus: (typeof USER_STATUSES)[number];
}

/**
 * Who may be authenticated, kept in `config/users.json`. What refuses says why, in Apache's words.
 * Source: AuthenticationMetadataManagerImpl.java, LocalAuthenticationMetadataProvider.java, which keeps the same in a
 * RocksDB `config/users`.
 */
export class Users implements Disposable {
  readonly #users = new Map<string, User>();
  readonly #file: ConfigFile;

  /** @throws CodedError `store-damaged` */
  constructor(options: { readonly path: string; readonly clock: Clock; readonly logger: Logger }) {
    this.#file = new ConfigFile({
      ...options,
      content: () => Buffer.from(stringifyFastjson({ users: [...this.#users.values()] })),
    });
    this.#file.load((content) => {
      for (const json of objectsAt(readBody(content), 'users')) this.#set(complete(readUser(json)));
    });
  }

  get(username: string): User | undefined {
    return this.#users.get(username);
  }

  /** Those whose name contains `filter`, by name. */
  list(filter: string): readonly User[] {
    return [...this.#users.values()]
      .filter(({ username }) => username.includes(filter))
      .sort((a, b) => Buffer.compare(Buffer.from(a.username), Buffer.from(b.username)));
  }

  /** @returns why it is refused */
  create(user: UserInfo): string | undefined {
    if (user.username.trim() === '') return 'username can not be blank';
    if (user.password.trim() === '') return 'password can not be blank';
    if (this.#users.has(user.username)) return 'The user is existed';
    this.#set(complete(user));
    this.#file.save();
    return undefined;
  }

  /** Changes what is not empty. @returns why it is refused */
  update(user: UserInfo): string | undefined {
    const old = this.#users.get(user.username);
    if (old === undefined) return 'The user is not exist';
    this.#set({
      username: old.username,
      password: user.password.trim() === '' ? old.password : user.password,
      userType: userType(user) ?? old.userType,
      userStatus: byName(USER_STATUSES, user.userStatus) ?? old.userStatus,
    });
    this.#file.save();
    return undefined;
  }

  delete(username: string): void {
    if (this.#users.delete(username)) this.#file.save();
  }

  dispose(): void {
    this.#file.dispose();
  }

  #set(user: User): void {
    this.#users.set(user.username, user);
  }
}

export function userType(user: UserInfo): User['userType'] | undefined {
  return byName(USER_TYPES, user.userType);
}

function complete(user: UserInfo): User {
  return {
    ...user,
    userType: userType(user) ?? 'Normal',
    userStatus: byName(USER_STATUSES, user.userStatus) ?? 'enable',
  };
}
