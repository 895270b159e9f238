import { crc32 } from 'node:zlib';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { readDataVersion, sameDataVersion } from '../../protocol/bodies/dataVersion.ts';
import { readBody } from '../../protocol/bodies/read.ts';
import {
  decodeTopicRoute,
  encodeClusterInfo,
  encodeKvTable,
  encodeMemberGroup,
  encodeTopicList,
  encodeTopicRoute,
} from '../../protocol/bodies/route.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { versionOrdinal } from '../../protocol/command.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import {
  addWritePermResponse,
  brokerIdentity,
  brokerLiveness,
  brokerMemberGroup,
  brokerNameOnly,
  getKvConfigResponse,
  getRoute as getRouteFields,
  kvKey,
  kvNamespace,
  putKvConfig,
  queryDataVersionResponse,
  registerBroker as registerFields,
  registerBrokerResponse,
  registerTopic as registerTopicFields,
  topicsByCluster,
  wipeWritePermResponse,
} from '../../protocol/requests/route.ts';
import { deleteTopicInNameServer } from '../../protocol/requests/topic.ts';
import type { Peer, IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { NameServerConfig } from '../config.ts';
import { updateSettings } from '../handlers/brokerConfig.ts';
import { FAQ_HINT, SUCCESS, success, successBody } from '../reply.ts';
import type { RunningSettings } from '../runningSettings.ts';
import { inZone } from './actingMaster.ts';
import type { KvConfig } from './kvConfig.ts';
import type { RegisteredTables } from './registeredTables.ts';
import type { RouteInfo } from './routeInfo.ts';

export interface NameServerContext {
  /** As they are now: read them at every use, since `settings` may change them. */
  readonly config: NameServerConfig;
  readonly settings: RunningSettings<NameServerConfig>;
  readonly clock: Clock;
  readonly startedMs: number;
  readonly logger: Logger;
  readonly routes: RouteInfo;
  readonly kv: KvConfig;
  readonly tables: RegisteredTables;
  /** Removes a broker when the connection that registered it ends. */
  readonly watch: (connection: Peer) => void;
}

type NameServerHandler = (nameServer: NameServerContext, request: IncomingRequest) => Reply;

/** From this release on clients read JSON whose keys are all quoted (remoting sheet §1.7). */
const READS_STRICT_JSON = versionOrdinal(4, 9, 4);
const ORDER_TOPIC_CONFIG = 'ORDER_TOPIC_CONFIG';
const UNIT = 1;
const UNIT_SUBSCRIPTION = 2;

/** REGISTER_BROKER 103. Source: DefaultRequestProcessor.java. */
const registerBroker: NameServerHandler = (nameServer, { command, connection }) => {
  const header = decodeFields(registerFields, command.extFields);
  const crc = header.bodyCrc32 ?? 0;
  if (crc !== 0 && crc !== (crc32(command.body) & 0x7fffffff)) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: 'crc32 not match' };
  }
  const table = nameServer.tables.read(connection, command.body);
  const isNew = nameServer.routes.refresh(header, nameServer.clock.now()) === undefined;
  const registration = { ...header, zoneName: header.__ZONE_NAME, table, owner: connection };
  const master = nameServer.routes.register(registration, nameServer.clock.now());
  nameServer.watch(connection);
  if (isNew) nameServer.logger.info(`broker ${header.brokerName} registered at ${header.brokerAddr}`);
  const order = nameServer.config.returnOrderTopicConfigToBroker ? nameServer.kv.list(ORDER_TOPIC_CONFIG) : undefined;
  return {
    code: ResponseCode.SUCCESS,
    extFields: encodeFields(registerBrokerResponse, master),
    body: order && encodeKvTable(order),
  };
};

/** UNREGISTER_BROKER 104. */
const unregisterBroker: NameServerHandler = (nameServer, { command }) => {
  const identity = decodeFields(brokerIdentity, command.extFields);
  nameServer.routes.unregister(identity);
  nameServer.logger.info(`broker ${identity.brokerName} at ${identity.brokerAddr} took its leave`);
  return SUCCESS;
};

/** QUERY_DATA_VERSION 322: is the broker's table newer than what is known here? */
const queryDataVersion: NameServerHandler = ({ routes, clock }, { command }) => {
  const identity = decodeFields(brokerIdentity, command.extFields);
  const known = routes.refresh(identity, clock.now());
  const changed = known === undefined || !sameDataVersion(known, readDataVersion(readBody(command.body)));
  return {
    code: ResponseCode.SUCCESS,
    extFields: encodeFields(queryDataVersionResponse, { changed }),
    body: known && Buffer.from(stringifyFastjson(known)),
  };
};

