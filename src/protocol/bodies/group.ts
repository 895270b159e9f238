import { stringifyFastjson } from '../fastjson.ts';
import type { FastjsonObject } from '../fastjson.ts';
import { readDataVersion } from './dataVersion.ts';
import type { DataVersion } from './dataVersion.ts';
import {
  booleanAt,
  enumAt,
  isObject,
  listAt,
  numberAt,
  numbersAt,
  objectAt,
  objectsAt,
  readBody,
  textAt,
  textsAt,
} from './read.ts';
import { readMessageQueue } from './topic.ts';
import type { MessageQueue } from './topic.ts';

/* Groups, members and locks: remoting sheet §3.6 and §3.12, shapes 3 and 6. */

/** How long a message that failed waits each time. Source: GroupRetryPolicy.java. */
export interface GroupRetryPolicy {
  readonly type: 'CUSTOMIZED' | 'EXPONENTIAL';
  /** In ms. */
  readonly exponentialRetryPolicy?: { readonly initial: number; readonly max: number; readonly multiplier: number };
  /** In ms; without it the delay levels. */
  readonly customizedRetryPolicy?: { readonly next: readonly number[] };
}

export interface SubscriptionGroupConfig {
  readonly groupName: string;
  readonly consumeEnable: boolean;
  readonly consumeFromMinEnable: boolean;
  readonly consumeBroadcastEnable: boolean;
  readonly consumeMessageOrderly: boolean;
  readonly retryQueueNums: number;
  readonly retryMaxTimes: number;
  readonly brokerId: number;
  readonly whichBrokerWhenConsumeSlowly: number;
  readonly notifyConsumerIdsChangedEnable: boolean;
  readonly groupSysFlag: number;
  readonly consumeTimeoutMinute: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly groupRetryPolicy: GroupRetryPolicy;
}

/** Fields that are left out have the defaults of SubscriptionGroupConfig.java; broker sheet §4. */
export function groupConfig(
  parts: Partial<SubscriptionGroupConfig> & { readonly groupName: string },
): SubscriptionGroupConfig {
  return {
    consumeEnable: true,
    consumeFromMinEnable: true,
    consumeBroadcastEnable: true,
    consumeMessageOrderly: false,
    retryQueueNums: 1,
    retryMaxTimes: 16,
    brokerId: 0,
    whichBrokerWhenConsumeSlowly: 1,
    notifyConsumerIdsChangedEnable: true,
    groupSysFlag: 0,
    consumeTimeoutMinute: 15,
    attributes: {},
    groupRetryPolicy: { type: 'CUSTOMIZED' },
    ...parts,
  };
}

