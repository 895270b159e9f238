import { RequestCode } from '../../protocol/codes.ts';
import type { Action } from './resource.ts';

/*
 * What a request touches, told from its ext fields: the rows of codes whose rule is no more than that. A code without
 * a row touches nothing: whoever is authenticated may send it.
 * Source: @RocketMQAction and @RocketMQResource of the request headers, release 5.5.0.
 */

export interface AccessRow {
  readonly actions: readonly Action[];
  /** Ext fields and what they name, in the order in which they are checked. */
  readonly fields: readonly AccessField[];
  /** The cluster as a whole is touched when no field names anything. */
  readonly cluster?: true;
}

export interface AccessField {
  readonly field: string;
  readonly type: 'Topic' | 'Group' | 'Cluster';
  /** What separates several names in one field. */
  readonly separator?: string;
}

const topic: AccessField = { field: 'topic', type: 'Topic' };
const group: AccessField = { field: 'group', type: 'Group' };
const consumerGroup: AccessField = { field: 'consumerGroup', type: 'Group' };
const clusterName: AccessField = { field: 'clusterName', type: 'Cluster' };

const may = (action: Action, ...fields: readonly AccessField[]): AccessRow => ({ actions: [action], fields });
const cluster = (action: 'Get' | 'Update'): AccessRow => ({ actions: [action], fields: [], cluster: true });

export const ACCESS_TABLE: ReadonlyMap<number, AccessRow> = new Map<RequestCode, AccessRow>([
  [RequestCode.UPDATE_AND_CREATE_TOPIC, may('Create', topic)],
  [RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, may('Get', topic)],
  [RequestCode.GET_MAX_OFFSET, may('Get', topic)],
  [RequestCode.GET_MIN_OFFSET, may('Get', topic)],
  [RequestCode.GET_EARLIEST_MSG_STORETIME, may('Get', topic)],
  [RequestCode.VIEW_MESSAGE_BY_ID, may('Get', topic)],
  [RequestCode.CHECK_TRANSACTION_STATE, may('Pub', topic)],
  [RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, may('Sub', consumerGroup)],
  [RequestCode.GET_TOPIC_STATS_INFO, may('Get', topic)],
  [RequestCode.GET_CONSUMER_CONNECTION_LIST, may('Get', consumerGroup)],
  [RequestCode.GET_PRODUCER_CONNECTION_LIST, cluster('Get')],
  [RequestCode.DELETE_SUBSCRIPTIONGROUP, may('Delete', { field: 'groupName', type: 'Group' })],
  [
    RequestCode.GET_CONSUME_STATS,
    may('Get', consumerGroup, topic, { field: 'topicList', type: 'Topic', separator: ';' }),
  ],
  [RequestCode.DELETE_TOPIC_IN_BROKER, may('Delete', topic)],
  [RequestCode.INVOKE_BROKER_TO_RESET_OFFSET, may('Update', group, topic)],
  [RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, may('Get', topic, group)],
  [RequestCode.QUERY_TOPIC_CONSUME_BY_WHO, may('Get', topic)],
  [RequestCode.QUERY_CONSUME_TIME_SPAN, may('Get', topic, group)],
  [RequestCode.GET_CONSUMER_RUNNING_INFO, may('Get', consumerGroup)],
  [
    RequestCode.QUERY_CORRECTION_OFFSET,
    may(
      'Get',
      { field: 'filterGroups', type: 'Group', separator: ',' },
      { field: 'compareGroup', type: 'Group' },
      topic,
    ),
  ],
  [RequestCode.CONSUME_MESSAGE_DIRECTLY, may('Sub', consumerGroup, topic)],
  [RequestCode.CLONE_GROUP_OFFSET, may('Update', { field: 'destGroup', type: 'Group' }, topic)],
  [RequestCode.VIEW_BROKER_STATS_DATA, cluster('Get')],
  [RequestCode.GET_BROKER_CONSUME_STATS, cluster('Get')],
  [RequestCode.QUERY_CONSUME_QUEUE, may('Get', topic, consumerGroup)],
  [RequestCode.RESUME_CHECK_HALF_MESSAGE, may('Update', topic)],
  [RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, may('Sub', { field: 'producerGroup', type: 'Group' }, topic)],
  [RequestCode.GET_ALL_PRODUCER_INFO, cluster('Get')],
  [RequestCode.QUERY_TOPICS_BY_CONSUMER, may('Get', group)],
  [RequestCode.QUERY_SUBSCRIPTION_BY_CONSUMER, may('Get', group, topic)],
  [RequestCode.GET_TOPIC_CONFIG, may('Get', topic)],
  [RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, may('Get', group)],
  [RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN, may('Update', group, topic)],
  [RequestCode.RECALL_MESSAGE, may('Pub', topic)],
  [RequestCode.GET_BROKER_MEMBER_GROUP, may('Get', clusterName)],
  [RequestCode.NOTIFY_MIN_BROKER_ID_CHANGE, cluster('Update')],
  [RequestCode.EXCHANGE_BROKER_HA_INFO, cluster('Update')],
  [RequestCode.RESET_MASTER_FLUSH_OFFSET, cluster('Update')],
  [RequestCode.AUTH_CREATE_USER, cluster('Update')],
  [RequestCode.AUTH_UPDATE_USER, cluster('Update')],
  [RequestCode.AUTH_DELETE_USER, cluster('Update')],
  [RequestCode.AUTH_GET_USER, cluster('Get')],
  [RequestCode.AUTH_LIST_USER, cluster('Get')],
  [RequestCode.AUTH_CREATE_ACL, cluster('Update')],
  [RequestCode.AUTH_UPDATE_ACL, cluster('Update')],
  [RequestCode.AUTH_DELETE_ACL, cluster('Update')],
  [RequestCode.AUTH_GET_ACL, cluster('Get')],
  [RequestCode.AUTH_LIST_ACL, cluster('Get')],
  [RequestCode.POP_MESSAGE, may('Sub', consumerGroup, topic)],
  [RequestCode.ACK_MESSAGE, may('Sub', consumerGroup, topic)],
  [RequestCode.PEEK_MESSAGE, may('Sub', topic, consumerGroup)],
  [RequestCode.CHANGE_MESSAGE_INVISIBLETIME, may('Sub', consumerGroup, topic)],
  [RequestCode.NOTIFICATION, may('Sub', consumerGroup, topic)],
  [RequestCode.POLLING_INFO, may('Get', consumerGroup, topic)],
]);
