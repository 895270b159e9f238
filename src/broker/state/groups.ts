import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeGroupTable, encodeGroupTable, groupConfig } from '../../protocol/bodies/group.ts';
import type { GroupTable, SubscriptionGroupConfig } from '../../protocol/bodies/group.ts';
import { GROUPS_OF_BROKER } from '../../protocol/groupName.ts';
import { sameDataVersion } from '../../protocol/bodies/dataVersion.ts';
import type { DataVersion } from '../../protocol/bodies/dataVersion.ts';
import { groupNameProblem } from '../../protocol/topicName.ts';
import { ConfigFile } from './configFile.ts';
import { TableVersion } from './version.ts';

/** Index 2 of the bits that 353 takes away. Source: PermName.java, INDEX_PERM_READ. */
const READ_BIT = 1 << 2;

/** Settings of consumer groups, kept in `config/subscriptionGroup.json`; broker sheet §4. */
export class Groups implements Disposable {
  readonly #configs = new Map<string, SubscriptionGroupConfig>();
  /** By group and topic, the bits that are taken away. */
  readonly #forbidden = new Map<string, Map<string, number>>();
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
    for (const [name, topics] of saved?.forbidden ?? []) this.#forbidden.set(name, new Map(topics));
  }

  get size(): number {
    return this.#configs.size;
  }

  has(group: string): boolean {
    return this.#configs.has(group);
  }

  /** The group's settings as they are. */
  get(group: string): SubscriptionGroupConfig | undefined {
    return this.#configs.get(group);
  }

  /** False for a group that an operator told not to; a group without settings has the default. */
  tellsMembers(group: string): boolean {
    return this.#configs.get(group)?.notifyConsumerIdsChangedEnable ?? true;
  }

  names(): IterableIterator<string> {
    return this.#configs.keys();
  }

  table(): GroupTable {
    return { dataVersion: this.#version.current, groups: this.#configs, forbidden: this.#forbidden };
  }

  /**
   * A page of the groups by name, and what is forbidden to them. A reader that began with another version begins anew.
   * Source: SubscriptionGroupManager.java, subGroupTable.
   */
  page(known: DataVersion | undefined, from: number, count: number): GroupTable {
    const version = this.#version.current;
    const first = sameDataVersion(known, version) ? Math.max(0, from) : 0;
    const groups = new Map(
      [...this.#configs].sort(([a], [b]) => (a < b ? -1 : 1)).slice(first, first + Math.max(0, count)),
    );
    const forbidden = new Map([...this.#forbidden].filter(([name]) => groups.has(name)));
    return { dataVersion: version, groups, forbidden };
  }

  /** May the group not read the topic? */
  isReadForbidden(group: string, topic: string): boolean {
    if (this.#forbidden.size === 0) return false;
    return ((this.#forbidden.get(group)?.get(topic) ?? 0) & READ_BIT) !== 0;
  }

  /** Taking the last bit of a topic back permits the group every topic, as Apache's broker does it. */
  setReadForbidden(group: string, topic: string, isForbidden: boolean): void {
    const before = this.#forbidden.get(group)?.get(topic) ?? 0;
    const bits = isForbidden ? before | READ_BIT : before & ~READ_BIT;
    if (bits <= 0) this.#forbidden.delete(group);
    else this.#forbidden.set(group, new Map(this.#forbidden.get(group)).set(topic, bits));
    this.#version.next();
    this.#file.save();
  }

  /** The group's settings; an unknown group with a legal name begins to exist where auto-creation is on. */
  find(group: string): SubscriptionGroupConfig | undefined {
    const known = this.#configs.get(group);
    if (known !== undefined || !this.#autoCreate() || groupNameProblem(group) !== undefined) return known;
    const config = groupConfig({ groupName: group });
    this.put(config);
    return config;
  }

  /** All groups of another broker, in place of those here. */
  takeOver({ dataVersion, groups, forbidden }: GroupTable): void {
    if (sameDataVersion(dataVersion, this.#version.current)) return;
    this.#configs.clear();
    this.#forbidden.clear();
    for (const [name, config] of groups) this.#configs.set(name, config);
    for (const [name, topics] of forbidden) this.#forbidden.set(name, new Map(topics));
    this.#version.restore(dataVersion);
    this.#file.save();
  }

  put(...configs: readonly SubscriptionGroupConfig[]): void {
    for (const config of configs) this.#configs.set(config.groupName, config);
    this.#version.next();
    this.#file.save();
  }

  /** @returns false when there was none */
  delete(group: string): boolean {
    this.#forbidden.delete(group);
    if (!this.#configs.delete(group)) return false;
    this.#version.next();
    this.#file.save();
    return true;
  }

  /** Resolves when all changes are in the file; undefined when they are. */
  saved(): Promise<unknown> | undefined {
    return this.#file.saved();
  }

  dispose(): void {
    this.#file.dispose();
  }
}
