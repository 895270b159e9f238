import type { BrokerContext } from './brokerContext.ts';

/**
 * Resolves when what was appended so far is where this broker promises to have it before it answers: on disk, and at its
 * slaves. Also when that takes too long: who waits here answers success then, as Apache's broker does.
 */
export function settled({ store, replication }: BrokerContext): true | Promise<unknown> {
  const flushed = store.flushed();
  const replicated = replication.replicated();
  return flushed === true && replicated === true ? true : Promise.all([flushed, replicated]);
}

/** As `settled`, for who wrote something: nobody waits for the messages of others. `before` is where the log ended. */
export function settledSince(broker: BrokerContext, before: number): true | Promise<unknown> {
  return broker.store.reservedOffset === before ? true : settled(broker);
}
