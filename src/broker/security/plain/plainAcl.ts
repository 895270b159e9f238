import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type { Disposable } from '../../../base/disposable.ts';
import { CodedError, errorText } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { account, checkKeys, readAccount, texts } from './account.ts';
import type { Account, AccountConfig } from './account.ts';
import { permProblem } from './permission.ts';
import type { PlainRules } from './plainValidator.ts';
import { addressRule } from './remoteAddress.ts';
import type { AddressRule } from './remoteAddress.ts';
import type * as yamlFile from './yaml.ts';

/** Source: AclFileWatchService.java of 4.9. */
const WATCH_MS = 5000;

export interface PlainAclOptions {
  /** What holds `conf`. */
  readonly home: string;
  readonly yaml: typeof yamlFile;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The accounts of ACL 1.0: `conf/plain_acl.yml` and what lies below `conf/acl`. A change of a file counts within
 * seconds; one that cannot be read changes nothing. Source: PlainPermissionManager.java of 4.9.
 */
export class PlainAcl implements Disposable {
  readonly #options: PlainAclOptions;
  readonly #defaultFile: string;
  readonly #watch: Disposable;
  #files: ReadonlyMap<string, Json>;
  #rules: PlainRules;
  /** Sizes and times of the files when they were last looked at, readable or not. */
  #stamp: string;

