import { errorText } from '../../base/errors.ts';
import { encodeResetOffsetList, encodeResetOffsets } from '../../protocol/bodies/resetOffset.ts';
import type { QueueOffset } from '../../protocol/bodies/resetOffset.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import type { FieldsOf } from '../../protocol/fields.ts';
import { resetOffset as resetFields } from '../../protocol/requests/offset.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { successBody } from '../reply.ts';

type ResetOffset = FieldsOf<typeof resetFields>;

/** Clients before 3.0.7 do not know request 220. */
const KNOWS_RESET = 28;

/** INVOKE_BROKER_TO_RESET_OFFSET 222. Source: AdminBrokerProcessor.java, Broker2Client.java; broker sheet §8. */
export function resetOffset(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const header = decodeFields(resetFields, command.extFields);
  return broker.config.useServerSideResetOffset
    ? resetHere(broker, header)
    : resetAtClients(broker, header, command.language === 'CPP');
}

/** The group's next pull from each queue is sent to the offset. */
async function resetHere(broker: BrokerContext, header: ResetOffset): Promise<Reply> {
  const { topic, group } = header;
  const config = broker.topics.get(topic);
  if (config === undefined) {
    return { code: ResponseCode.TOPIC_NOT_EXIST, remark: `Topic ${topic} does not exist` };
  }
  if (!broker.groups.has(group)) {
    return { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark: `Group ${group} does not exist` };
  }
  const targets =
    (header.queueId ?? -1) < 0
      ? await offsetsAt(broker, header, config.readQueueNums)
      : await oneTarget(broker, header, header.queueId ?? 0);
  if ('code' in targets) return targets;
  if (targets.length === 0) return { code: ResponseCode.SYSTEM_ERROR, remark: 'No queues to reset.' };
  for (const { queueId, offset } of targets) broker.offsets.reset(group, topic, queueId, offset);
  broker.heldPulls.wakeGroup(group);
  return successBody(encodeResetOffsets(targets));
}

async function oneTarget(
  broker: BrokerContext,
  { topic, timestamp = 0, offset = -1 }: ResetOffset,
  queueId: number,
): Promise<Reply | QueueOffset[]> {
  if (offset === -1) return [await offsetAt(broker, topic, queueId, timestamp)];
  const min = broker.store.minOffset(topic, queueId);
  const max = broker.store.maxOffset(topic, queueId);
  if (offset < min || offset > max + 1) {
    return {
      code: ResponseCode.SYSTEM_ERROR,
      remark: `Target offset ${offset} not in consume queue range [${min}-${max}]`,
    };
  }
  return [{ topic, brokerName: broker.config.brokerName, queueId, offset }];
}

/** As brokers did before 5.2: clients that are online move themselves, and commit. */
async function resetAtClients(broker: BrokerContext, header: ResetOffset, isCpp: boolean): Promise<Reply> {
  const { topic, group, timestamp = 0, isForce } = header;
  const config = broker.topics.get(topic);
  if (config === undefined) {
    return {
      code: ResponseCode.TOPIC_NOT_EXIST,
      remark: `[reset-offset] reset offset failed, no topic in this broker. topic=${topic}`,
    };
  }
  const targets: QueueOffset[] = [];
  for (const target of await offsetsAt(broker, header, config.writeQueueNums)) {
    const committed = broker.offsets.committed(group, topic, target.queueId);
    if (committed === undefined) {
      return { code: ResponseCode.SYSTEM_ERROR, remark: `THe consumer group <${group}> not exist` };
    }
    targets.push(isForce === true ? target : { ...target, offset: Math.min(target.offset, committed) });
  }
  const members = broker.consumers.get(group)?.members;
  if (members === undefined) {
    return {
      code: ResponseCode.CONSUMER_NOT_ONLINE,
      remark: `Consumer not online, so can not reset offset, Group: ${group} Topic: ${topic} Timestamp: ${timestamp}`,
    };
  }
  const push = {
    code: RequestCode.RESET_CONSUMER_CLIENT_OFFSET,
    extFields: encodeFields(resetFields, { topic, group, timestamp, isForce: false, queueId: -1 }),
    body: isCpp ? encodeResetOffsetList(targets) : encodeResetOffsets(targets),
  };
  for (const [connection, { version }] of members) {
    if (version < KNOWS_RESET) {
      const remark = `the client does not support this feature. version=${version}`;
      return { code: ResponseCode.SYSTEM_ERROR, remark };
    }
    connection.oneway(push).catch((error: unknown) => {
      broker.logger.warn(`a reset of ${group} does not reach ${connection.remoteAddress}: ${errorText(error)}`);
    });
  }
  return successBody(encodeResetOffsets(targets));
}

function offsetsAt(
  broker: BrokerContext,
  { topic, timestamp = 0 }: ResetOffset,
  queueCount: number,
): Promise<QueueOffset[]> {
  return Promise.all(Array.from({ length: queueCount }, (_, queueId) => offsetAt(broker, topic, queueId, timestamp)));
}

async function offsetAt(
  { store, config }: BrokerContext,
  topic: string,
  queueId: number,
  timestamp: number,
): Promise<QueueOffset> {
  const offset =
    timestamp < 0 ? store.maxOffset(topic, queueId) : await store.offsetByTime(topic, queueId, timestamp, 'lower');
  return { topic, brokerName: config.brokerName, queueId, offset };
}
