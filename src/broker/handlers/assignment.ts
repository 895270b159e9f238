import { decodeAssignmentQuery, decodeRequestMode, encodeAssignments } from '../../protocol/bodies/pop.ts';
import type { AssignmentQuery, MessageRequestMode, RequestMode } from '../../protocol/bodies/pop.ts';
import { Perm, decodeTopicRoute } from '../../protocol/bodies/route.ts';
import type { MessageQueue } from '../../protocol/bodies/topic.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { encodeFields } from '../../protocol/fields.ts';
import { getRoute } from '../../protocol/requests/route.ts';
import { RETRY_PREFIX } from '../../protocol/topicName.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { allocateQueues } from '../pop/allocate.ts';
import { SUCCESS, successBody } from '../reply.ts';

/**
 * QUERY_ASSIGNMENT 400: the broker says which queues a client consumes, and how. A client that learns of none keeps
 * what it has. Source: QueryAssignmentProcessor.java; broker sheet §12.5.
 */
export async function queryAssignment(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const query = decodeAssignmentQuery(command.body);
  const mode = broker.pops.modes.find(query.topic, query.consumerGroup) ?? defaultMode(broker, query);
  return successBody(encodeAssignments(await queuesOf(broker, query, mode), mode.mode));
}

async function queuesOf(
  broker: BrokerContext,
  query: AssignmentQuery,
  mode: RequestMode,
): Promise<readonly MessageQueue[] | undefined> {
  const queues = await readableQueues(broker, query.topic);
  if (queues === undefined || query.messageModel === 'BROADCASTING') return queues;
  if (!broker.config.serverLoadBalancerEnable) return queues;
  const members = broker.consumers.get(query.consumerGroup)?.members;
  if (members === undefined) return undefined;
  const clientIds = new Set([...members.values()].map((client) => client.clientId));
  return allocateQueues(queues, [...clientIds], { ...query, mode });
}

/** Retry topics are pulled, unless an operator said otherwise. */
function defaultMode({ config }: BrokerContext, { topic, consumerGroup }: AssignmentQuery): RequestMode {
  const isRetry = topic.startsWith(RETRY_PREFIX);
  const mode: MessageRequestMode = !isRetry && config.defaultMessageRequestMode === 'POP' ? 'POP' : 'PULL';
  return { topic, consumerGroup, mode, popShareQueueNum: config.defaultPopShareQueueNum };
}

/** Of all brokers that have the topic, as a NameServer knows them; of this one where none can be asked. */
async function readableQueues(broker: BrokerContext, topic: string): Promise<MessageQueue[] | undefined> {
  const extFields = encodeFields(getRoute, { topic, acceptStandardJsonOnly: true });
  const answer = await broker.registration.ask({ code: RequestCode.GET_ROUTEINFO_BY_TOPIC, extFields });
  if (answer?.code === ResponseCode.SUCCESS) {
    return decodeTopicRoute(answer.body).queues.flatMap(({ brokerName, readQueueNums, perm }) =>
      queuesOfBroker(topic, brokerName, readQueueNums, perm),
    );
  }
  const config = broker.topics.get(topic);
  if (answer !== undefined || config === undefined) return undefined;
  return queuesOfBroker(topic, broker.config.brokerName, config.readQueueNums, config.perm);
}

function queuesOfBroker(topic: string, brokerName: string, readQueueNums: number, perm: number): MessageQueue[] {
  if ((perm & Perm.READ) === 0) return [];
  return Array.from({ length: readQueueNums }, (_, queueId) => ({ topic, brokerName, queueId }));
}

/** SET_MESSAGE_REQUEST_MODE 401. */
export function setMessageRequestMode(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const mode = decodeRequestMode(command.body);
  if (mode.topic.startsWith(RETRY_PREFIX)) {
    return { code: ResponseCode.NO_PERMISSION, remark: 'retry topic is not allowed to set mode' };
  }
  if (broker.topics.get(mode.topic) === undefined) {
    return { code: ResponseCode.TOPIC_NOT_EXIST, remark: `topic[${mode.topic}] not exist` };
  }
  if (broker.groups.find(mode.consumerGroup) === undefined) {
    return { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark: 'subscription group does not exist' };
  }
  broker.pops.modes.put(mode);
  return SUCCESS;
}

/** GET_ALL_MESSAGE_REQUEST_MODE 402. */
export function getAllRequestModes(broker: BrokerContext): Reply {
  return successBody(broker.pops.modes.encode());
}