/** BROKER_HEARTBEAT 904. */
const brokerHeartbeat: NameServerHandler = ({ routes, clock }, { command }) => {
  routes.refresh(decodeFields(brokerLiveness, command.extFields), clock.now());
  return SUCCESS;
};

/** GET_ROUTEINFO_BY_TOPIC 105. Source: ClientRequestProcessor.java. */
const getRoute: NameServerHandler = ({ routes, kv, config, clock, startedMs }, { command }) => {
  const header = decodeFields(getRouteFields, command.extFields);
  const { topic, acceptStandardJsonOnly } = header;
  if (config.needWaitForService && clock.now() - startedMs < config.waitSecondsForService * 1000) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: 'name server not ready' };
  }
  const route = routes.route(topic);
  if (route === undefined) {
    return {
      code: ResponseCode.TOPIC_NOT_EXIST,
      remark: `No topic route info in name server for the topic: ${topic}${FAQ_HINT}`,
    };
  }
  const orderTopicConf = config.orderMessageEnable ? kv.get(ORDER_TOPIC_CONFIG, topic) : undefined;
  const strict = command.version >= READS_STRICT_JSON || acceptStandardJsonOnly === true;
  const zoneName = header.__ZONE_MODE === true ? (header.__ZONE_NAME ?? '') : '';
  const shown = zoneName === '' ? route : inZone(zoneName, route);
  return successBody(encodeTopicRoute({ ...shown, orderTopicConf }, strict));
};

/** GET_BROKER_CLUSTER_INFO 106. */
const getClusterInfo: NameServerHandler = ({ routes }) => successBody(encodeClusterInfo(routes.clusterInfo()));

/** GET_ALL_TOPIC_LIST_FROM_NAMESERVER 206. */
const getAllTopics: NameServerHandler = ({ routes, config }) => {
  if (!config.enableAllTopicList) return { code: ResponseCode.SYSTEM_ERROR, remark: 'disable' };
  return topicList(routes.topics());
};

/** GET_TOPICS_BY_CLUSTER 224. */
const getTopicsOfCluster: NameServerHandler = (nameServer, { command }) =>
  listIfEnabled(nameServer, (routes) =>
    routes.topicsOfCluster(decodeFields(topicsByCluster, command.extFields).cluster),
  );

/** GET_SYSTEM_TOPIC_LIST_FROM_NS 304. */
const getSystemTopics: NameServerHandler = ({ routes }) => successBody(encodeTopicList(routes.systemTopics()));

/** GET_UNIT_TOPIC_LIST 311, GET_HAS_UNIT_SUB_TOPIC_LIST 312, GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST 313. */
const getUnitTopics: NameServerHandler = (nameServer) =>
  listIfEnabled(nameServer, (routes) => routes.topicsByFlag((flag) => (flag & UNIT) !== 0));
const getUnitSubTopics: NameServerHandler = (nameServer) =>
  listIfEnabled(nameServer, (routes) => routes.topicsByFlag((flag) => (flag & UNIT_SUBSCRIPTION) !== 0));
const getUnitSubUnunitTopics: NameServerHandler = (nameServer) =>
  listIfEnabled(nameServer, (routes) =>
    routes.topicsByFlag((flag) => (flag & (UNIT | UNIT_SUBSCRIPTION)) === UNIT_SUBSCRIPTION),
  );

/** DELETE_TOPIC_IN_NAMESRV 216. */
const deleteTopic: NameServerHandler = ({ routes }, { command }) => {
  const { topic, clusterName } = decodeFields(deleteTopicInNameServer, command.extFields);
  routes.deleteTopic(topic, clusterName === '' ? undefined : clusterName);
  return SUCCESS;
};

/** REGISTER_TOPIC_IN_NAMESRV 217. */
const registerTopic: NameServerHandler = ({ routes }, { command }) => {
  const { topic } = decodeFields(registerTopicFields, command.extFields);
  routes.registerTopic(topic, decodeTopicRoute(command.body).queues);
  return SUCCESS;
};

/** GET_BROKER_MEMBER_GROUP 901. */
const getMemberGroup: NameServerHandler = ({ routes }, { command }) => {
  const { clusterName, brokerName } = decodeFields(brokerMemberGroup, command.extFields);
  return successBody(encodeMemberGroup(clusterName, brokerName, routes.membersOf(brokerName)));
};

/** WIPE_WRITE_PERM_OF_BROKER 205. */
const wipeWritePerm: NameServerHandler = ({ routes }, { command }) => {
  const { brokerName } = decodeFields(brokerNameOnly, command.extFields);
  return success(encodeFields(wipeWritePermResponse, { wipeTopicCount: routes.setWritable(brokerName, false) }));
};

