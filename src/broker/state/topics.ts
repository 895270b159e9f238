import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { sameDataVersion } from '../../protocol/bodies/dataVersion.ts';
import { Perm } from '../../protocol/bodies/route.ts';
import { decodeTopicTable, encodeTopicTable, topicConfig } from '../../protocol/bodies/topic.ts';
import type { TopicConfig, TopicTable } from '../../protocol/bodies/topic.ts';
import { AUTO_CREATE_TOPIC, RETRY_PREFIX } from '../../protocol/topicName.ts';
import { ConfigFile } from './configFile.ts';
import { TableVersion } from './version.ts';

/** Most queues of a topic. Ours, far beyond any use: statistics name every queue. */
export const MAX_QUEUES = 65_536;

/** The broker's topics, kept in `config/topics.json`. Source: TopicConfigManager.java; broker sheet §2. */
export class Topics implements Disposable {
  readonly #configs = new Map<string, TopicConfig>();
  readonly #version: TableVersion;
  readonly #file: ConfigFile;
  readonly #autoCreate: () => boolean;

  /** @throws CodedError `store-damaged` */
  constructor(options: {
    readonly path: string;
    readonly clock: Clock;
    readonly logger: Logger;
    /** Where it is off at the start, the template of new topics is not known either, though an earlier run saved it. */
    readonly autoCreate: () => boolean;
  }) {
    this.#version = new TableVersion(options.clock);
    this.#autoCreate = options.autoCreate;
    this.#file = new ConfigFile({ ...options, content: () => encodeTopicTable(this.table()) });
    const saved = this.#file.load(decodeTopicTable);
    if (saved === undefined) return;
    this.#version.restore(saved.dataVersion);
    for (const [name, config] of saved.topics) this.#configs.set(name, config);
    if (!options.autoCreate()) this.#configs.delete(AUTO_CREATE_TOPIC);
  }

  get(topic: string): TopicConfig | undefined {
    return this.#configs.get(topic);
  }

  names(): IterableIterator<string> {
    return this.#configs.keys();
  }

  get size(): number {
    return this.#configs.size;
  }

  /** Everything, or the rows of some topics under the same version. */
  table(only?: Iterable<string>): TopicTable {
    if (only === undefined) return { dataVersion: this.#version.current, topics: this.#configs };
    const topics = new Map<string, TopicConfig>();
    for (const name of only) {
      const config = this.#configs.get(name);
      if (config !== undefined) topics.set(name, config);
    }
    return { dataVersion: this.#version.current, topics };
  }

  /** Adds what is not there yet, for the topics every broker has. */
  addMissing(configs: Iterable<TopicConfig>): void {
    let added = false;
    for (const config of configs) {
      if (this.#configs.has(config.topicName)) continue;
      this.#configs.set(config.topicName, config);
      added = true;
    }
    if (added) this.#file.save();
  }

  /** All topics of another broker, in place of those here. */
  takeOver({ dataVersion, topics }: TopicTable): void {
    if (sameDataVersion(dataVersion, this.#version.current)) return;
    this.#configs.clear();
    for (const [name, config] of topics) this.#configs.set(name, config);
    this.#version.restore(dataVersion);
    this.#file.save();
  }

  put(config: TopicConfig): void {
    this.#configs.set(config.topicName, config);
    this.#version.next();
    this.#file.save();
  }

  /** The topics mean something else than before, as with another permission of the broker. */
  touch(): void {
    this.#version.next();
    this.#file.save();
  }

  /** Resolves when all changes before are on disk. */
  synced(): Promise<void> {
    return this.#file.synced();
  }

  /** @returns false when there was none */
  delete(topic: string): boolean {
    if (!this.#configs.delete(topic)) return false;
    this.#version.next();
    this.#file.save();
    return true;
  }

  /**
   * A topic for a message to an unknown one: from the template that the sender names, where that may be inherited
   * from; a retry topic always.
   * @returns undefined when it may not be created
   */
  createOnSend(topic: string, template: string, wantedQueueNums: number): TopicConfig | undefined {
    const mayInherit = template !== AUTO_CREATE_TOPIC || this.#autoCreate();
    const model = mayInherit ? this.#configs.get(template) : undefined;
    if (model !== undefined && (model.perm & Perm.INHERIT) !== 0) {
      const queueNums = Math.max(0, Math.min(wantedQueueNums, model.writeQueueNums));
      const config = topicConfig({
        topicName: topic,
        readQueueNums: queueNums,
        writeQueueNums: queueNums,
        perm: model.perm & ~Perm.INHERIT,
        topicFilterType: model.topicFilterType,
      });
      this.put(config);
      return config;
    }
    return topic.startsWith(RETRY_PREFIX) ? this.ensure(topic, 1).config : undefined;
  }

  /**
   * A retry or dead-letter topic: readable and writable, with that many queues, and ordered or as it was.
   * `changed` when there was none like that.
   */
  ensure(
    topic: string,
    queueNums: number,
    order?: boolean,
  ): { readonly config: TopicConfig; readonly changed: boolean } {
    const known = this.#configs.get(topic);
    if (known !== undefined && (order ?? known.order) === known.order) return { config: known, changed: false };
    const config: TopicConfig = {
      ...(known ?? topicConfig({ topicName: topic, readQueueNums: queueNums, writeQueueNums: queueNums })),
      ...(order === undefined ? {} : { order }),
    };
    this.put(config);
    return { config, changed: true };
  }

  /** Resolves when all changes are in the file; undefined when they are. */
  saved(): Promise<unknown> | undefined {
    return this.#file.saved();
  }

  dispose(): void {
    this.#file.dispose();
  }
}
