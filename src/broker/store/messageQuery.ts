import { decodeMessage } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import type { CommitLog } from './commitLog.ts';
import type { KeyIndex, KeyQuery } from './keyIndex.ts';

/** An answer must fit a frame of clients: 16 MiB less its header. Source: NettySystemConfig, frameMaxLength. */
const MAX_ANSWER_BYTES = 15 * 1024 * 1024;

export interface QueryResult {
  readonly records: readonly Buffer[];
  /** Of the newest message in the index; 0 when nothing was found, as Apache has it. */
  readonly indexLastUpdateTimestamp: number;
  readonly indexLastUpdateOffset: number;
}

/**
 * Apache selects the newest messages and gives them in the order of the log. The index knows hashes and full seconds
 * only, so that each record is looked at. Source: DefaultMessageStore.queryMessage; broker sheet §15.
 */
export async function queryMessages(
  log: CommitLog,
  index: KeyIndex | undefined,
  query: KeyQuery,
  maxMessages: number,
): Promise<QueryResult> {
  const found = new Map<number, Buffer>();
  let sizeBytes = 0;
  if (index !== undefined && maxMessages > 0) {
    for await (const offset of index.offsets(query)) {
      if (offset < log.start) break;
      if (found.has(offset)) continue;
      const record = await log.record(offset);
      if (record === undefined || !isWanted(decodeMessage(record), query)) continue;
      if (found.size > 0 && sizeBytes + record.length > MAX_ANSWER_BYTES) break;
      found.set(offset, record);
      sizeBytes += record.length;
      if (found.size >= maxMessages) break;
    }
  }
  const isEmpty = found.size === 0 || index === undefined;
  return {
    records: [...found.values()].reverse(),
    indexLastUpdateTimestamp: isEmpty ? 0 : index.endTimestamp,
    indexLastUpdateOffset: isEmpty ? 0 : index.endOffset,
  };
}

function isWanted({ topic, storeTimestamp, properties }: StoredMessage, query: KeyQuery): boolean {
  if (topic !== query.topic || storeTimestamp < query.begin || storeTimestamp > query.end) return false;
  if (query.type === 'T') return propertyOf(properties, PropertyName.TAGS) === query.key;
  return (
    propertyOf(properties, PropertyName.UNIQUE_KEY) === query.key ||
    propertyOf(properties, PropertyName.KEYS)?.split(' ').includes(query.key) === true
  );
}