/** ADD_WRITE_PERM_OF_BROKER 327. */
const addWritePerm: NameServerHandler = ({ routes }, { command }) => {
  const { brokerName } = decodeFields(brokerNameOnly, command.extFields);
  return success(encodeFields(addWritePermResponse, { addTopicCount: routes.setWritable(brokerName, true) }));
};

/** PUT_KV_CONFIG 100. */
const putKv: NameServerHandler = ({ kv }, { command }) => {
  const { namespace, key, value } = decodeFields(putKvConfig, command.extFields);
  kv.put(namespace, key, value);
  return SUCCESS;
};

/** GET_KV_CONFIG 101. */
const getKv: NameServerHandler = ({ kv }, { command }) => {
  const { namespace, key } = decodeFields(kvKey, command.extFields);
  const value = kv.get(namespace, key);
  if (value !== undefined) return success(encodeFields(getKvConfigResponse, { value }));
  return { code: ResponseCode.QUERY_NOT_FOUND, remark: `No config item, Namespace: ${namespace} Key: ${key}` };
};

/** DELETE_KV_CONFIG 102. */
const deleteKv: NameServerHandler = ({ kv }, { command }) => {
  const { namespace, key } = decodeFields(kvKey, command.extFields);
  kv.delete(namespace, key);
  return SUCCESS;
};

/** GET_KVLIST_BY_NAMESPACE 219. */
const listKv: NameServerHandler = ({ kv }, { command }) => {
  const { namespace } = decodeFields(kvNamespace, command.extFields);
  const table = kv.list(namespace);
  if (table !== undefined) return successBody(encodeKvTable(table));
  return { code: ResponseCode.QUERY_NOT_FOUND, remark: `No config item, Namespace: ${namespace}` };
};

/** GET_NAMESRV_CONFIG 319. */
const getConfig: NameServerHandler = ({ settings }) => successBody(Buffer.from(settings.text()));

/** UPDATE_NAMESRV_CONFIG 318. */
const updateConfig: NameServerHandler = ({ settings }, { command }) => updateSettings(settings, command.body);

/** What the NameServer answers; any other code gets 3 at once. */
export const nameServerHandlers: readonly (readonly [RequestCode, NameServerHandler])[] = [
  [RequestCode.REGISTER_BROKER, registerBroker],
  [RequestCode.UNREGISTER_BROKER, unregisterBroker],
  [RequestCode.QUERY_DATA_VERSION, queryDataVersion],
  [RequestCode.BROKER_HEARTBEAT, brokerHeartbeat],
  [RequestCode.GET_ROUTEINFO_BY_TOPIC, getRoute],
  [RequestCode.GET_BROKER_CLUSTER_INFO, getClusterInfo],
  [RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER, getAllTopics],
  [RequestCode.GET_TOPICS_BY_CLUSTER, getTopicsOfCluster],
  [RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_NS, getSystemTopics],
  [RequestCode.GET_UNIT_TOPIC_LIST, getUnitTopics],
  [RequestCode.GET_HAS_UNIT_SUB_TOPIC_LIST, getUnitSubTopics],
  [RequestCode.GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST, getUnitSubUnunitTopics],
  [RequestCode.DELETE_TOPIC_IN_NAMESRV, deleteTopic],
  [RequestCode.WIPE_WRITE_PERM_OF_BROKER, wipeWritePerm],
  [RequestCode.ADD_WRITE_PERM_OF_BROKER, addWritePerm],
  [RequestCode.PUT_KV_CONFIG, putKv],
  [RequestCode.GET_KV_CONFIG, getKv],
  [RequestCode.DELETE_KV_CONFIG, deleteKv],
  [RequestCode.GET_KVLIST_BY_NAMESPACE, listKv],
  [RequestCode.GET_NAMESRV_CONFIG, getConfig],
  [RequestCode.UPDATE_NAMESRV_CONFIG, updateConfig],
  [RequestCode.REGISTER_TOPIC_IN_NAMESRV, registerTopic],
  [RequestCode.GET_BROKER_MEMBER_GROUP, getMemberGroup],
];

function listIfEnabled({ config, routes }: NameServerContext, list: (routes: RouteInfo) => readonly string[]): Reply {
  if (!config.enableTopicList) return { code: ResponseCode.SYSTEM_ERROR, remark: 'disable' };
  return topicList(list(routes));
}

function topicList(topics: readonly string[]): Reply {
  return successBody(encodeTopicList({ topics, brokerAddr: undefined }));
}
