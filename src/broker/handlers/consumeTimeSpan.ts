import { encodeTimeSpans } from '../../protocol/bodies/timeSpan.ts';
import type { QueueTimeSpan } from '../../protocol/bodies/timeSpan.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { consumeTimeSpan as fields } from '../../protocol/requests/group.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { successBody } from '../reply.ts';
import { storeTimeAt } from './offset.ts';

/** QUERY_CONSUME_TIME_SPAN 303. Source: AdminBrokerProcessor.java, queryConsumeTimeSpan. */
export async function getConsumeTimeSpan(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const { topic, group } = decodeFields(fields, command.extFields);
  const config = broker.topics.get(topic);
  if (config === undefined) return { code: ResponseCode.TOPIC_NOT_EXIST, remark: `topic[${topic}] not exist` };
  const spans = Array.from({ length: config.writeQueueNums }, (_, queueId) => timeSpan(broker, group, topic, queueId));
  return successBody(encodeTimeSpans(await Promise.all(spans)));
}

async function timeSpan(broker: BrokerContext, group: string, topic: string, queueId: number): Promise<QueueTimeSpan> {
  const { store, clock, config } = broker;
  const timeAt = async (offset: number): Promise<number> => (await storeTimeAt(broker, topic, queueId, offset)) ?? -1;
  const maxOffset = store.maxOffset(topic, queueId);
  const minTimeStamp = await timeAt(store.minOffset(topic, queueId));
  const consumed = broker.offsets.committed(group, topic, queueId) ?? -1;
  return {
    messageQueue: { topic, brokerName: config.brokerName, queueId },
    minTimeStamp,
    maxTimeStamp: await timeAt(maxOffset - 1),
    consumeTimeStamp: consumed > 0 ? await timeAt(consumed - 1) : minTimeStamp,
    // A group that has no offset waits since 1970, as at Apache's broker.
    delayTime: consumed < maxOffset ? clock.now() - (await timeAt(consumed)) : 0,
  };
}
