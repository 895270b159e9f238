import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { parseProperties } from '../base/properties.ts';
import type { DataVersion } from '../protocol/bodies/dataVersion.ts';
import { keepInConfFile } from './confFile.ts';
import { configText } from './config.ts';
import type { BrokerConfig, NameServerConfig, ReadSettings } from './config.ts';
import { TableVersion } from './state/version.ts';
import { onlyAtStart } from './settings/onlyAtStart.ts';

interface RunningSettingsOptions<T extends BrokerConfig | NameServerConfig> {
  readonly values: T;
  readonly read: (content: string) => ReadSettings<T>;
  /** What Apache knows, with its defaults. */
  readonly apache: ReadonlyMap<string, string>;
  /** Keys that may never be changed. */
  readonly fixed: readonly string[];
  /** More of them, with semicolons between, as the settings name them. */
  readonly blackList: (values: T) => string;
  /** The file that the settings came from; what is changed is kept there. */
  readonly confFile: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a change came to. */
interface SettingsChange {
  /** A key of the black list was among them, so nothing changed. */
  readonly isForbidden: boolean;
  readonly changed: readonly string[];
  /** Changed for the next start. */
  readonly later: readonly string[];
}

/** The settings of a running broker or NameServer, which tools read and change. Source: Configuration.java. */
export class RunningSettings<T extends BrokerConfig | NameServerConfig> {
  /** Read by everybody at every use: a change is seen at once. */
  readonly values: T;
  readonly #options: RunningSettingsOptions<T>;
  readonly #version: TableVersion;

  constructor(options: RunningSettingsOptions<T>) {
    this.#options = options;
    this.values = { ...options.values };
    this.#version = new TableVersion(options.clock);
  }

  /** What only the start could tell, as a free port. */
  found(values: Partial<T>): void {
    Object.assign(this.values, values);
  }

  get version(): DataVersion {
    return this.#version.current;
  }

  text(): string {
    return configText(this.values, this.#options.apache);
  }

  /**
   * Takes `key=value` lines. Keys that nothing obeys are passed over, as in Apache's servers.
   * @throws CodedError `config-invalid` with key, value and reason; nothing changed then
   */
  update(content: string): SettingsChange {
    const { read, fixed, blackList, logger } = this.#options;
    const given = parseProperties(content);
    const forbidden = [...fixed, ...blackList(this.values).split(';')];
    if (forbidden.some((key) => given.has(key))) return { isForbidden: true, changed: [], later: [] };
    const { settings, ignored, unknown } = read(content);
    const keys = Object.keys(settings);
    const later = keys.filter((key) => onlyAtStart.has(key));
    for (const key of keys) {
      if (!onlyAtStart.has(key)) Reflect.set(this.values, key, Reflect.get(settings, key));
    }
    this.#version.next();
    for (const key of keys)
      logger.info(`setting ${key}=${given.get(key) ?? ''}${later.includes(key) ? ', from the next start on' : ''}`);
    const idle = [...ignored, ...unknown];
    if (idle.length > 0) logger.warn(`these keys were to be changed and are not obeyed: ${idle.join(', ')}`);
    this.#keep(new Map([...given].filter(([key]) => keys.includes(key))));
    return { isForbidden: false, changed: keys.filter((key) => !later.includes(key)), later };
  }

  #keep(changes: ReadonlyMap<string, string>): void {
    const { confFile, logger } = this.#options;
    if (changes.size === 0) return;
    if (confFile === undefined) {
      logger.warn('changed settings last until the stop: there is no configuration file to keep them in');
      return;
    }
    try {
      keepInConfFile(confFile, changes);
    } catch (error) {
      logger.error(`changed settings cannot be kept in ${confFile}: ${errorText(error)}`, error);
    }
  }
}
