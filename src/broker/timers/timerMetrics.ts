import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { readDataVersion } from '../../protocol/bodies/dataVersion.ts';
import { isObject, numberAt, objectAt, readBody } from '../../protocol/bodies/read.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import { ConfigFile } from '../state/configFile.ts';
import { TableVersion } from '../state/version.ts';

/** How many timer messages of each topic wait: `config/timermetrics`. Source: TimerMetrics.java. */
export class TimerMetrics implements Disposable {
  readonly #clock: Clock;
  readonly #file: ConfigFile;
  readonly #version: TableVersion;
  readonly #topics = new Map<string, { count: number; timeStamp: number }>();

  /** @throws CodedError `store-damaged` */
  constructor(options: {
    readonly path: string;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly delayMs: number;
  }) {
    this.#clock = options.clock;
    this.#version = new TableVersion(options.clock);
    this.#file = new ConfigFile({ ...options, content: () => this.encode() });
    this.#file.load((content) => this.#decode(content));
  }

  /** More of the messages wait that go to the topic of this one, or with a negative number fewer. */
  count({ properties }: StoredMessage, change: number): void {
    const topic = propertyOf(properties, PropertyName.REAL_TOPIC);
    if (topic === undefined) return;
    const before = this.#topics.get(topic)?.count;
    // Those of a topic that was deleted were forgotten with it.
    if (before === undefined && change < 0) return;
    this.#topics.set(topic, { count: (before ?? 0) + change, timeStamp: this.#clock.now() });
    this.#version.next();
    this.#file.saveLater();
  }

  forget(topic: string): void {
    if (this.#topics.delete(topic)) this.#file.saveLater();
  }

  /** How many wait at another broker, given as `encode` gives it. */
  takeOver(content: Buffer): void {
    this.#topics.clear();
    this.#decode(content);
    this.#file.saveLater();
  }

  encode(): Buffer {
    return Buffer.from(
      stringifyFastjson({ dataVersion: this.#version.current, timingCount: Object.fromEntries(this.#topics) }),
    );
  }

  dispose(): void {
    this.#file.dispose();
  }

  #decode(content: Buffer): void {
    const json = readBody(content);
    for (const [topic, metric] of Object.entries(objectAt(json, 'timingCount'))) {
      if (!isObject(metric)) continue;
      this.#topics.set(topic, { count: numberAt(metric, 'count'), timeStamp: numberAt(metric, 'timeStamp') });
    }
    this.#version.restore(readDataVersion(json['dataVersion']));
  }
}
