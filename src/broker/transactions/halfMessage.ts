import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, decodeProperties, encodeProperties } from '../../protocol/messageProperty.ts';
import { SysFlag } from '../../protocol/sysFlag.ts';
import { HALF_TOPIC } from '../../protocol/topicName.ts';
import { realTarget } from '../realTarget.ts';
import type { MessageToStore } from '../store/messageToStore.ts';

/** Half messages lie in one queue, whatever queue they are for, and so do the marks of those that ended. */
export const HALF_QUEUE = 0;

/**
 * The message as it waits for the end of its transaction: unseen by consumers of its topic.
 * Source: TransactionalMessageBridge.java, parseHalfMessageInner; broker sheet §11.1.
 */
export function halfMessage(message: MessageToStore, uniqueKey: string): MessageToStore {
  const properties = decodeProperties(message.properties);
  properties.set(PropertyName.TRANSACTION_ID, uniqueKey);
  properties.set(PropertyName.REAL_TOPIC, message.topic);
  properties.set(PropertyName.REAL_QUEUE_ID, String(message.queueId));
  return {
    ...message,
    topic: HALF_TOPIC,
    queueId: HALF_QUEUE,
    sysFlag: message.sysFlag & ~SysFlag.TRANSACTION_MASK,
    properties: encodeProperties(properties),
  };
}

/**
 * The message that consumers get. TRAN_MSG stays: clients take the transaction's id from the unique key where they
 * see it. Undefined for a record that is no half message. Source: EndTransactionProcessor.java (5.5.0),
 * endMessageTransaction; broker sheet §11.2.
 */
export function committedMessage(half: StoredMessage): MessageToStore | undefined {
  const properties = decodeProperties(half.properties);
  const target = realTarget((name) => properties.get(name));
  if (half.topic !== HALF_TOPIC || target === undefined) return undefined;
  properties.delete(PropertyName.REAL_TOPIC);
  properties.delete(PropertyName.REAL_QUEUE_ID);
  return {
    ...half,
    ...target,
    sysFlag: (half.sysFlag & ~SysFlag.TRANSACTION_MASK) | SysFlag.TRANSACTION_COMMIT,
    preparedTransactionOffset: half.physicalOffset,
    properties: encodeProperties(properties),
  };
}
