import { RequestCode } from '../protocol/codes.ts';
import { notSupported } from '../remoting/notSupported.ts';
import type { RequestHandler } from '../remoting/peer.ts';
import { Router } from '../remoting/router.ts';
import { afterWrite } from './afterWrite.ts';
import type { BrokerContext, BrokerHandler } from './brokerContext.ts';
import { endTransaction, resumeCheck } from './handlers/endTransaction.ts';
import { authHandlers } from './handlers/auth.ts';
import { ackMessage, batchAckMessage, changeMessageInvisibleTime } from './handlers/ack.ts';
import { getAllRequestModes, queryAssignment, setMessageRequestMode } from './handlers/assignment.ts';
import { absentFeatureHandlers } from './handlers/absentFeatures.ts';
import { getConsumeTimeSpan } from './handlers/consumeTimeSpan.ts';
import { cleanExpiredQueues, cleanUnusedTopics, deleteExpiredLog } from './handlers/cleaning.ts';
import {
  getAllConsumerOffsets,
  getAllDelayOffsets,
  getAllProducers,
  getConsumeStats,
  getConsumerConnections,
  getGroupsOfTopic,
  getProducerConnections,
  getSubscription,
  getTopicsOfGroup,
} from './handlers/group.ts';
import {
  deleteGroup,
  getAllGroups,
  getGroupConfig,
  updateForbidden,
  updateGroup,
  updateGroups,
} from './handlers/groupConfig.ts';
import { cloneGroupOffset, queryCorrectionOffset } from './handlers/groupOffsets.ts';
import { checkClientConfig, getConsumerList, heartbeat, unregisterClient } from './handlers/heartbeat.ts';
import { masterHandlers } from './handlers/master.ts';
import { lockQueues, unlockQueues } from './handlers/lock.ts';
import { notification, pollingInfo } from './handlers/notification.ts';
import {
  getEarliestStoreTime,
  getMaxOffset,
  getMinOffset,
  queryConsumerOffset,
  searchOffset,
  updateConsumerOffset,
} from './handlers/offset.ts';
import { plainAclHandlers } from './handlers/plainAcl.ts';
import { peekMessage } from './handlers/peek.ts';
import { popMessage } from './handlers/pop.ts';
import { pullMessage } from './handlers/pull.ts';
import { getBrokerConsumeStats, getBrokerStats } from './handlers/brokerStats.ts';
import { getBrokerConfig, updateBrokerConfig } from './handlers/brokerConfig.ts';
import { getRuntimeInfo } from './handlers/runtimeInfo.ts';
import { queryConsumeQueue, queryMessage, viewMessage } from './handlers/query.ts';
import { recallMessage } from './handlers/recall.ts';
import { consumeDirectly, getConsumerStatus, getRunningInfo } from './handlers/relay.ts';
import { sendReply } from './handlers/reply.ts';
import { sendMessage } from './handlers/send.ts';
import { resetOffset } from './handlers/resetOffset.ts';
import { sendBack } from './handlers/sendBack.ts';
import { getTimerCheckpoint, getTimerMetrics } from './handlers/timer.ts';
import {
  deleteTopic,
  getAllTopics,
  getSystemTopics,
  getTopicConfig,
  getTopicStats,
  updateTopic,
  updateTopics,
} from './handlers/topic.ts';

