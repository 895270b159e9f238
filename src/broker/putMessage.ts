import { CodedError, isCodedError } from '../base/errors.ts';
import { ResponseCode } from '../protocol/codes.ts';
import { PropertyName, decodeProperties, encodeProperties, propertyOf } from '../protocol/messageProperty.ts';
import { SysFlag } from '../protocol/sysFlag.ts';
import { SCHEDULE_TOPIC } from '../protocol/topicName.ts';
import type { Reply } from '../remoting/peer.ts';
import type { BrokerContext } from './brokerContext.ts';
import { TooFewReplicas } from './ha/tooFewReplicas.ts';
import { FollowsMaster } from './store/followsMaster.ts';
import type { MessageToStore, StoredAt } from './store/messageToStore.ts';
import { written } from './written.ts';
import { TimerRefused, isTimerMessage, parkedUntilDue, withoutTimer } from './timers/timerParking.ts';
import type { TimerRefusal, TimerRules } from './timers/timerParking.ts';

/**
 * Stores one message; one with a delay level or a moment first waits in a topic of its own. Errors as
 * `MessageStore.append`, and TimerRefused and TooFewReplicas.
 */
export function putMessage(broker: BrokerContext, message: MessageToStore): StoredAt {
  checkReplicas(broker, message.properties);
  return putParked(broker, parked(broker, message));
}

/** As `putMessage`, with all that one turn of the event loop stores; resolves when it is in the files. */
export async function stageMessage(broker: BrokerContext, message: MessageToStore): Promise<void> {
  checkReplicas(broker, message.properties);
  stageParked(broker, parked(broker, message));
  await written(broker);
}

/** @throws TooFewReplicas when this message would wait for slaves in vain */
export function checkReplicas({ replication }: BrokerContext, properties: string): void {
  if (replication.lacksReplicas && propertyOf(properties, PropertyName.WAIT) !== 'false') throw new TooFewReplicas();
}

/** Stores a message as it is. Errors as `MessageStore.append`. */
export function putParked(broker: BrokerContext, message: MessageToStore): StoredAt {
  return counted(broker, message, broker.store.append(message));
}

/** As `putParked`, but staged: the router holds the answer until it is written. Errors as `MessageStore.stage`. */
export function stageParked(broker: BrokerContext, message: MessageToStore): StoredAt {
  return counted(broker, message, broker.store.stage(message));
}

function counted(broker: BrokerContext, message: MessageToStore, stored: StoredAt): StoredAt {
  broker.statistics.stored(message.topic, message.queueId, 1, stored.sizeBytes, stored.storeTimestamp);
  return stored;
}

/** Stores messages as they are, all or none. Errors as `MessageStore.appendAll`. */
export function putAllParked(broker: BrokerContext, messages: readonly MessageToStore[]): void {
  for (const [index, { sizeBytes, storeTimestamp }] of broker.store.appendAll(messages).entries()) {
    const { topic, queueId } = messages[index] ?? { topic: '', queueId: 0 };
    broker.statistics.stored(topic, queueId, 1, sizeBytes, storeTimestamp);
  }
}

/** The message as it is to be stored. Source: HookUtils.handleScheduleMessage; broker sheet §9.3, §9.4. @throws TimerRefused */
export function parked(broker: BrokerContext, message: MessageToStore): MessageToStore {
  const level = delayLevel(message.properties);
  const isTimer = level === 0 && isTimerMessage(message);
  if (level === 0 && !isTimer) return message;
  const state = message.sysFlag & SysFlag.TRANSACTION_MASK;
  if (state !== 0 && state !== SysFlag.TRANSACTION_COMMIT) return message;
  return isTimer ? parkedUntilDue(message, timerRules(broker)) : parkedForLevel(broker, message, level);
}

function delayLevel(properties: string): number {
  const wanted = propertyOf(properties, PropertyName.DELAY);
  return wanted === undefined || !/^\d+$/.test(wanted) ? 0 : Number(wanted);
}

function parkedForLevel(broker: BrokerContext, message: MessageToStore, wanted: number): MessageToStore {
  const level = Math.min(wanted, broker.delayLevels.count);
  const properties = decodeProperties(message.properties);
  withoutTimer(properties);
  properties.set(PropertyName.DELAY, String(level));
  properties.set(PropertyName.REAL_TOPIC, message.topic);
  properties.set(PropertyName.REAL_QUEUE_ID, String(message.queueId));
  return { ...message, topic: SCHEDULE_TOPIC, queueId: level - 1, properties: encodeProperties(properties) };
}

function timerRules({ clock, config, timers }: BrokerContext): TimerRules {
  const { timerWheelEnable, timerPrecisionMs, timerMaxDelaySec, timerCongestNumEachSlot } = config;
  const isFull = (slotMs: number): boolean => (timers?.countOf(slotMs) ?? 0) > timerCongestNumEachSlot;
  return { timerWheelEnable, timerPrecisionMs, timerMaxDelaySec, nowMs: clock.now(), isFull };
}

const ILLEGAL: ReadonlySet<string> = new Set(['body-too-large', 'properties-too-large', 'message-illegal']);

/**
 * What a client is told when the store refuses; undefined for an error that is no refusal.
 * Source: SendMessageProcessor.java, handlePutMessageResult.
 */
export function storeRefusal(broker: BrokerContext, error: unknown): Reply | undefined {
  if (isCodedError(error, 'store-full')) {
    broker.statistics.refused();
    return notAvailable(error.details['usedBytes'], error.details['maxBytes']);
  }
  if (error instanceof FollowsMaster) {
    const usedBytes = broker.store.maxPhysicalOffset - broker.store.minPhysicalOffset;
    return notAvailable(usedBytes, usedBytes);
  }
  if (error instanceof TooFewReplicas) {
    broker.statistics.refused();
    return { code: ResponseCode.SYSTEM_ERROR, remark: error.message };
  }
  if (error instanceof TimerRefused) {
    broker.statistics.refused();
    return timerRefusal(broker, error.refusal);
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

function timerRefusal({ config }: BrokerContext, refusal: TimerRefusal): Reply {
  const most = config.timerCongestNumEachSlot;
  switch (refusal) {
    case 'disabled':
      return {
        code: ResponseCode.SYSTEM_ERROR,
        remark: `accurate timer message is not enabled, timerWheelEnable is ${config.timerWheelEnable}`,
      };
    case 'illegal':
      return {
        code: ResponseCode.MESSAGE_ILLEGAL,
        remark:
          'timer message illegal, the delay time should not be bigger than the max delay ' +
          `${config.timerMaxDelaySec * 1000}ms; or if set del msg, the delay time should be bigger than the current time`,
      };
    case 'congested':
      return {
        code: ResponseCode.SYSTEM_ERROR,
        remark:
          `timer message is under flow control, max num limit is ${most * 2} or the current value is greater than ` +
          `${most} and less than ${most * 2}, trigger random flow control`,
      };
  }
}

function notAvailable(usedBytes: unknown, maxBytes: unknown): Reply {
  return {
    code: ResponseCode.SERVICE_NOT_AVAILABLE,
    remark:
      'service not available now. It may be caused by one of the following reasons: ' +
      `the broker's disk is full [CL: ${String(usedBytes)} of ${String(maxBytes)} bytes], ` +
      'messages are put to the slave, message store has been shut down, etc.',
  };
}
