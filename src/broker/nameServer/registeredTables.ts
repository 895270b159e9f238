import { decodeRegistration } from '../../protocol/bodies/topic.ts';
import type { TopicTable } from '../../protocol/bodies/topic.ts';

interface Read {
  readonly body: Buffer;
  readonly table: TopicTable;
}

/**
 * Brokers tell all their topics every half minute, most often the same as before: the same bytes are not read again,
 * since those of ten thousand topics take a while.
 */
export class RegisteredTables {
  /** By the connection that they came through. */
  readonly #last = new WeakMap<object, Read>();

  /** @throws CodedError `json-illegal` */
  read(owner: object, body: Buffer): TopicTable {
    const last = this.#last.get(owner);
    if (last?.body.equals(body) === true) return last.table;
    const { table } = decodeRegistration(body);
    this.#last.set(owner, { body: Buffer.from(body), table });
    return table;
  }
}