/** What the broker answers; any other code gets 3 at once. */
export const brokerHandlers: readonly (readonly [RequestCode, BrokerHandler])[] = [
  [RequestCode.SEND_MESSAGE, sendMessage],
  [RequestCode.SEND_MESSAGE_V2, sendMessage],
  [RequestCode.SEND_BATCH_MESSAGE, sendMessage],
  [RequestCode.CONSUMER_SEND_MSG_BACK, sendBack],
  [RequestCode.RECALL_MESSAGE, recallMessage],
  [RequestCode.GET_TIMER_CHECK_POINT, getTimerCheckpoint],
  [RequestCode.GET_TIMER_METRICS, getTimerMetrics],
  [RequestCode.SEND_REPLY_MESSAGE, sendReply],
  [RequestCode.SEND_REPLY_MESSAGE_V2, sendReply],
  [RequestCode.END_TRANSACTION, endTransaction],
  [RequestCode.RESUME_CHECK_HALF_MESSAGE, resumeCheck],
  [RequestCode.PULL_MESSAGE, pullMessage],
  [RequestCode.LITE_PULL_MESSAGE, pullMessage],
  [RequestCode.POP_MESSAGE, popMessage],
  [RequestCode.PEEK_MESSAGE, peekMessage],
  [RequestCode.ACK_MESSAGE, ackMessage],
  [RequestCode.BATCH_ACK_MESSAGE, batchAckMessage],
  [RequestCode.CHANGE_MESSAGE_INVISIBLETIME, changeMessageInvisibleTime],
  [RequestCode.NOTIFICATION, notification],
  [RequestCode.POLLING_INFO, pollingInfo],
  [RequestCode.QUERY_ASSIGNMENT, queryAssignment],
  [RequestCode.SET_MESSAGE_REQUEST_MODE, setMessageRequestMode],
  [RequestCode.GET_ALL_MESSAGE_REQUEST_MODE, getAllRequestModes],
  [RequestCode.QUERY_CONSUMER_OFFSET, queryConsumerOffset],
  [RequestCode.UPDATE_CONSUMER_OFFSET, updateConsumerOffset],
  [RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, searchOffset],
  [RequestCode.GET_MAX_OFFSET, getMaxOffset],
  [RequestCode.GET_MIN_OFFSET, getMinOffset],
  [RequestCode.GET_EARLIEST_MSG_STORETIME, getEarliestStoreTime],
  [RequestCode.QUERY_MESSAGE, queryMessage],
  [RequestCode.VIEW_MESSAGE_BY_ID, viewMessage],
  [RequestCode.QUERY_CONSUME_QUEUE, queryConsumeQueue],
  [RequestCode.CLEAN_EXPIRED_CONSUMEQUEUE, cleanExpiredQueues],
  [RequestCode.CLEAN_UNUSED_TOPIC, cleanUnusedTopics],
  [RequestCode.DELETE_EXPIRED_COMMITLOG, deleteExpiredLog],
  [RequestCode.HEART_BEAT, heartbeat],
  [RequestCode.UNREGISTER_CLIENT, unregisterClient],
  [RequestCode.GET_CONSUMER_LIST_BY_GROUP, getConsumerList],
  [RequestCode.CHECK_CLIENT_CONFIG, checkClientConfig],
  [RequestCode.LOCK_BATCH_MQ, lockQueues],
  [RequestCode.UNLOCK_BATCH_MQ, unlockQueues],
  [RequestCode.UPDATE_AND_CREATE_TOPIC, updateTopic],
  [RequestCode.UPDATE_AND_CREATE_TOPIC_LIST, updateTopics],
  [RequestCode.DELETE_TOPIC_IN_BROKER, deleteTopic],
  [RequestCode.GET_ALL_TOPIC_CONFIG, getAllTopics],
  [RequestCode.GET_TOPIC_CONFIG, getTopicConfig],
  [RequestCode.GET_TOPIC_STATS_INFO, getTopicStats],
  [RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_BROKER, getSystemTopics],
  [RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, updateGroup],
  [RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, updateGroups],
  [RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG, getAllGroups],
  [RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, getGroupConfig],
  [RequestCode.DELETE_SUBSCRIPTIONGROUP, deleteGroup],
  [RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN, updateForbidden],
  [RequestCode.GET_CONSUMER_CONNECTION_LIST, getConsumerConnections],
  [RequestCode.GET_PRODUCER_CONNECTION_LIST, getProducerConnections],
  [RequestCode.GET_ALL_PRODUCER_INFO, getAllProducers],
  [RequestCode.GET_CONSUMER_RUNNING_INFO, getRunningInfo],
  [RequestCode.CONSUME_MESSAGE_DIRECTLY, consumeDirectly],
  [RequestCode.INVOKE_BROKER_TO_GET_CONSUMER_STATUS, getConsumerStatus],
  [RequestCode.GET_CONSUME_STATS, getConsumeStats],
  [RequestCode.QUERY_TOPIC_CONSUME_BY_WHO, getGroupsOfTopic],
  [RequestCode.QUERY_TOPICS_BY_CONSUMER, getTopicsOfGroup],
  [RequestCode.QUERY_SUBSCRIPTION_BY_CONSUMER, getSubscription],
  [RequestCode.QUERY_CONSUME_TIME_SPAN, getConsumeTimeSpan],
  [RequestCode.QUERY_CORRECTION_OFFSET, queryCorrectionOffset],
  [RequestCode.CLONE_GROUP_OFFSET, cloneGroupOffset],
  [RequestCode.INVOKE_BROKER_TO_RESET_OFFSET, resetOffset],
  [RequestCode.GET_ALL_CONSUMER_OFFSET, getAllConsumerOffsets],
  [RequestCode.GET_ALL_DELAY_OFFSET, getAllDelayOffsets],
  [RequestCode.GET_BROKER_RUNTIME_INFO, getRuntimeInfo],
  [RequestCode.GET_BROKER_CONFIG, getBrokerConfig],
  [RequestCode.UPDATE_BROKER_CONFIG, updateBrokerConfig],
  [RequestCode.VIEW_BROKER_STATS_DATA, getBrokerStats],
  [RequestCode.GET_BROKER_CONSUME_STATS, getBrokerConsumeStats],
  ...authHandlers,
  ...plainAclHandlers,
  ...masterHandlers,
  ...absentFeatureHandlers,
];

/** Codes that may be held; the second listener, port minus 2, does not serve them (remoting sheet §1.1). */
const NOT_ON_VIP: ReadonlySet<number> = new Set([
  RequestCode.PULL_MESSAGE,
  RequestCode.LITE_PULL_MESSAGE,
  RequestCode.POP_MESSAGE,
  RequestCode.PEEK_MESSAGE,
  RequestCode.NOTIFICATION,
  RequestCode.POLLING_INFO,
]);

export function brokerRouter(broker: BrokerContext): RequestHandler {
  const router = new Router();
  for (const [code, handler] of brokerHandlers) {
    router.on(code, (request) => afterWrite(broker, request, handler(broker, request)));
  }
  return router.handle;
}

export function vipHandler(handle: RequestHandler): RequestHandler {
  return (request) => (NOT_ON_VIP.has(request.command.code) ? notSupported(request) : handle(request));
}
