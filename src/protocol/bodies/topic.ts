import { inflateSync } from 'node:zlib';
import { CodedError } from '../../base/errors.ts';
import { FastjsonText, parseFastjson, stringifyFastjson } from '../fastjson.ts';
import type { FastjsonKey, FastjsonObject, FastjsonValue } from '../fastjson.ts';
import { readDataVersion } from './dataVersion.ts';
import type { DataVersion } from './dataVersion.ts';
import { booleanAt, isObject, mapAt, numberAt, objectAt, objectsAt, readBody, textAt, textsAt } from './read.ts';

/* Topic tables: remoting sheet §3.12, shapes 4, 5 and 7; broker sheet §3 for the compressed registration. */

export interface TopicConfig {
  readonly topicName: string;
  readonly readQueueNums: number;
  readonly writeQueueNums: number;
  readonly perm: number;
  readonly topicFilterType: string;
  readonly topicSysFlag: number;
  readonly order: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface TopicTable {
  readonly dataVersion: DataVersion | undefined;
  readonly topics: ReadonlyMap<string, TopicConfig>;
  /** Of static topics of Apache's brokers: topic → how its queues lie there, passed on as it is. */
  readonly mappings?: ReadonlyMap<string, FastjsonObject>;
}

/** Fields that are left out have the defaults of TopicConfig.java. */
export function topicConfig(parts: Partial<TopicConfig> & { readonly topicName: string }): TopicConfig {
  return {
    readQueueNums: 16,
    writeQueueNums: 16,
    perm: 6,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    attributes: {},
    ...parts,
  };
}

function readTopicConfig(json: FastjsonObject, name = ''): TopicConfig {
  return {
    topicName: textAt(json, 'topicName', name),
    readQueueNums: numberAt(json, 'readQueueNums', 16),
    writeQueueNums: numberAt(json, 'writeQueueNums', 16),
    perm: numberAt(json, 'perm', 6),
    topicFilterType: textAt(json, 'topicFilterType', 'SINGLE_TAG'),
    topicSysFlag: numberAt(json, 'topicSysFlag'),
    order: booleanAt(json, 'order'),
    attributes: readAttributes(objectAt(json, 'attributes')),
  };
}

function readAttributes(json: FastjsonObject): Readonly<Record<string, string>> {
  const names = Object.keys(json);
  return names.length === 0 ? NO_ATTRIBUTES : Object.fromEntries(names.map((name) => [name, textAt(json, name)]));
}

/** One for all topics: there may be ten thousand. */
const NO_ATTRIBUTES: Readonly<Record<string, string>> = {};

/** Body of UPDATE_AND_CREATE_TOPIC_LIST 18. */
export function decodeTopicConfigList(body: Buffer): TopicConfig[] {
  return objectsAt(readBody(body), 'topicConfigList').map((json) => readTopicConfig(json));
}

/** Body of GET_ALL_TOPIC_CONFIG 21 and content of `config/topics.json`. */
export function encodeTopicTable(table: TopicTable): Buffer {
  return Buffer.from(stringifyFastjson(topicTableJson(table)));
}

/** Tables of thousands of topics are written at every change and told every half minute; few of their rows change. */
const rowTexts = new WeakMap<TopicConfig, string>();

function rowText(name: string, config: TopicConfig): string {
  let text = rowTexts.get(config);
  if (text === undefined) {
    text = `${JSON.stringify(name)}:${stringifyFastjson(config)}`;
    rowTexts.set(config, text);
  }
  return text;
}

export function decodeTopicTable(body: Buffer): TopicTable {
  return readTopicTable(readBody(body));
}

/** Body of REGISTER_BROKER 103, as Java writes it. */
export function encodeRegistration(table: TopicTable): Buffer {
  return Buffer.from(stringifyFastjson({ filterServerList: [], topicConfigSerializeWrapper: topicTableJson(table) }));
}

export interface Registration {
  readonly table: TopicTable;
  readonly filterServers: readonly string[];
}

/**
 * Plain JSON, or Java's deflated form; the header's `compressed` is not to be trusted, so the first byte decides.
 * @throws CodedError `json-illegal`
 */
export function decodeRegistration(body: Buffer): Registration {
  if (body.length === 0) return { table: { dataVersion: undefined, topics: new Map() }, filterServers: [] };
  if (body[0] === 0x78) return decodeDeflated(body);
  const json = readBody(body);
  return {
    table: readTopicTable(objectAt(json, 'topicConfigSerializeWrapper')),
    filterServers: textsAt(json, 'filterServerList'),
  };
}

/** One row of TopicStatsTable (GET_TOPIC_STATS_INFO 202), keyed by objects on the wire. */
export interface QueueStats {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly lastUpdateTimestamp: number;
}

export function encodeTopicStats(queues: readonly QueueStats[], topicPutTps: number): Buffer {
  const table = new Map(
    queues.map(({ topic, brokerName, queueId, ...stats }) => [{ brokerName, queueId, topic }, stats] as const),
  );
  return Buffer.from(stringifyFastjson({ offsetTable: table, topicPutTps }));
}

export function decodeTopicStats(body: Buffer): QueueStats[] {
  return [...mapAt(readBody(body), 'offsetTable')].flatMap(([key, value]) => {
    const queue = readMessageQueue(key);
    if (queue === undefined || !isObject(value)) return [];
    return [
      {
        ...queue,
        minOffset: numberAt(value, 'minOffset'),
        maxOffset: numberAt(value, 'maxOffset'),
        lastUpdateTimestamp: numberAt(value, 'lastUpdateTimestamp'),
      },
    ];
  });
}

export interface MessageQueue {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
}

export function readMessageQueue(value: FastjsonKey | FastjsonValue): MessageQueue | undefined {
  if (!isObject(value)) return undefined;
  return {
    topic: textAt(value, 'topic'),
    brokerName: textAt(value, 'brokerName'),
    queueId: numberAt(value, 'queueId'),
  };
}

function topicTableJson(table: TopicTable): object {
  const rows: string[] = [];
  for (const [name, config] of table.topics) rows.push(rowText(name, config));
  return {
    dataVersion: table.dataVersion,
    mappingDataVersion: table.dataVersion,
    topicConfigTable: new FastjsonText(`{${rows.join(',')}}`),
    topicQueueMappingDetailMap: {},
    topicQueueMappingInfoMap: {},
  };
}

function readTopicTable(json: FastjsonObject): TopicTable {
  const configs = objectAt(json, 'topicConfigTable');
  const topics = new Map<string, TopicConfig>();
  for (const name of Object.keys(configs)) topics.set(name, readTopicConfig(objectAt(configs, name), name));
  const mappingInfos = objectAt(json, 'topicQueueMappingInfoMap');
  const mappings = new Map(Object.keys(mappingInfos).map((name) => [name, objectAt(mappingInfos, name)]));
  return { dataVersion: readDataVersion(json['dataVersion']), topics, ...(mappings.size > 0 ? { mappings } : {}) };
}

/* {length 4 | DataVersion json} {count 4 | {length 4 | topic text}*} {length 4 | filterServerList json}
   {count 4 | {length 4 | mapping json}*} */
function decodeDeflated(body: Buffer): Registration {
  const bytes = inflateSync(body, { maxOutputLength: 256 * 1024 * 1024 });
  let at = 0;
  const text = (): string => {
    const sizeBytes = bytes.readInt32BE(at);
    at += 4 + sizeBytes;
    if (sizeBytes < 0 || at > bytes.length)
      throw new CodedError('json-illegal', { position: at, reason: 'the registration is cut short' });
    return bytes.toString('utf8', at - sizeBytes, at);
  };
  const dataVersion = readDataVersion(parseFastjson(text()));
  const topics = new Map<string, TopicConfig>();
  const count = bytes.readInt32BE(at);
  at += 4;
  for (let index = 0; index < count; index += 1) {
    const config = readTopicText(text());
    topics.set(config.topicName, config);
  }
  const filterServers = parseFastjson(text());
  const mappings = new Map<string, FastjsonObject>();
  // From 5.0 on.
  const mappingCount = at < bytes.length ? bytes.readInt32BE(at) : 0;
  at += 4;
  for (let index = 0; index < mappingCount; index += 1) {
    const mapping = parseFastjson(text());
    if (isObject(mapping)) mappings.set(textAt(mapping, 'topic'), mapping);
  }
  return {
    table: { dataVersion, topics, ...(mappings.size > 0 ? { mappings } : {}) },
    filterServers: Array.isArray(filterServers) ? filterServers.filter((item) => typeof item === 'string') : [],
  };
}

/** `name readNums writeNums perm filterType [attributesJson]`; 4.9 writes five items. */
function readTopicText(text: string): TopicConfig {
  const [topicName = '', readNums, writeNums, perm, topicFilterType = 'SINGLE_TAG', ...rest] = text.split(' ');
  const attributes = rest.length === 0 ? {} : parseFastjson(rest.join(' '));
  return topicConfig({
    topicName,
    readQueueNums: Number(readNums),
    writeQueueNums: Number(writeNums),
    perm: Number(perm),
    topicFilterType,
    attributes: isObject(attributes)
      ? Object.fromEntries(Object.keys(attributes).map((name) => [name, textAt(attributes, name)]))
      : {},
  });
}
