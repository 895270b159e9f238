import { silentLogger } from '../../src/base/logger.ts';
import { MessageStore } from '../../src/broker/store/messageStore.ts';
import type { StoreOptions } from '../../src/broker/store/messageStore.ts';
import type { MessageToStore } from '../../src/broker/store/messageToStore.ts';
import { parseHostAddress } from '../../src/protocol/hostAddress.ts';
import { encodeProperties } from '../../src/protocol/messageProperty.ts';
import { FakeClock } from './fakeClock.ts';

const host = parseHostAddress('127.0.0.1:10911');

export function messageToStore(
  parts: Partial<Omit<MessageToStore, 'body'>> & { body?: string | Buffer; tag?: string },
): MessageToStore {
  const { body = 'body', tag, ...rest } = parts;
  return {
    topic: 'T',
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    properties: tag === undefined ? '' : encodeProperties([['TAGS', tag]]),
    ...rest,
    body: typeof body === 'string' ? Buffer.from(body) : body,
  };
}

/** Small files, so that tests cross their borders. */
export function openStore(directory: string, options: Partial<StoreOptions> = {}): Promise<MessageStore> {
  return MessageStore.open({
    directory,
    clock: new FakeClock(),
    logger: silentLogger,
    commitLogFileBytes: 4096,
    consumeQueueFileBytes: 20 * 16,
    index: { slots: 128, entries: 64 },
    ...options,
  });
}
