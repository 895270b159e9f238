import { TRANSACTION_GROUP } from '../../protocol/groupName.ts';
import { decodeMessage } from '../../protocol/message.ts';
import { HALF_OP_TOPIC, HALF_TOPIC } from '../../protocol/topicName.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { EndedHalves } from '../transactions/endedHalves.ts';
import { HALF_QUEUE } from '../transactions/halfMessage.ts';

/** Where a half message lies, as END_TRANSACTION names it. */
export interface HalfPlace {
  readonly tranStateTableOffset: number;
  readonly commitLogOffset: number;
}

/** How many are kept by heart; of older ones the index tells. */
const MAX_KEPT = 100_000;

/**
 * Where the half messages of gRPC producers lie, by topic and transaction id: their clients do not say it. Apache's
 * proxy forgets them after 30 s; here the newest are known by heart, and others are found by their unique key.
 * Source: ClusterTransactionService.java, AbstractTransactionService.java; gRPC sheet §5.
 */
export class OpenTransactions {
  readonly #places = new Map<string, HalfPlace>();
  /** The newest that ended: their records are still in the log. */
  readonly #ended = new Set<string>();

  /** A half message was stored, or put again, since its producer was asked. */
  opened(topic: string, transactionId: string, place: HalfPlace): void {
    const key = keyOf(topic, transactionId);
    this.#places.delete(key);
    this.#places.set(key, place);
    dropOldest(this.#places);
  }

  ended(topic: string, transactionId: string): void {
    const key = keyOf(topic, transactionId);
    this.#places.delete(key);
    this.#ended.add(key);
    dropOldest(this.#ended);
  }

  /** Undefined for one that nobody opened, or that ended. */
  async find(broker: BrokerContext, topic: string, transactionId: string): Promise<HalfPlace | undefined> {
    const key = keyOf(topic, transactionId);
    if (this.#ended.has(key)) return undefined;
    return this.#places.get(key) ?? (await findByKey(broker, transactionId));
  }
}

async function findByKey(broker: BrokerContext, transactionId: string): Promise<HalfPlace | undefined> {
  const query = { topic: HALF_TOPIC, key: transactionId, type: 'U', begin: 0, end: Number.MAX_SAFE_INTEGER } as const;
  const record = (await broker.store.query(query, 1)).records[0];
  if (record === undefined) return undefined;
  const { queueOffset, physicalOffset } = decodeMessage(record);
  if (await isSettled(broker, queueOffset)) return undefined;
  return { tranStateTableOffset: queueOffset, commitLogOffset: physicalOffset };
}

/** By how far the rounds of checks are, and by the marks behind that. */
async function isSettled({ store, offsets, endMarks }: BrokerContext, halfOffset: number): Promise<boolean> {
  if (halfOffset < (offsets.committed(TRANSACTION_GROUP, HALF_TOPIC, HALF_QUEUE) ?? 0)) return true;
  if (endMarks.has(halfOffset)) return true;
  const marksFrom = offsets.committed(TRANSACTION_GROUP, HALF_OP_TOPIC, HALF_QUEUE) ?? 0;
  return new EndedHalves(store, marksFrom).has(halfOffset, undefined);
}

function keyOf(topic: string, transactionId: string): string {
  return `${topic}\n${transactionId}`;
}

function dropOldest(table: Map<string, unknown> | Set<string>): void {
  if (table.size <= MAX_KEPT) return;
  const [oldest] = table.keys();
  if (oldest !== undefined) table.delete(oldest);
}
