import { Perm } from '../../protocol/bodies/route.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { PropertyName, encodeProperties } from '../../protocol/messageProperty.ts';
import { decodeRecallHandle } from '../../protocol/recallHandle.ts';
import type { RecallHandle } from '../../protocol/recallHandle.ts';
import { recallMessage as recallFields } from '../../protocol/requests/recall.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { peerHost } from '../peerHost.ts';
import { putMessage, storeRefusal } from '../putMessage.ts';
import { settled } from '../settled.ts';
import { deleteKey } from '../timers/dueMessage.ts';

const MARKER_BODY = Buffer.from('0');
const MARKER_TAG = '_RECALL_TAG_';

/**
 * RECALL_MESSAGE 370: takes back a timer message that waits, by a marker in its slot. Whether the message is still
 * there nobody looks. Source: RecallMessageProcessor.java.
 */
export async function recallMessage(broker: BrokerContext, request: IncomingRequest): Promise<Reply> {
  if (broker.config.recallMessageEnable) return recallAllowed(broker, request);
  const refusal = failed(ResponseCode.NO_PERMISSION, 'operation is forbidden');
  return { ...refusal, extFields: { MSG_REGION: broker.config.regionId } };
}

/** The same, whatever `recallMessageEnable` says. */
export async function recallAllowed(broker: BrokerContext, request: IncomingRequest): Promise<Reply> {
  const outcome = recall(broker, request);
  // A disk or slave that takes too long is a success as well.
  if (outcome.code === ResponseCode.SUCCESS) await settled(broker);
  return { ...outcome, extFields: { ...outcome.extFields, MSG_REGION: broker.config.regionId } };
}

function recall(broker: BrokerContext, { command, connection }: IncomingRequest): Reply {
  const { config, clock } = broker;
  const { producerGroup, topic, recallHandle } = decodeFields(recallFields, command.extFields);
  if ((config.brokerPermission & Perm.WRITE) === 0 && !config.allowRecallWhenBrokerNotWriteable) {
    return failed(ResponseCode.SERVICE_NOT_AVAILABLE, 'broker service not available');
  }
  if (broker.topics.get(topic) === undefined) {
    return failed(ResponseCode.TOPIC_NOT_EXIST, `the topic[${topic}] not exist`);
  }
  const handle = decodeRecallHandle(recallHandle);
  if (handle === undefined) return { code: ResponseCode.ILLEGAL_OPERATION, remark: 'recall handle is invalid' };
  if (handle.topic !== topic) return failed(ResponseCode.ILLEGAL_OPERATION, 'topic not match');
  if (handle.brokerName !== config.brokerName) {
    return failed(ResponseCode.ILLEGAL_OPERATION, 'broker service not available');
  }
  const leftMs = /^\d+$/.test(handle.timestamp) ? Number(handle.timestamp) - clock.now() : -1;
  if (leftMs <= 0 || leftMs >= config.timerMaxDelaySec * 1000) {
    return failed(ResponseCode.ILLEGAL_OPERATION, 'timestamp invalid');
  }
  try {
    putMessage(broker, {
      topic,
      queueId: 0,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: clock.now(),
      bornHost: peerHost(connection),
      storeHost: broker.storeHost,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: MARKER_BODY,
      properties: markerProperties(broker, handle, producerGroup),
    });
  } catch (error) {
    if (storeRefusal(broker, error) === undefined) throw error;
    return failed(ResponseCode.SYSTEM_ERROR, 'execute error');
  }
  return {
    code: ResponseCode.SUCCESS,
    remark: 'not set any response code',
    extFields: { msgId: handle.messageId },
  };
}

function markerProperties(
  { config, clock }: BrokerContext,
  handle: RecallHandle,
  producerGroup: string | undefined,
): string {
  const key = deleteKey(handle.topic, handle.messageId, config.appendTopicForTimerDeleteKey);
  const properties: [string, string][] = [
    [PropertyName.TAGS, MARKER_TAG],
    [PropertyName.TIMER_DELETE_KEY, key],
    [PropertyName.UNIQUE_KEY, handle.messageId],
    [PropertyName.TIMER_DELIVER_MS, handle.timestamp],
    [PropertyName.BORN_TIMESTAMP, String(clock.now())],
  ];
  if (producerGroup !== undefined) properties.push([PropertyName.PRODUCER_GROUP, producerGroup]);
  return encodeProperties(properties);
}

function failed(code: ResponseCode, reason: string): Reply {
  return { code, remark: `recall failed, ${reason}` };
}