  /** @throws CodedError `store-damaged` with the file and the reason */
  constructor(options: PlainAclOptions) {
    this.#options = options;
    this.#defaultFile = path.join(options.home, 'conf', 'plain_acl.yml');
    if (!existsSync(this.#defaultFile)) {
      mkdirSync(path.dirname(this.#defaultFile), { recursive: true });
      writeFileSync(this.#defaultFile, '');
      options.logger.warn(
        `aclEnable is true, but there is no ${this.#defaultFile}: made an empty one, which lets nobody in`,
      );
    }
    this.#stamp = this.#currentStamp();
    this.#files = this.#read();
    this.#rules = rulesOf(this.#files, options.logger);
    this.#watch = options.clock.every(WATCH_MS, () => this.#reloadWhenChanged());
  }

  get rules(): PlainRules {
    return this.#rules;
  }

  get whiteAddresses(): readonly string[] {
    return [...this.#files.values()].flatMap((content) => texts(content['globalWhiteRemoteAddresses']) ?? []);
  }

  /** Adds an account, or changes what is given of one. @returns why it is refused */
  update(config: AccountConfig): string | undefined {
    try {
      checkKeys(config);
      const problem = permProblem([...(config.topicPerms ?? []), ...(config.groupPerms ?? [])]);
      if (problem !== undefined) return problem;
      const file = this.#fileOf(config.accessKey) ?? this.#defaultFile;
      const accounts = accountsOf(this.#content(file));
      const at = accounts.findIndex((known) => readAccount(known).accessKey === config.accessKey);
      const changed = { ...accounts[at], ...Object.fromEntries(given(config)) };
      account(readAccount(changed));
      // Like Apache's: what was changed last stands last.
      this.#write(file, { accounts: [...accounts.filter((_, index) => index !== at), changed] });
      return undefined;
    } catch (error) {
      return errorText(error);
    }
  }

  /** @returns whether there was such an account */
  delete(accessKey: string): boolean {
    const file = this.#fileOf(accessKey);
    if (file === undefined) return false;
    const accounts = accountsOf(this.#content(file)).filter((known) => readAccount(known).accessKey !== accessKey);
    this.#write(file, { accounts });
    return true;
  }

  /** @param file empty for the default one. @returns whether it was done: only for a file that exists below the home */
  setWhiteAddresses(addresses: readonly string[], file: string): boolean {
    const chosen = file === '' ? this.#defaultFile : path.resolve(file);
    if (!this.#files.has(chosen)) return false;
    try {
      addresses.forEach(addressRule);
    } catch (error) {
      this.#options.logger.warn(`white addresses are refused: ${errorText(error)}`);
      return false;
    }
    this.#write(chosen, { globalWhiteRemoteAddresses: addresses });
    return true;
  }

  /** The version of every file, the default one first. */
  versions(): ReadonlyMap<string, { readonly counter: number; readonly timestamp: number }> {
    const files = new Set([this.#defaultFile, ...this.#files.keys()]);
    return new Map([...files].map((file) => [file, versionOf(this.#content(file))]));
  }

  dispose(): void {
    this.#watch.dispose();
  }

  #content(file: string): Json {
    return this.#files.get(file) ?? {};
  }

  #fileOf(accessKey: string): string | undefined {
    return [...this.#files].find(([, content]) =>
      accountsOf(content).some((known) => readAccount(known).accessKey === accessKey),
    )?.[0];
  }

  #write(file: string, changes: Json): void {
    const content = this.#content(file);
    const version = { counter: versionOf(content).counter + 1, timestamp: this.#options.clock.now() };
    writeFileSync(file, this.#options.yaml.stringifyYaml({ ...content, ...changes, dataVersion: [version] }));
    this.#reload();
  }

  #reloadWhenChanged(): void {
    try {
      if (this.#currentStamp() !== this.#stamp) this.#reload();
    } catch (error) {
      this.#options.logger.error('the accounts stay as they are', error);
    }
  }

  #currentStamp(): string {
    return this.#paths()
      .map((file) => {
        const { mtimeMs, size } = statSync(file);
        return `${file} ${mtimeMs} ${size}`;
      })
      .join('\n');
  }

  #reload(): void {
    this.#stamp = this.#currentStamp();
    const files = this.#read();
    this.#rules = rulesOf(files, this.#options.logger);
    this.#files = files;
    this.#options.logger.info(`${this.#rules.accounts.size} accounts are read from ${files.size} files`);
  }

  #read(): ReadonlyMap<string, Json> {
    return new Map(
      this.#paths().map((file) => {
        try {
          const content = this.#options.yaml.parseYaml(readFileSync(file, 'utf8'), '1.1') ?? {};
          if (!isJson(content)) throw new Error('it is no map');
          return [file, content];
        } catch (error) {
          throw new CodedError('store-damaged', { path: file, reason: errorText(error) }, { cause: error });
        }
      }),
    );
  }

  #paths(): readonly string[] {
    const folder = path.join(this.#options.home, 'conf', 'acl');
    const found = existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((name) => /\.ya?ml$/.test(name))
          .map((name) => path.join(folder, name))
          .sort()
      : [];
    return existsSync(this.#defaultFile) ? [...found, this.#defaultFile] : found;
  }
}

/** @throws CodedError `store-damaged` with the file and the reason */
function rulesOf(files: ReadonlyMap<string, Json>, logger: Logger): PlainRules {
  const whiteAddresses: AddressRule[] = [];
  const accounts = new Map<string, Account>();
  for (const [file, content] of files) {
    try {
      whiteAddresses.push(...(texts(content['globalWhiteRemoteAddresses']) ?? []).map(addressRule));
      for (const json of accountsOf(content)) {
        const config = readAccount(json);
        if (accounts.has(config.accessKey)) logger.warn(`the account ${config.accessKey} of ${file} is there already`);
        else accounts.set(config.accessKey, account(config));
      }
    } catch (error) {
      throw new CodedError('store-damaged', { path: file, reason: errorText(error) }, { cause: error });
    }
  }
  return { whiteAddresses, accounts };
}

function accountsOf({ accounts }: Json): readonly Json[] {
  return Array.isArray(accounts) ? accounts.filter(isJson) : [];
}

function versionOf({ dataVersion }: Json): { counter: number; timestamp: number } {
  const first: unknown = Array.isArray(dataVersion) ? dataVersion[0] : undefined;
  return isJson(first)
    ? { counter: Number(first['counter']) || 0, timestamp: Number(first['timestamp']) || 0 }
    : { counter: 0, timestamp: 0 };
}

function given(config: AccountConfig): readonly (readonly [string, unknown])[] {
  return Object.entries(config).filter(([, value]) => value !== undefined && value !== '');
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
