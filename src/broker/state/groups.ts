import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeGroupTable, encodeGroupTable, groupConfig } from '../../protocol/bodies/group.ts';
import type { GroupTable, SubscriptionGroupConfig } from '../../protocol/bodies/group.ts';
import { GROUPS_OF_BROKER } from '../../protocol/groupName.ts';
import { groupNameProblem } from '../../protocol/topicName.ts';
import { ConfigFile } from './configFile.ts';
import { TableVersion } from './version.ts';

/** Settings of consumer groups, kept in `config/subscriptionGroup.json`; broker sheet §4. */
export class Groups implements Disposable {
  readonly #configs = new Map<string, SubscriptionGroupConfig>();
  readonly #version: TableVersion;
  readonly #file: ConfigFile;
  readonly #autoCreate: () => boolean;

  /** @throws CodedError `store-damaged` */
  constructor(options: {
    readonly path: string;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly autoCreate: () => boolean;
  }) {
    this.#autoCreate = options.autoCreate;
    this.#version = new TableVersion(options.clock);
    this.#file = new ConfigFile({ ...options, content: () => encodeGroupTable(this.table()) });
    const saved = this.#file.load(decodeGroupTable);
    this.#version.restore(saved?.dataVersion);
    for (const groupName of GROUPS_OF_BROKER) this.#configs.set(groupName, groupConfig({ groupName }));
    for (const [name, config] of saved?.groups ?? []) this.#configs.set(name, config);
  }

  get size(): number {
    return this.#configs.size;
  }

  has(group: string): boolean {
    return this.#configs.has(group);
  }

  /** False for a group that an operator told not to; a group without settings has the default. */
  tellsMembers(group: string): boolean {
    return this.#configs.get(group)?.notifyConsumerIdsChangedEnable ?? true;
  }

  names(): IterableIterator<string> {
    return this.#configs.keys();
  }

  table(): GroupTable {
    return { dataVersion: this.#version.current, groups: this.#configs };
  }

  /** The group's settings; an unknown group with a legal name begins to exist where auto-creation is on. */
  find(group: string): SubscriptionGroupConfig | undefined {
    const known = this.#configs.get(group);
    if (known !== undefined || !this.#autoCreate() || groupNameProblem(group) !== undefined) return known;
    const config = groupConfig({ groupName: group });
    this.put(config);
    return config;
  }

  put(config: SubscriptionGroupConfig): void {
    this.#configs.set(config.groupName, config);
    this.#version.next();
    this.#file.save();
  }

  /** @returns false when there was none */
  delete(group: string): boolean {
    if (!this.#configs.delete(group)) return false;
    this.#version.next();
    this.#file.save();
    return true;
  }

  dispose(): void {
    this.#file.dispose();
  }
}
