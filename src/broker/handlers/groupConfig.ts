import { readDataVersion } from '../../protocol/bodies/dataVersion.ts';
import { encodeGroupTable, readGroupConfig } from '../../protocol/bodies/group.ts';
import type { SubscriptionGroupConfig } from '../../protocol/bodies/group.ts';
import { objectsAt, readBody } from '../../protocol/bodies/read.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { parseFastjson, stringifyFastjson } from '../../protocol/fastjson.ts';
import { decodeFields } from '../../protocol/fields.ts';
import {
  deleteGroup as deleteFields,
  groupOnly,
  groupPage,
  updateForbidden as forbiddenFields,
} from '../../protocol/requests/group.ts';
import { groupNameProblem } from '../../protocol/topicName.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { SUCCESS, invalidGroup, successBody } from '../reply.ts';
import { MAX_QUEUES } from '../state/topics.ts';
import { alteredGroupAttributes } from './groupAttributes.ts';

/** UPDATE_AND_CREATE_SUBSCRIPTIONGROUP 200. */
export function updateGroup(broker: BrokerContext, { command }: IncomingRequest): Reply | Promise<Reply> {
  return updateAll(broker, [readGroupConfig(readBody(command.body))]);
}

/** UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST 225: all of them, or none. */
export function updateGroups(broker: BrokerContext, { command }: IncomingRequest): Reply | Promise<Reply> {
  return updateAll(broker, objectsAt(readBody(command.body), 'groupConfigList').map(readGroupConfig));
}

function updateAll(broker: BrokerContext, given: readonly SubscriptionGroupConfig[]): Reply | Promise<Reply> {
  const configs: SubscriptionGroupConfig[] = [];
  for (const config of given) {
    const problem = groupNameProblem(config.groupName);
    if (problem !== undefined) return invalidGroup(config.groupName, problem);
    if (config.retryQueueNums > MAX_QUEUES) {
      const remark = `retryQueueNums may be at most ${MAX_QUEUES}, not ${config.retryQueueNums}`;
      return { code: ResponseCode.INVALID_PARAMETER, remark };
    }
    const attributes = alteredGroupAttributes(broker.groups.get(config.groupName)?.attributes, config.attributes);
    if (typeof attributes === 'string') return { code: ResponseCode.SYSTEM_ERROR, remark: attributes };
    configs.push({ ...config, attributes });
  }
  if (configs.length > 0) broker.groups.put(...configs);
  return broker.groups.saved()?.then(() => SUCCESS) ?? SUCCESS;
}

/** GET_ALL_SUBSCRIPTIONGROUP_CONFIG 201: everything at once, or a page for readers that ask for pages. */
export function getAllGroups(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { groupSeq, dataVersion, maxGroupNum } = decodeFields(groupPage, command.extFields);
  const { groups, config } = broker;
  const wantsAll = dataVersion === undefined && groupSeq === undefined && maxGroupNum === undefined;
  const table =
    wantsAll || !config.enableSplitMetadata
      ? groups.table()
      : groups.page(versionIn(dataVersion), groupSeq ?? 0, Math.min(config.splitMetadataSize, maxGroupNum ?? Infinity));
  return {
    code: ResponseCode.SUCCESS,
    extFields: { totalGroupNum: String(groups.size) },
    body: encodeGroupTable(table),
  };
}

function versionIn(text: string | undefined): ReturnType<typeof readDataVersion> {
  return text === undefined || text.trim() === '' ? undefined : readDataVersion(parseFastjson(text));
}

/** GET_SUBSCRIPTIONGROUP_CONFIG 352. */
export function getGroupConfig(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { group } = decodeFields(groupOnly, command.extFields);
  const config = broker.groups.find(group);
  if (config !== undefined) return successBody(Buffer.from(stringifyFastjson(config)));
  return { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark: 'No group in this broker' };
}

/** DELETE_SUBSCRIPTIONGROUP 207. */
export function deleteGroup(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { groupName, cleanOffset } = decodeFields(deleteFields, command.extFields);
  broker.groups.delete(groupName);
  broker.statistics.groupDeleted(groupName);
  if (cleanOffset === true) broker.offsets.deleteGroup(groupName);
  return SUCCESS;
}

/** UPDATE_AND_GET_GROUP_FORBIDDEN 353: may the group read the topic? With `readable` it may from now on, or not. */
export function updateForbidden(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { group, topic, readable } = decodeFields(forbiddenFields, command.extFields);
  if (readable !== undefined) broker.groups.setReadForbidden(group, topic, !readable);
  const now = { group, topic, readable: !broker.groups.isReadForbidden(group, topic) };
  return { code: ResponseCode.SUCCESS, remark: '', body: Buffer.from(stringifyFastjson(now)) };
}
