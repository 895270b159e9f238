import type { HostAddress } from '../../protocol/hostAddress.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import {
  MAX_PROPERTIES_BYTES,
  PropertyName,
  decodeProperties,
  encodeProperties,
} from '../../protocol/messageProperty.ts';
import { popRetryTopic } from '../../protocol/popReceipt.ts';
import type { PopCheckPoint } from '../../protocol/popRecord.ts';
import { RETRY_PREFIX } from '../../protocol/topicName.ts';
import type { MessageToStore } from '../store/messageToStore.ts';

/**
 * The message as it stands in the group's retry topic, after nobody acknowledged it in time. Where its properties leave
 * no room for the time of its first pop, it comes without: else it could not come again at all.
 * Source: PopReviveService.java, reviveRetry; broker sheet §12.3.
 */
export function retryCopy(
  message: StoredMessage,
  point: PopCheckPoint,
  options: { readonly flag: '1' | '2'; readonly host: HostAddress },
): MessageToStore {
  const { topic, group, popTime, suspend } = point;
  return {
    ...message,
    topic: topic.startsWith(RETRY_PREFIX) ? topic : popRetryTopic(topic, group, options.flag),
    queueId: 0,
    bornHost: options.host,
    storeHost: options.host,
    reconsumeTimes: message.reconsumeTimes + (suspend ? 0 : 1),
    preparedTransactionOffset: 0,
    properties: withFirstPop(message, popTime),
  };
}

function withFirstPop({ properties, reconsumeTimes }: StoredMessage, popTime: number): string {
  const values = decodeProperties(properties);
  if (reconsumeTimes > 0 && values.has(PropertyName.FIRST_POP_TIME)) return properties;
  values.set(PropertyName.FIRST_POP_TIME, String(popTime));
  const text = encodeProperties(values);
  return Buffer.byteLength(text) > MAX_PROPERTIES_BYTES ? properties : text;
}
