import { textAt } from '../../protocol/bodies/read.ts';
import { Perm } from '../../protocol/bodies/route.ts';
import type { QueueData } from '../../protocol/bodies/route.ts';
import type { TopicConfig, TopicTable } from '../../protocol/bodies/topic.ts';
import type { FastjsonObject } from '../../protocol/fastjson.ts';

/** What a broker's table changes. */
export interface TopicMerge {
  /** Otherwise only topics that are new count. */
  readonly changed: boolean;
  /** As of a slave that stands in for its master. */
  readonly withoutWrite: boolean;
  /** Topics that the table leaves out are gone. */
  readonly isWhole: boolean;
}

/** Which broker has which queues of which topic. Source: RouteInfoManager.java, topicQueueTable. */
export class TopicQueues {
  /** topic → brokerName → queues */
  readonly #topics = new Map<string, Map<string, QueueData>>();
  /** topic → brokerName → how the queues of a static topic lie there */
  readonly #mappings = new Map<string, Map<string, FastjsonObject>>();

  of(topic: string): QueueData[] {
    return [...(this.#topics.get(topic)?.values() ?? [])];
  }

  mappingsOf(topic: string): ReadonlyMap<string, FastjsonObject> | undefined {
    return this.#mappings.get(topic);
  }

  topics(): string[] {
    return [...this.#topics.keys()];
  }

  topicsWhere(test: (queues: ReadonlyMap<string, QueueData>) => boolean): string[] {
    return [...this.#topics].filter(([, queues]) => test(queues)).map(([topic]) => topic);
  }

  put(topic: string, queues: readonly QueueData[]): void {
    const known = this.#obtain(topic);
    for (const queue of queues) known.set(queue.brokerName, queue);
  }

  merge(brokerName: string, table: TopicTable, { changed, withoutWrite, isWhole }: TopicMerge): void {
    if (isWhole) {
      for (const [topic, queues] of this.#topics) {
        if (!table.topics.has(topic) && queues.delete(brokerName) && queues.size === 0) this.#topics.delete(topic);
      }
    }
    for (const config of table.topics.values()) {
      const queues = this.#obtain(config.topicName);
      if (changed || !queues.has(brokerName)) queues.set(brokerName, queueData(brokerName, config, withoutWrite));
    }
    for (const [topic, mapping] of changed ? (table.mappings ?? []) : []) {
      let byBroker = this.#mappings.get(topic);
      if (byBroker === undefined) this.#mappings.set(topic, (byBroker = new Map<string, FastjsonObject>()));
      byBroker.set(textAt(mapping, 'bname'), mapping);
    }
  }

  /** Takes the topic from some brokers, or from all. */
  delete(topic: string, brokerNames: Iterable<string> | undefined): void {
    const queues = this.#topics.get(topic);
    if (queues === undefined) return;
    for (const name of brokerNames ?? [...queues.keys()]) queues.delete(name);
    if (queues.size === 0) this.#topics.delete(topic);
  }

  deleteBroker(brokerName: string): void {
    for (const [topic, queues] of this.#topics) {
      queues.delete(brokerName);
      if (queues.size === 0) this.#topics.delete(topic);
    }
  }

  /** Takes the write permission of a broker from all its topics, or gives it back. @returns how many topics */
  setWritable(brokerName: string, isWritable: boolean): number {
    let count = 0;
    for (const queues of this.#topics.values()) {
      const data = queues.get(brokerName);
      if (data === undefined) continue;
      queues.set(brokerName, { ...data, perm: isWritable ? Perm.READ | Perm.WRITE : data.perm & ~Perm.WRITE });
      count += 1;
    }
    return count;
  }

  #obtain(topic: string): Map<string, QueueData> {
    let queues = this.#topics.get(topic);
    if (queues === undefined) this.#topics.set(topic, (queues = new Map<string, QueueData>()));
    return queues;
  }
}

function queueData(brokerName: string, config: TopicConfig, withoutWrite: boolean): QueueData {
  return {
    brokerName,
    readQueueNums: config.readQueueNums,
    writeQueueNums: config.writeQueueNums,
    perm: withoutWrite ? config.perm & ~Perm.WRITE : config.perm,
    topicSysFlag: config.topicSysFlag,
  };
}
