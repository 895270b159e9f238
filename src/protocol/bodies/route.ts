import { stringifyFastjson } from '../fastjson.ts';
import type { FastjsonObject } from '../fastjson.ts';
import { booleanAt, numberAt, objectAt, objectsAt, readBody, textAt, textsAt, textsByNumberAt } from './read.ts';

/* Bodies of the NameServer: remoting sheet §3.12, shapes 1, 2, 4 and 11. */

export interface BrokerData {
  readonly cluster: string;
  readonly brokerName: string;
  /** brokerId → `host:port`; 0 is the master. */
  readonly brokerAddrs: ReadonlyMap<number, string>;
  readonly enableActingMaster: boolean;
  /** Where the broker stands, as it says itself. */
  readonly zoneName?: string | undefined;
}

export interface QueueData {
  readonly brokerName: string;
  readonly readQueueNums: number;
  readonly writeQueueNums: number;
  readonly perm: number;
  readonly topicSysFlag: number;
}

export interface TopicRoute {
  readonly brokers: readonly BrokerData[];
  readonly queues: readonly QueueData[];
  /** `brokerA:4;brokerB:4` where the NameServer serves ordered topics. */
  readonly orderTopicConf: string | undefined;
  /** brokerName → how the queues of a static topic lie there, as its broker told it. */
  readonly mappings?: ReadonlyMap<string, FastjsonObject> | undefined;
}

export interface ClusterInfo {
  readonly brokers: readonly BrokerData[];
  /** clusterName → brokerNames */
  readonly clusters: ReadonlyMap<string, readonly string[]>;
}

/** Bits of a topic's perm. Source: PermName.java. */
export const Perm = { INHERIT: 1, WRITE: 2, READ: 4 } as const;

/**
 * @param strict quoted keys, for requesters from 4.9.4 on or with acceptStandardJsonOnly; else fastjson's bare ids
 */
export function encodeTopicRoute(route: TopicRoute, strict: boolean): Buffer {
  const text = stringifyFastjson({
    brokerDatas: route.brokers.map((broker) => brokerDataJson(broker, strict)),
    filterServerTable: {},
    orderTopicConf: route.orderTopicConf,
    queueDatas: route.queues,
    topicQueueMappingByBroker: route.mappings && Object.fromEntries(route.mappings),
  });
  return Buffer.from(strict ? escapeNonAscii(text) : text);
}

export function decodeTopicRoute(body: Buffer): TopicRoute {
  const json = readBody(body);
  return {
    brokers: objectsAt(json, 'brokerDatas').map(readBrokerData),
    queues: objectsAt(json, 'queueDatas').map((queue) => ({
      brokerName: textAt(queue, 'brokerName'),
      readQueueNums: numberAt(queue, 'readQueueNums'),
      writeQueueNums: numberAt(queue, 'writeQueueNums'),
      perm: numberAt(queue, 'perm'),
      topicSysFlag: numberAt(queue, 'topicSysFlag'),
    })),
    orderTopicConf: typeof json['orderTopicConf'] === 'string' ? json['orderTopicConf'] : undefined,
  };
}

/** Bare ids always: Java's NameServer has no strict form of this body. */
export function encodeClusterInfo(info: ClusterInfo): Buffer {
  return Buffer.from(
    stringifyFastjson({
      brokerAddrTable: Object.fromEntries(
        info.brokers.map((broker) => [broker.brokerName, brokerDataJson(broker, false)]),
      ),
      clusterAddrTable: Object.fromEntries(info.clusters),
    }),
  );
}

export function decodeClusterInfo(body: Buffer): ClusterInfo {
  const json = readBody(body);
  const brokers = objectAt(json, 'brokerAddrTable');
  const clusters = objectAt(json, 'clusterAddrTable');
  return {
    brokers: Object.keys(brokers).map((name) => readBrokerData(objectAt(brokers, name))),
    clusters: new Map(Object.keys(clusters).map((name) => [name, textsAt(clusters, name)])),
  };
}

/** Body of GET_BROKER_MEMBER_GROUP 901: the master and slaves of one name. */
export function encodeMemberGroup(
  cluster: string,
  brokerName: string,
  brokerAddrs: ReadonlyMap<number, string>,
): Buffer {
  return Buffer.from(stringifyFastjson({ brokerMemberGroup: { brokerAddrs, brokerName, cluster } }));
}

export interface TopicList {
  readonly topics: readonly string[];
  readonly brokerAddr: string | undefined;
}

export function encodeTopicList(list: TopicList): Buffer {
  return Buffer.from(stringifyFastjson({ brokerAddr: list.brokerAddr, topicList: list.topics }));
}

export function decodeTopicList(body: Buffer): TopicList {
  const json = readBody(body);
  const brokerAddr = textAt(json, 'brokerAddr');
  return { topics: textsAt(json, 'topicList'), brokerAddr: brokerAddr === '' ? undefined : brokerAddr };
}

/** `{"table":{k:v}}`: runtime info, key-value configuration. */
export function encodeKvTable(table: ReadonlyMap<string, string>): Buffer {
  return Buffer.from(stringifyFastjson({ table: Object.fromEntries(table) }));
}

export function decodeKvTable(body: Buffer): Map<string, string> {
  const table = objectAt(readBody(body), 'table');
  return new Map(Object.keys(table).map((key) => [key, textAt(table, key)]));
}

function brokerDataJson(broker: BrokerData, strict: boolean): object {
  const { brokerAddrs, brokerName, cluster, enableActingMaster, zoneName } = broker;
  return {
    brokerAddrs: strict ? Object.fromEntries(brokerAddrs) : brokerAddrs,
    brokerName,
    cluster,
    enableActingMaster,
    zoneName,
  };
}

function readBrokerData(json: FastjsonObject): BrokerData {
  return {
    cluster: textAt(json, 'cluster'),
    brokerName: textAt(json, 'brokerName'),
    brokerAddrs: textsByNumberAt(json, 'brokerAddrs'),
    enableActingMaster: booleanAt(json, 'enableActingMaster'),
  };
}

function escapeNonAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
