import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { readDataVersion } from '../../protocol/bodies/dataVersion.ts';
import { numberAt, objectAt, readBody } from '../../protocol/bodies/read.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { ConfigFile } from './configFile.ts';
import { TableVersion } from './version.ts';

/**
 * How far each group is in each queue, kept in `config/consumerOffset.json`:
 * `{"offsetTable":{"topic@group":{0:7}}}`. Source: ConsumerOffsetManager.java; broker sheet §8.
 */
export class ConsumerOffsets implements Disposable {
  readonly #committed = new Map<string, Map<number, number>>();
  /** Where the group's next pull begins; memory only. */
  readonly #pulled = new Map<string, Map<number, number>>();
  readonly #version: TableVersion;
  readonly #file: ConfigFile;

  /** @throws CodedError `store-damaged` */
  constructor(options: {
    readonly path: string;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly delayMs: number;
  }) {
    this.#version = new TableVersion(options.clock);
    this.#file = new ConfigFile({ ...options, content: () => this.encode() });
    this.#file.load((content) => this.#decode(content));
  }

  committed(group: string, topic: string, queueId: number): number | undefined {
    return this.#committed.get(key(topic, group))?.get(queueId);
  }

  pulled(group: string, topic: string, queueId: number): number | undefined {
    return this.#pulled.get(key(topic, group))?.get(queueId);
  }

  /** A smaller offset is taken as well: a client may go back. */
  commit(group: string, topic: string, queueId: number, offset: number): void {
    set(this.#committed, key(topic, group), queueId, offset);
    this.#version.next();
    this.#file.saveLater();
  }

  notePull(group: string, topic: string, queueId: number, nextOffset: number): void {
    set(this.#pulled, key(topic, group), queueId, nextOffset);
  }

  /** Topics in which the group has offsets. */
  topicsOf(group: string): string[] {
    return this.#namesBeside((name) => (name.endsWith(`@${group}`) ? name.slice(0, -group.length - 1) : undefined));
  }

  /** Groups that have offsets in the topic. */
  groupsOf(topic: string): string[] {
    return this.#namesBeside((name) => (name.startsWith(`${topic}@`) ? name.slice(topic.length + 1) : undefined));
  }

  deleteGroup(group: string): void {
    for (const topic of this.topicsOf(group)) this.#delete(key(topic, group));
  }

  deleteTopic(topic: string): void {
    for (const group of this.groupsOf(topic)) this.#delete(key(topic, group));
  }

  encode(): Buffer {
    const offsetTable = Object.fromEntries(this.#committed);
    return Buffer.from(stringifyFastjson({ dataVersion: this.#version.current, offsetTable }));
  }

  dispose(): void {
    this.#file.dispose();
  }

  #decode(content: Buffer): void {
    const json = readBody(content);
    const table = objectAt(json, 'offsetTable');
    for (const name of Object.keys(table)) {
      const queues = objectAt(table, name);
      for (const queueId of Object.keys(queues)) {
        set(this.#committed, name, Number(queueId), numberAt(queues, queueId));
      }
    }
    this.#version.restore(readDataVersion(json['dataVersion']));
  }

  #namesBeside(pick: (name: string) => string | undefined): string[] {
    return [...this.#committed.keys()].flatMap((name) => pick(name) ?? []);
  }

  #delete(name: string): void {
    this.#committed.delete(name);
    this.#pulled.delete(name);
    this.#version.next();
    this.#file.saveLater();
  }
}

function key(topic: string, group: string): string {
  return `${topic}@${group}`;
}

function set(table: Map<string, Map<number, number>>, name: string, queueId: number, offset: number): void {
  let queues = table.get(name);
  if (queues === undefined) table.set(name, (queues = new Map<number, number>()));
  queues.set(queueId, offset);
}
