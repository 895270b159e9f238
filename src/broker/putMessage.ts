import { CodedError, isCodedError } from '../base/errors.ts';
import { ResponseCode } from '../protocol/codes.ts';
import { PropertyName, decodeProperties, encodeProperties, propertyOf } from '../protocol/messageProperty.ts';
import { SysFlag } from '../protocol/sysFlag.ts';
import { SCHEDULE_TOPIC } from '../protocol/topicName.ts';
import type { Reply } from '../remoting/connection.ts';
import type { BrokerContext } from './brokerContext.ts';
import type { MessageToStore, StoredAt } from './store/messageStore.ts';

/** Stores one message; one with a delay level first waits in SCHEDULE_TOPIC_XXXX. Errors as `MessageStore.append`. */
export function putMessage(broker: BrokerContext, message: MessageToStore): StoredAt {
  const place = parked(broker, message);
  const stored = broker.store.append(place);
  broker.statistics.stored(place.topic, place.queueId, 1, stored.sizeBytes, stored.storeTimestamp);
  return stored;
}

/** Source: HookUtils.handleScheduleMessage; broker sheet §9.3. */
function parked(broker: BrokerContext, message: MessageToStore): MessageToStore {
  const wanted = propertyOf(message.properties, PropertyName.DELAY);
  if (wanted === undefined || !/^\d+$/.test(wanted) || Number(wanted) === 0) return message;
  const state = message.sysFlag & SysFlag.TRANSACTION_MASK;
  if (state !== 0 && state !== SysFlag.TRANSACTION_COMMIT) return message;
  const level = Math.min(Number(wanted), broker.delayLevels.count);
  const properties = decodeProperties(message.properties);
  properties.set(PropertyName.DELAY, String(level));
  properties.set(PropertyName.REAL_TOPIC, message.topic);
  properties.set(PropertyName.REAL_QUEUE_ID, String(message.queueId));
  return { ...message, topic: SCHEDULE_TOPIC, queueId: level - 1, properties: encodeProperties(properties) };
}

const ILLEGAL: ReadonlySet<string> = new Set(['body-too-large', 'properties-too-large', 'message-illegal']);

/**
 * What a client is told when the store refuses; undefined for an error that is no refusal.
 * Source: SendMessageProcessor.java, handlePutMessageResult.
 */
export function storeRefusal(broker: BrokerContext, error: unknown): Reply | undefined {
  if (isCodedError(error, 'store-full')) {
    broker.statistics.refused();
    return {
      code: ResponseCode.SERVICE_NOT_AVAILABLE,
      remark:
        'service not available now. It may be caused by one of the following reasons: ' +
        `the broker's disk is full [${diskUse(error.details['usedBytes'], error.details['maxBytes'])}], ` +
        'messages are put to the slave, message store has been shut down, etc.',
    };
  }
  if (error instanceof CodedError && ILLEGAL.has(error.code)) {
    broker.statistics.refused();
    return illegalMessage(broker);
  }
  return undefined;
}

export function illegalMessage(broker: BrokerContext): Reply {
  return {
    code: ResponseCode.MESSAGE_ILLEGAL,
    remark:
      'the message is illegal, maybe msg body or properties length not matched. ' +
      `msg body length limit ${broker.config.maxMessageSize}B, msg properties length limit 32KB.`,
  };
}

function diskUse(usedBytes: unknown, maxBytes: unknown): string {
  return `CL: ${String(usedBytes)} of ${String(maxBytes)} bytes`;
}
