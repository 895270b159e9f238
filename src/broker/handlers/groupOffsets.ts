import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { cloneOffset as cloneFields, correctionOffset as correctionFields } from '../../protocol/requests/offset.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { SUCCESS, successBody } from '../reply.ts';
import { mayConsume } from './group.ts';

const LONG_MAX = 9223372036854775807n;

/**
 * CLONE_GROUP_OFFSET 314: of one topic, or of all in which the source group has offsets. Source:
 * AdminBrokerProcessor.java, cloneGroupOffset.
 */
export function cloneGroupOffset(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { srcGroup, destGroup, topic = '', offline } = decodeFields(cloneFields, command.extFields);
  for (const name of topic.trim() === '' ? broker.offsets.topicsOf(srcGroup) : [topic]) {
    if (broker.topics.get(name) === undefined) continue;
    if (offline === true || mayConsume(broker, srcGroup, name)) broker.offsets.copy(srcGroup, destGroup, name);
  }
  return SUCCESS;
}

/**
 * QUERY_CORRECTION_OFFSET 308: how far all groups but some are in each queue, which is 2^63 - 1 where the compared
 * group is behind them. Source: AdminBrokerProcessor.java, queryCorrectionOffset.
 */
export function queryCorrectionOffset(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { compareGroup, topic, filterGroups = '' } = decodeFields(correctionFields, command.extFields);
  const left = new Set(filterGroups.split(','));
  const correctionOffsets = new Map<number, number | bigint>();
  for (const group of broker.offsets.groupsOf(topic)) {
    if (left.has(group)) continue;
    for (const [queueId, offset] of broker.offsets.committedIn(group, topic)) {
      if (offset < broker.store.minOffset(topic, queueId)) continue;
      correctionOffsets.set(queueId, Math.min(offset, Number(correctionOffsets.get(queueId) ?? offset)));
    }
  }
  for (const [queueId, offset] of broker.offsets.committedIn(compareGroup, topic)) {
    if (Number(correctionOffsets.get(queueId) ?? 0) > offset) correctionOffsets.set(queueId, LONG_MAX);
  }
  return successBody(Buffer.from(stringifyFastjson({ correctionOffsets })));
}
