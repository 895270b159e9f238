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
  /** Where the group's next pull is to go to, once; memory only. */
  readonly #resets = new Map<string, Map<number, number>>();
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

  /** Where the group is, or was sent by a reset. A negative offset that a client committed says: nowhere. */
  committed(group: string, topic: string, queueId: number): number | undefined {
    const name = key(topic, group);
    const offset = this.#resets.get(name)?.get(queueId) ?? this.#committed.get(name)?.get(queueId) ?? -1;
    return offset < 0 ? undefined : offset;
  }

  /** The same of every queue in which the group has committed. */
  committedIn(group: string, topic: string): ReadonlyMap<number, number> {
    return this.#committed.get(key(topic, group)) ?? NONE;
  }

  pulled(group: string, topic: string, queueId: number): number | undefined {
    return this.#pulled.get(key(topic, group))?.get(queueId);
  }

  /** Sends the group to an offset: its next pull is told so, and until then it commits nothing. */
  reset(group: string, topic: string, queueId: number, offset: number): void {
    set(this.#resets, key(topic, group), queueId, offset);
    this.commit(group, topic, queueId, offset);
  }

  isReset(group: string, topic: string, queueId: number): boolean {
    return this.#resets.size > 0 && this.#resets.get(key(topic, group))?.has(queueId) === true;
  }

  /** The offset that the group was sent to, the first time it is asked for. */
  takeReset(group: string, topic: string, queueId: number): number | undefined {
    if (this.#resets.size === 0) return undefined;
    const name = key(topic, group);
    const queues = this.#resets.get(name);
    const offset = queues?.get(queueId);
    if (queues?.delete(queueId) === true && queues.size === 0) this.#resets.delete(name);
    return offset;
  }

  /** Gives one group the offsets of another, in place of its own. */
  copy(from: string, to: string, topic: string): void {
    const offsets = this.#committed.get(key(topic, from));
    if (offsets === undefined) return;
    this.#committed.set(key(topic, to), new Map(offsets));
    this.#version.next();
    this.#file.saveLater();
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
    this.#deleteWhere((name) => name.endsWith(`@${group}`));
  }

  deleteTopic(topic: string): void {
    this.#deleteWhere((name) => name.startsWith(`${topic}@`));
  }

  deleteTopics(topics: ReadonlySet<string>): void {
    this.#deleteWhere((name) => topics.has(name.slice(0, name.indexOf('@'))));
  }

  /** Offsets of another broker, given as `encode` gives them; groups that it does not know keep theirs. */
  takeOver(content: Buffer): void {
    this.#decode(content);
    this.#file.saveLater();
  }

  encode(): Buffer {
    return Buffer.from(stringifyFastjson({ dataVersion: this.#version.current, offsetTable: this.#committed }));
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

  #deleteWhere(isMeant: (name: string) => boolean): void {
    for (const table of [this.#committed, this.#pulled, this.#resets]) {
      for (const name of table.keys()) if (isMeant(name)) table.delete(name);
    }
    this.#version.next();
    this.#file.saveLater();
  }
}

const NONE: ReadonlyMap<number, number> = new Map();

function key(topic: string, group: string): string {
  return `${topic}@${group}`;
}

function set(table: Map<string, Map<number, number>>, name: string, queueId: number, offset: number): void {
  let queues = table.get(name);
  if (queues === undefined) table.set(name, (queues = new Map<number, number>()));
  queues.set(queueId, offset);
}
