import { Perm } from '../../protocol/bodies/route.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { isTagType, tagFilter } from '../../protocol/filter/messageFilter.ts';
import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import { PullSysFlag } from '../../protocol/requests/pull.ts';
import type { PullMessage } from '../../protocol/requests/pull.ts';
import { RETRY_PREFIX } from '../../protocol/topicName.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { FAQ_HINT } from '../reply.ts';
import type { ConsumerGroup } from '../state/consumers.ts';
import { propertyFilter } from '../state/filterData.ts';

/** `forbiddenType` of the answer: what takes the permission away. */
const Forbidden = { BROKER: '1', GROUP: '2', TOPIC: '3', BROADCASTING: '4', SUBSCRIPTION: '5' } as const;

/**
 * The checks of a pull in their order: a refusal, or the filter to read with.
 * Source: PullMessageProcessor.java; broker sheet §6.1.
 */
export function checkPull(broker: BrokerContext, request: IncomingRequest, header: PullMessage): Reply | MessageFilter {
  const { config } = broker;
  const { topic, consumerGroup: group, queueId } = header;
  if ((config.brokerPermission & Perm.READ) === 0) {
    return forbidden(Forbidden.BROKER, `the broker[${config.brokerIP1}] pulling message is forbidden`);
  }
  if (request.command.code === RequestCode.LITE_PULL_MESSAGE && !config.litePullMessageEnable) {
    return forbidden(Forbidden.BROKER, `the broker[${config.brokerIP1}] for lite pull consumer is forbidden`);
  }
  const settings = broker.groups.find(group);
  if (settings === undefined) {
    return {
      code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      remark: `subscription group [${group}] does not exist, ${FAQ_HINT}`,
    };
  }
  if (!settings.consumeEnable) {
    return forbidden(Forbidden.GROUP, `subscription group no permission, ${group}`);
  }
  const topicSettings = broker.topics.get(topic);
  if (topicSettings === undefined) {
    return {
      code: ResponseCode.TOPIC_NOT_EXIST,
      remark: `topic[${topic}] not exist, apply first please! ${FAQ_HINT}`,
    };
  }
  if ((topicSettings.perm & Perm.READ) === 0) {
    return forbidden(Forbidden.TOPIC, `the topic[${topic}] pulling message is forbidden`);
  }
  if (queueId < 0 || queueId >= topicSettings.readQueueNums) {
    return {
      code: ResponseCode.INVALID_PARAMETER,
      remark: `queueId[${queueId}] is illegal, topic:[${topic}] topicConfig.readQueueNums:[${topicSettings.readQueueNums}] consumer:[/${request.connection.remoteAddress}]`,
    };
  }
  return (header.sysFlag & PullSysFlag.SUBSCRIPTION) === 0
    ? filterOfMember(broker, header, settings.consumeBroadcastEnable)
    : filterOfHeader(broker, header);
}

function filterOfHeader(broker: BrokerContext, header: PullMessage): Reply | MessageFilter {
  const { consumerGroup, topic, subscription, expressionType = 'TAG' } = header;
  if (isTagType(expressionType)) {
    if (!namesTags(subscription)) return PARSE_FAILED;
    broker.consumers.pulled.note(consumerGroup, topic, subscription === '' ? '*' : (subscription ?? '*'), 'TAG');
    return tagFilter(subscription);
  }
  if (subscription === undefined || subscription === '') return PARSE_FAILED;
  broker.consumers.pulled.note(consumerGroup, topic, subscription, expressionType);
  if (!broker.config.enablePropertyFilter) return noPropertyFilter(expressionType);
  return propertyFilter(expressionType, subscription) ?? PARSE_FAILED;
}

/** Source: FilterAPI.java, which splits at `||` and refuses when only empty parts are left. */
export function namesTags(expression: string | undefined): boolean {
  return expression === undefined || expression === '' || expression.split('||').some((part) => part !== '');
}

export const PARSE_FAILED: Reply = {
  code: ResponseCode.SUBSCRIPTION_PARSE_FAILED,
  remark: "parse the consumer's subscription failed",
};

function filterOfMember(broker: BrokerContext, header: PullMessage, mayBroadcast: boolean): Reply | MessageFilter {
  const { topic, consumerGroup: group, subVersion } = header;
  const known = broker.consumers.get(group);
  if (known === undefined) {
    return {
      code: ResponseCode.SUBSCRIPTION_NOT_EXIST,
      remark: `the consumer's group info not exist${FAQ_HINT}`,
    };
  }
  if (!mayBroadcast && known.messageModel === 'BROADCASTING') {
    return forbidden(Forbidden.BROADCASTING, `the consumer group[${group}] can not consume by broadcast way`);
  }
  if (broker.groups.isReadForbidden(group, topic)) {
    return forbidden(Forbidden.SUBSCRIPTION, `the consumer group[${group}] is forbidden for topic[${topic}]`);
  }
  const subscription = known.subscriptions.get(topic);
  if (subscription === undefined) {
    return { code: ResponseCode.SUBSCRIPTION_NOT_EXIST, remark: `the consumer's subscription not exist${FAQ_HINT}` };
  }
  if (subscription.subVersion < subVersion) {
    return { code: ResponseCode.SUBSCRIPTION_NOT_LATEST, remark: "the consumer's subscription not latest" };
  }
  return isTagType(subscription.expressionType)
    ? subscription.tagFilter
    : filterByProperties(broker, header, known, subscription.expressionType);
}

function filterByProperties(
  broker: BrokerContext,
  { topic, subVersion }: PullMessage,
  { filters }: ConsumerGroup,
  expressionType: string,
): Reply | MessageFilter {
  const data = filters.get(topic);
  if (data === undefined) {
    return {
      code: ResponseCode.FILTER_DATA_NOT_EXIST,
      remark: "The broker's consumer filter data is not exist!Your expression may be wrong!",
    };
  }
  if (data.version < subVersion) {
    return { code: ResponseCode.FILTER_DATA_NOT_LATEST, remark: "the consumer's consumer filter data not latest" };
  }
  if (!broker.config.enablePropertyFilter) return noPropertyFilter(expressionType);
  const isOfRetries = broker.config.filterSupportRetry && topic.startsWith(RETRY_PREFIX);
  return isOfRetries ? byOriginalTopic(filters) : data.filter;
}

/** A message of a retry topic by the filter of the topic that it came from. Source: ExpressionForRetryMessageFilter.java. */
function byOriginalTopic(filters: ConsumerGroup['filters']): MessageFilter {
  return {
    matchesCode: () => true,
    matchesProperties: (properties) => {
      const data = filters.get(propertyOf(properties, PropertyName.RETRY_TOPIC) ?? '');
      return data?.filter.matchesProperties?.(properties) ?? true;
    },
  };
}

/** What Apache's broker says with enablePropertyFilter=false. */
export function noPropertyFilter(expressionType: string | undefined): Reply {
  return {
    code: ResponseCode.SYSTEM_ERROR,
    remark: `The broker does not support consumer to filter message by ${expressionType ?? ''}`,
  };
}

function forbidden(type: string, remark: string): Reply {
  return { code: ResponseCode.NO_PERMISSION, remark, extFields: { forbiddenType: type } };
}
