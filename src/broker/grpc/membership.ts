import { create } from '@bufbuild/protobuf';
import { isCodedError } from '../../base/errors.ts';
import type { Subscription } from '../../protocol/bodies/group.ts';
import { ClientType, Code, FilterType, SubscriptionEntrySchema } from '../../protocol/grpc/definition_pb.ts';
import type {
  FilterExpression,
  Subscription as SettingsSubscription,
  SubscriptionEntry,
} from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest } from '../../protocol/grpc/rpc.ts';
import { compileSql } from '../../protocol/filter/sql.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { notifyMembers, watchConnection } from '../membership.ts';
import { isPushConsumer } from './grpcClient.ts';
import type { GrpcClient } from './grpcClient.ts';
import { Refusal } from './refusal.ts';
import { checkGroup, checkTopic } from './validate.ts';

/* gRPC clients as members of the broker's groups. Source: ClientActivity.java, registerProducer and registerConsumer. */

export function isConsumer(clientType: ClientType): boolean {
  return clientType >= ClientType.PUSH_CONSUMER && clientType <= ClientType.LITE_SIMPLE_CONSUMER;
}

/** Its topics are its producer groups. */
export function joinAsProducer(broker: BrokerContext, client: GrpcClient, topics: Iterable<string>): void {
  for (const topic of topics) {
    client.producedTopics.add(topic);
    broker.producers.register(topic, client, client);
  }
  watchConnection(broker, client);
}

/**
 * A group that nobody made begins to exist where groups may. Subscriptions that did not change keep their version.
 * @throws Refusal ILLEGAL_TOPIC, ILLEGAL_CONSUMER_GROUP, ILLEGAL_FILTER_EXPRESSION
 */
export function joinAsConsumer(broker: BrokerContext, client: GrpcClient): void {
  const given = subscriptionsOf(client);
  if (given === undefined) return;
  const { group, subscriptions } = given;
  const groupName = checkGroup(group);
  const known = broker.consumers.get(groupName)?.subscriptions;
  const wanted = subscriptions.map((entry): Subscription => {
    const topic = checkTopic(entry.topic);
    const before = known?.get(topic);
    const { subString, expressionType, tags } = subscriptionOf(topic, entry);
    if (before?.subString === subString && before.expressionType === expressionType) return before;
    const subVersion = Math.max(broker.steadyClock.now(), (before?.subVersion ?? 0) + 1);
    return { topic, subString, expressionType, tags, subVersion };
  });
  // It may not have asked for all its topics yet, and others of the group know better.
  const others = client.settings === undefined ? [...(known?.values() ?? [])] : [];
  const kept = others.filter(({ topic }) => wanted.every((subscription) => subscription.topic !== topic));
  broker.groups.find(groupName);
  const { sharing, subscriptions: changed } = broker.consumers.register(
    {
      groupName,
      consumeType: isPushConsumer(client.clientType) ? 'CONSUME_PASSIVELY' : 'CONSUME_ACTIVELY',
      messageModel: 'CLUSTERING',
      consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
      subscriptions: [...wanted, ...kept],
      unitMode: false,
    },
    client,
    client,
    false,
  );
  if (sharing) notifyMembers(broker, broker.consumers.get(groupName));
  if (changed) broker.heldPulls.wakeGroup(groupName);
  watchConnection(broker, client);
}

function subscriptionsOf({
  settings,
  implied,
}: GrpcClient): Pick<SettingsSubscription, 'group' | 'subscriptions'> | undefined {
  if (settings === undefined) return implied;
  return settings.pubSub.case === 'subscription' ? settings.pubSub.value : undefined;
}

/**
 * A client that gives heartbeats and no settings, as one of C# after a restart of the broker, is a member of its group
 * by what it receives. Apache's proxy knows no such client. Source: gRPC sheet §6, 20.
 */
export function joinByReceive(
  broker: BrokerContext,
  client: GrpcClient | undefined,
  { group, messageQueue, filterExpression: expression }: RpcRequest<'receiveMessage'>,
): void {
  if (client === undefined || client.settings !== undefined || !isConsumer(client.clientType)) return;
  if (group === undefined || messageQueue?.topic === undefined) return;
  const { topic } = messageQueue;
  const isOfGroup = client.implied?.group.name === group.name;
  const subscriptions = isOfGroup ? (client.implied?.subscriptions ?? []) : [];
  const before = subscriptions.find((entry) => entry.topic?.name === topic.name);
  const isKnown =
    before?.expression?.type === expression?.type && before?.expression?.expression === expression?.expression;
  if (before !== undefined && isKnown) return;
  const entry = create(SubscriptionEntrySchema, { topic, ...(expression === undefined ? {} : { expression }) });
  client.implied = { group, subscriptions: [...subscriptions.filter((other) => other !== before), entry] };
  joinAsConsumer(broker, client);
}

/** Source: FilterAPI.java. */
function subscriptionOf(
  topic: string,
  { expression }: SubscriptionEntry,
): Pick<Subscription, 'subString' | 'expressionType' | 'tags'> {
  const subString = expressionText(topic, expression);
  if (expression?.type === FilterType.SQL) return { subString, expressionType: 'SQL92', tags: [] };
  const tags = subString === '*' ? [] : tagsOf(subString);
  return { subString, expressionType: 'TAG', tags };
}

/** @throws Refusal ILLEGAL_FILTER_EXPRESSION */
function expressionText(topic: string, expression: FilterExpression | undefined): string {
  const text = expression?.expression ?? '';
  if (expression?.type !== FilterType.SQL) return text.trim() === '' ? '*' : text;
  try {
    compileSql(text);
    return text;
  } catch (error) {
    if (!isCodedError(error, 'filter-illegal')) throw error;
    const reason = String(error.details['reason']);
    throw new Refusal(Code.ILLEGAL_FILTER_EXPRESSION, `expression format of topic ${topic} is not correct: ${reason}`);
  }
}

function tagsOf(expression: string): string[] {
  return expression
    .split('||')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}
