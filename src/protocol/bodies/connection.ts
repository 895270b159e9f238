import { stringifyFastjson } from '../fastjson.ts';
import { numberAt, objectsAt, readBody, textAt } from './read.ts';
import { javaHash } from '../filter/tag.ts';
import type { ConsumerData, Subscription } from './group.ts';

/* Who is connected: remoting sheet §3.12, shape 9. */

export interface ConnectedClient {
  readonly clientId: string;
  /** `ip:port` */
  readonly clientAddr: string;
  readonly language: string;
  readonly version: number;
}

/** Body of GET_PRODUCER_CONNECTION_LIST 204. */
export function encodeProducerConnection(clients: readonly ConnectedClient[]): Buffer {
  return Buffer.from(stringifyFastjson({ connectionSet: clients }));
}

export interface KnownProducer extends ConnectedClient {
  readonly lastUpdateTimestamp: number;
}

/** Body of GET_ALL_PRODUCER_INFO 328: clients by group. Source: ProducerTableInfo.java. */
export function encodeAllProducers(groups: Iterable<readonly [string, readonly KnownProducer[]]>): Buffer {
  const rows = [...groups].map(([group, clients]) => [
    group,
    clients.map(({ clientAddr, ...client }) => ({ ...client, remoteIP: `/${clientAddr}` })),
  ]);
  return Buffer.from(stringifyFastjson({ data: Object.fromEntries(rows) as object }));
}

/** Body of GET_CONSUMER_CONNECTION_LIST 203. */
export function encodeConsumerConnection(
  clients: readonly ConnectedClient[],
  group: Pick<ConsumerData, 'consumeFromWhere' | 'consumeType' | 'messageModel'> & {
    readonly subscriptions: Iterable<Subscription>;
  },
): Buffer {
  const { consumeFromWhere, consumeType, messageModel, subscriptions } = group;
  const subscriptionTable = Object.fromEntries(
    [...subscriptions].map((subscription) => [subscription.topic, subscriptionJson(subscription)]),
  );
  return Buffer.from(
    stringifyFastjson({ connectionSet: clients, consumeFromWhere, consumeType, messageModel, subscriptionTable }),
  );
}

export interface ConsumerConnection {
  readonly clients: readonly ConnectedClient[];
  /** As the broker writes them; empty when it does not say. */
  readonly consumeType: string;
  readonly messageModel: string;
}

/** @throws CodedError `json-illegal` */
export function decodeConsumerConnection(body: Buffer): ConsumerConnection {
  const json = readBody(body);
  const clients = objectsAt(json, 'connectionSet').map((client) => ({
    clientId: textAt(client, 'clientId'),
    clientAddr: textAt(client, 'clientAddr'),
    language: textAt(client, 'language'),
    version: numberAt(client, 'version'),
  }));
  return { clients, consumeType: textAt(json, 'consumeType'), messageModel: textAt(json, 'messageModel') };
}

/** SubscriptionData.java. */
export function subscriptionJson(subscription: Subscription): object {
  const { topic, subString, expressionType, tags, subVersion } = subscription;
  return {
    classFilterMode: false,
    codeSet: tags.map(javaHash),
    expressionType,
    subString,
    subVersion,
    tagsSet: tags,
    topic,
  };
}

/** Body of QUERY_SUBSCRIPTION_BY_CONSUMER 345. */
export function encodeSubscription(of: {
  readonly group: string;
  readonly topic: string | undefined;
  readonly subscription: Subscription | undefined;
}): Buffer {
  const { group, topic, subscription } = of;
  const subscriptionData = subscription && subscriptionJson(subscription);
  return Buffer.from(stringifyFastjson({ group, subscriptionData, topic }));
}
