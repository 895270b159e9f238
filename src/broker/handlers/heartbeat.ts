import { decodeHeartbeat, encodeConsumerIds } from '../../protocol/bodies/group.ts';
import type { ConsumerData, Heartbeat } from '../../protocol/bodies/group.ts';
import { isCodedError } from '../../base/errors.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import { isTagType } from '../../protocol/filter/messageFilter.ts';
import { compileSql } from '../../protocol/filter/sql.ts';
import {
  consumerGroupOnly,
  heartbeatResponse,
  unregisterClient as unregisterFields,
} from '../../protocol/requests/group.ts';
import { RETRY_PREFIX, retryTopic } from '../../protocol/topicName.ts';
import { isObject, objectAt, readBody, textAt } from '../../protocol/bodies/read.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { notifyMembers, watchConnection } from '../membership.ts';
import { SUCCESS, success, successBody } from '../reply.ts';
import { noPropertyFilter } from './pullCheck.ts';

/**
 * HEART_BEAT 34. A consumer group's settings and its retry topic exist when this is answered, and the NameServers
 * know the topic. Source: ClientManageProcessor.java; broker sheet §4.1.
 */
export function heartbeat(broker: BrokerContext, { command, connection }: IncomingRequest): Reply | Promise<Reply> {
  const beat = decodeHeartbeat(command.body);
  const client = { clientId: beat.clientId, language: command.language, version: command.version };
  const changedTopics: string[] = [];
  let shouldResend = beat.fingerprint === 0;
  for (const data of beat.consumers) {
    const settings = broker.groups.find(data.groupName);
    if (settings === undefined) continue;
    const topic = retryTopic(data.groupName);
    if (broker.topics.ensure(topic, settings.retryQueueNums, orderOf(broker, beat, data)).changed) {
      changedTopics.push(topic);
    }
    const changed = broker.consumers.register(data, connection, client, beat.withoutSubscriptions);
    if (changed.sharing) notifyMembers(broker, broker.consumers.get(data.groupName));
    if (changed.subscriptions) broker.heldPulls.wakeGroup(data.groupName);
    if (
      beat.fingerprint !== 0 &&
      broker.consumers.noteFingerprint(data.groupName, beat.fingerprint, beat.withoutSubscriptions)
    ) {
      shouldResend = true;
    }
  }
  for (const group of beat.producerGroups) broker.producers.register(group, connection, client);
  watchConnection(broker, connection);
  const reply = success(
    encodeFields(heartbeatResponse, { IS_SUPPORT_HEART_BEAT_V2: 'true', IS_SUB_CHANGE: String(shouldResend) }),
  );
  return changedTopics.length === 0 ? reply : broker.registration.announce(changedTopics).then(() => reply);
}

/** A retry topic is ordered when a topic of the group's is; undefined where the heartbeat does not say its topics. */
function orderOf(broker: BrokerContext, beat: Heartbeat, { subscriptions }: ConsumerData): boolean | undefined {
  if (beat.withoutSubscriptions) return undefined;
  return subscriptions.some(({ topic }) => !topic.startsWith(RETRY_PREFIX) && broker.topics.get(topic)?.order === true);
}

/** UNREGISTER_CLIENT 35. */
export function unregisterClient(broker: BrokerContext, { command, connection }: IncomingRequest): Reply {
  const { producerGroup, consumerGroup } = decodeFields(unregisterFields, command.extFields);
  if (producerGroup !== undefined) broker.producers.unregister(producerGroup, connection);
  if (consumerGroup !== undefined) {
    notifyMembers(broker, broker.consumers.unregister(consumerGroup, connection));
  }
  return SUCCESS;
}

/** GET_CONSUMER_LIST_BY_GROUP 38: what members share their queues by. */
export function getConsumerList(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { consumerGroup } = decodeFields(consumerGroupOnly, command.extFields);
  const members = broker.consumers.get(consumerGroup)?.members;
  if (members === undefined) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `no consumer for this group, ${consumerGroup}` };
  }
  return successBody(encodeConsumerIds([...new Set([...members.values()].map((client) => client.clientId))]));
}

/** CHECK_CLIENT_CONFIG 46: may a consumer subscribe by this expression? */
export function checkClientConfig({ config }: BrokerContext, { command }: IncomingRequest): Reply {
  const json = readBody(command.body);
  if (!isObject(json['subscriptionData'])) return SUCCESS;
  const subscription = objectAt(json, 'subscriptionData');
  const expressionType = textAt(subscription, 'expressionType');
  if (isTagType(expressionType)) return SUCCESS;
  if (!config.enablePropertyFilter) return noPropertyFilter(expressionType);
  if (expressionType !== 'SQL92') return parseFailed(`there is no filter of type ${expressionType}`);
  try {
    compileSql(textAt(subscription, 'subString'));
    return SUCCESS;
  } catch (error) {
    if (!isCodedError(error, 'filter-illegal')) throw error;
    return parseFailed(String(error.details['reason']));
  }
}

function parseFailed(reason: string): Reply {
  return { code: ResponseCode.SUBSCRIPTION_PARSE_FAILED, remark: `Invalid MessageSelector: ${reason}` };
}
