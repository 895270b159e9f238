import type { HostAddress } from '../../protocol/hostAddress.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { PropertyName, decodeProperties, encodeProperties } from '../../protocol/messageProperty.ts';
import { popRetryTopic } from '../../protocol/popReceipt.ts';
import type { PopCheckPoint } from '../../protocol/popRecord.ts';
import { RETRY_PREFIX } from '../../protocol/topicName.ts';
import type { MessageToStore } from '../store/messageWriter.ts';

/**
 * The message as it stands in the group's retry topic, after nobody acknowledged it in time.
 * Source: PopReviveService.java, reviveRetry; broker sheet §12.3.
 */
export function retryCopy(
  message: StoredMessage,
  point: PopCheckPoint,
  options: { readonly flag: '1' | '2'; readonly host: HostAddress },
): MessageToStore {
  const { topic, group, popTime, suspend } = point;
  const properties = decodeProperties(message.properties);
  if (message.reconsumeTimes === 0 || !properties.has(PropertyName.FIRST_POP_TIME)) {
    properties.set(PropertyName.FIRST_POP_TIME, String(popTime));
  }
  return {
    ...message,
    topic: topic.startsWith(RETRY_PREFIX) ? topic : popRetryTopic(topic, group, options.flag),
    queueId: 0,
    bornHost: options.host,
    storeHost: options.host,
    reconsumeTimes: message.reconsumeTimes + (suspend ? 0 : 1),
    preparedTransactionOffset: 0,
    properties: encodeProperties(properties),
  };
}
