import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { objectAt, readBody, textAt } from '../../protocol/bodies/read.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { ConfigFile } from '../state/configFile.ts';

/** Keys and values in namespaces, kept in `kvConfig.json`. Source: KVConfigManager.java. */
export class KvConfig implements Disposable {
  readonly #namespaces = new Map<string, Map<string, string>>();
  readonly #file: ConfigFile;

  /** @throws CodedError `store-damaged` */
  constructor(options: { readonly path: string; readonly clock: Clock; readonly logger: Logger }) {
    this.#file = new ConfigFile({ ...options, content: () => this.#encode() });
    this.#file.load((content) => {
      const tables = objectAt(readBody(content), 'configTable');
      for (const namespace of Object.keys(tables)) {
        const table = objectAt(tables, namespace);
        for (const key of Object.keys(table)) this.#table(namespace).set(key, textAt(table, key));
      }
    });
  }

  get(namespace: string, key: string): string | undefined {
    return this.#namespaces.get(namespace)?.get(key);
  }

  list(namespace: string): ReadonlyMap<string, string> | undefined {
    return this.#namespaces.get(namespace);
  }

  put(namespace: string, key: string, value: string): void {
    this.#table(namespace).set(key, value);
    this.#file.save();
  }

  delete(namespace: string, key: string): void {
    if (this.#namespaces.get(namespace)?.delete(key) === true) this.#file.save();
  }

  dispose(): void {
    this.#file.dispose();
  }

  #table(namespace: string): Map<string, string> {
    let table = this.#namespaces.get(namespace);
    if (table === undefined) this.#namespaces.set(namespace, (table = new Map<string, string>()));
    return table;
  }

  #encode(): Buffer {
    const configTable = Object.fromEntries(
      [...this.#namespaces].map(([namespace, table]) => [namespace, Object.fromEntries(table)]),
    );
    return Buffer.from(stringifyFastjson({ configTable }));
  }
}