export interface GroupTable {
  readonly dataVersion: DataVersion | undefined;
  readonly groups: ReadonlyMap<string, SubscriptionGroupConfig>;
  /** By group and topic, bits of what is forbidden. */
  readonly forbidden: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Body of GET_ALL_SUBSCRIPTIONGROUP_CONFIG 201 and content of `config/subscriptionGroup.json`. */
export function encodeGroupTable(table: GroupTable): Buffer {
  return Buffer.from(
    stringifyFastjson({
      dataVersion: table.dataVersion,
      forbiddenTable: Object.fromEntries(
        [...table.forbidden].map(([group, topics]) => [group, Object.fromEntries(topics)]),
      ),
      subscriptionGroupTable: Object.fromEntries([...table.groups]),
    }),
  );
}

export function decodeGroupTable(body: Buffer): GroupTable {
  const json = readBody(body);
  const configs = objectAt(json, 'subscriptionGroupTable');
  const forbidden = objectAt(json, 'forbiddenTable');
  return {
    dataVersion: readDataVersion(json['dataVersion']),
    groups: new Map(
      Object.keys(configs).map((name) => [name, readGroupConfig({ groupName: name, ...objectAt(configs, name) })]),
    ),
    forbidden: new Map(Object.keys(forbidden).map((name) => [name, numbersAt(forbidden, name)])),
  };
}

export function readGroupConfig(json: FastjsonObject): SubscriptionGroupConfig {
  const attributes = objectAt(json, 'attributes');
  return {
    groupName: textAt(json, 'groupName'),
    consumeEnable: booleanAt(json, 'consumeEnable', true),
    consumeFromMinEnable: booleanAt(json, 'consumeFromMinEnable', true),
    consumeBroadcastEnable: booleanAt(json, 'consumeBroadcastEnable', true),
    consumeMessageOrderly: booleanAt(json, 'consumeMessageOrderly'),
    retryQueueNums: numberAt(json, 'retryQueueNums', 1),
    retryMaxTimes: numberAt(json, 'retryMaxTimes', 16),
    brokerId: numberAt(json, 'brokerId'),
    whichBrokerWhenConsumeSlowly: numberAt(json, 'whichBrokerWhenConsumeSlowly', 1),
    notifyConsumerIdsChangedEnable: booleanAt(json, 'notifyConsumerIdsChangedEnable', true),
    groupSysFlag: numberAt(json, 'groupSysFlag'),
    consumeTimeoutMinute: numberAt(json, 'consumeTimeoutMinute', 15),
    attributes: Object.fromEntries(Object.keys(attributes).map((name) => [name, textAt(attributes, name)])),
    groupRetryPolicy: readRetryPolicy(objectAt(json, 'groupRetryPolicy')),
  };
}

function readRetryPolicy(json: FastjsonObject): GroupRetryPolicy {
  const { exponentialRetryPolicy: exponential, customizedRetryPolicy: customized } = json;
  const next = isObject(customized)
    ? listAt(customized, 'next')
        .map(Number)
        .filter((ms) => ms >= 0)
    : [];
  return {
    type: json['type'] === 'EXPONENTIAL' ? 'EXPONENTIAL' : 'CUSTOMIZED',
    ...(isObject(exponential)
      ? {
          exponentialRetryPolicy: {
            initial: numberAt(exponential, 'initial', 5000),
            max: numberAt(exponential, 'max', 7_200_000),
            multiplier: numberAt(exponential, 'multiplier', 2),
          },
        }
      : {}),
    ...(next.length > 0 ? { customizedRetryPolicy: { next } } : {}),
  };
}

export interface Subscription {
  readonly topic: string;
  /** The expression as written. */
  readonly subString: string;
  readonly expressionType: string;
  readonly tags: readonly string[];
  readonly subVersion: number;
}

const CONSUME_TYPES = ['CONSUME_ACTIVELY', 'CONSUME_PASSIVELY', 'CONSUME_POP'] as const;
const MESSAGE_MODELS = ['BROADCASTING', 'CLUSTERING'] as const;
const CONSUME_FROM_WHERE = [
  'CONSUME_FROM_LAST_OFFSET',
  'CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST',
  'CONSUME_FROM_MIN_OFFSET',
  'CONSUME_FROM_MAX_OFFSET',
  'CONSUME_FROM_FIRST_OFFSET',
  'CONSUME_FROM_TIMESTAMP',
] as const;

export interface ConsumerData {
  readonly groupName: string;
  readonly consumeType: (typeof CONSUME_TYPES)[number];
  readonly messageModel: (typeof MESSAGE_MODELS)[number];
  readonly consumeFromWhere: (typeof CONSUME_FROM_WHERE)[number];
  readonly subscriptions: readonly Subscription[];
  readonly unitMode: boolean;
}

export interface Heartbeat {
  readonly clientId: string;
  readonly producerGroups: readonly string[];
  readonly consumers: readonly ConsumerData[];
  /** 0 for the first form; see broker sheet §4.1. */
  readonly fingerprint: number;
  /** True when the stored subscriptions are to be kept. */
  readonly withoutSubscriptions: boolean;
}

export function decodeHeartbeat(body: Buffer): Heartbeat {
  const json = readBody(body);
  return {
    clientId: textAt(json, 'clientID'),
    producerGroups: objectsAt(json, 'producerDataSet').map((producer) => textAt(producer, 'groupName')),
    consumers: objectsAt(json, 'consumerDataSet').map((consumer) => ({
      groupName: textAt(consumer, 'groupName'),
      consumeType: enumAt(consumer, 'consumeType', CONSUME_TYPES),
      messageModel:
        consumer['messageModel'] === undefined ? 'CLUSTERING' : enumAt(consumer, 'messageModel', MESSAGE_MODELS),
      consumeFromWhere: enumAt(consumer, 'consumeFromWhere', CONSUME_FROM_WHERE),
      subscriptions: objectsAt(consumer, 'subscriptionDataSet').map(readSubscription),
      unitMode: booleanAt(consumer, 'unitMode'),
    })),
    fingerprint: numberAt(json, 'heartbeatFingerprint'),
    withoutSubscriptions: booleanAt(json, 'withoutSub'),
  };
}

function readSubscription(json: FastjsonObject): Subscription {
  return {
    topic: textAt(json, 'topic'),
    subString: textAt(json, 'subString'),
    expressionType: textAt(json, 'expressionType', 'TAG'),
    tags: textsAt(json, 'tagsSet'),
    subVersion: numberAt(json, 'subVersion'),
  };
}

/** Body of LOCK_BATCH_MQ 41 and UNLOCK_BATCH_MQ 42. */
export interface LockRequest {
  readonly consumerGroup: string;
  readonly clientId: string;
  readonly queues: readonly MessageQueue[];
}

export function decodeLockRequest(body: Buffer): LockRequest {
  const json = readBody(body);
  return {
    consumerGroup: textAt(json, 'consumerGroup'),
    clientId: textAt(json, 'clientId'),
    queues: listAt(json, 'mqSet').flatMap((item) => (isObject(item) ? (readMessageQueue(item) ?? []) : [])),
  };
}

export function encodeLockedQueues(queues: readonly MessageQueue[]): Buffer {
  return Buffer.from(stringifyFastjson({ lockOKMQSet: queues }));
}

export function encodeConsumerIds(clientIds: readonly string[]): Buffer {
  return Buffer.from(stringifyFastjson({ consumerIdList: clientIds }));
}
