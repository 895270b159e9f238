import { errorText } from '../../base/errors.ts';
import { Perm } from '../../protocol/bodies/route.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { tagMatcher } from '../../protocol/filter/tag.ts';
import { PullSysFlag, pullMessage as pullFields } from '../../protocol/requests/pull.ts';
import type { PullMessage } from '../../protocol/requests/pull.ts';
import { RETRY_PREFIX } from '../../protocol/topicName.ts';
import type { IncomingRequest, Reply } from '../../remoting/connection.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { FAQ_HINT } from '../reply.ts';
import type { ReadResult, ReadStatus } from '../store/readQueue.ts';

/** `forbiddenType` of the answer: what takes the permission away. */
const Forbidden = { BROKER: '1', GROUP: '2', TOPIC: '3', BROADCASTING: '4' } as const;

type Filter = (tagsCode: number) => boolean;

const TAKES_ALL: Filter = () => true;
const DEFAULT_MAX_BYTES = 256 * 1024;
/** Clients ask for 15 to 30 s, and an idle connection is closed after this time. */
const MAX_SUSPEND_MS = 120_000;

/** PULL_MESSAGE 11 and LITE_PULL_MESSAGE 361. Source: PullMessageProcessor.java; broker sheet §6. */
export function pullMessage(broker: BrokerContext, request: IncomingRequest): Reply | Promise<Reply | undefined> {
  const header = decodeFields(pullFields, request.command.extFields);
  const checked = check(broker, header);
  if (typeof checked !== 'function') return checked;
  // Before anything is awaited: an offset that the client commits after this pull must not be set back.
  if ((header.sysFlag & PullSysFlag.COMMIT_OFFSET) !== 0 && header.commitOffset >= 0) {
    broker.offsets.commit(header.consumerGroup, header.topic, header.queueId, header.commitOffset);
  }
  return pullFirst(broker, request, header, checked);
}

async function pullFirst(
  broker: BrokerContext,
  request: IncomingRequest,
  header: PullMessage,
  filter: Filter,
): Promise<Reply | undefined> {
  const reply = await readReply(broker, header, filter);
  if (reply.code !== ResponseCode.PULL_NOT_FOUND || (header.sysFlag & PullSysFlag.SUSPEND) === 0) return reply;
  // What arrived since the read would wake nobody.
  if (broker.store.maxOffset(header.topic, header.queueId) > header.queueOffset) return answerNow(broker, header);
  const fresh = check(broker, header);
  if (typeof fresh !== 'function') return fresh;
  hold(broker, request, header, fresh);
  return undefined;
}

/** Until something arrives, the group's subscriptions change, the time is over or the connection closes. */
function hold(broker: BrokerContext, request: IncomingRequest, header: PullMessage, filter: Filter): void {
  const { connection } = request;
  if (!connection.isOpen) return;
  const { longPollingEnable, shortPollingTimeMills } = broker.config;
  const timeoutMs = Math.min(MAX_SUSPEND_MS, Math.max(0, header.suspendTimeoutMillis));
  const held = broker.heldPulls.hold(header.topic, header.queueId, {
    group: header.consumerGroup,
    offset: header.queueOffset,
    timeoutMs: longPollingEnable ? timeoutMs : shortPollingTimeMills,
    matches: filter,
    resume: () => {
      closing.dispose();
      void pullAgain(broker, request, header);
    },
  });
  const closing = connection.onClose(() => held.dispose());
}

/** The second and last run of a held pull: it answers whatever it finds, and commits nothing again. */
async function pullAgain(
  broker: BrokerContext,
  { command, connection }: IncomingRequest,
  header: PullMessage,
): Promise<void> {
  try {
    connection.respond(command, await answerNow(broker, header));
  } catch (error) {
    connection.respond(command, { code: ResponseCode.SYSTEM_ERROR, remark: errorText(error) });
    broker.logger.error(`a held pull of ${connection.remoteAddress} failed`, error);
  }
}

/** By the subscription and the permissions of now: they may have changed since the pull came. */
async function answerNow(broker: BrokerContext, header: PullMessage): Promise<Reply> {
  const checked = check(broker, header);
  return typeof checked === 'function' ? readReply(broker, header, checked) : checked;
}

async function readReply(broker: BrokerContext, header: PullMessage, filter: Filter): Promise<Reply> {
  const beganMs = broker.clock.now();
  const result = await read(broker, header, filter);
  const { topic, consumerGroup, queueId } = header;
  const { count, sizeBytes } = result;
  if (count > 0) broker.statistics.served(topic, consumerGroup, queueId, count, sizeBytes, beganMs);
  else broker.statistics.missed();
  return replyOf(broker, header, result);
}

function read(broker: BrokerContext, header: PullMessage, filter: Filter): Promise<ReadResult> {
  const { topic, queueId, queueOffset, maxMsgNums, maxMsgBytes = DEFAULT_MAX_BYTES } = header;
  return broker.store.read({
    topic,
    queueId,
    offset: queueOffset,
    maxMessages: Math.max(1, maxMsgNums),
    maxBytes: Math.max(100, maxMsgBytes),
    ...(filter === TAKES_ALL ? {} : { matches: filter }),
  });
}

const CODES: Readonly<Record<ReadStatus, number>> = {
  found: ResponseCode.SUCCESS,
  'no-matched-message': ResponseCode.PULL_RETRY_IMMEDIATELY,
  'message-was-removing': ResponseCode.PULL_RETRY_IMMEDIATELY,
  'no-message-in-queue': ResponseCode.PULL_NOT_FOUND,
  'offset-overflow-one': ResponseCode.PULL_NOT_FOUND,
  'offset-too-small': ResponseCode.PULL_OFFSET_MOVED,
  'offset-overflow-badly': ResponseCode.PULL_OFFSET_MOVED,
};

/** All four positions are there whatever the code: Java throws when one is missing. Broker sheet §6.2. */
function replyOf(broker: BrokerContext, header: PullMessage, result: ReadResult): Reply {
  const { status, nextBeginOffset, minOffset, maxOffset, records, sizeBytes } = result;
  const { topic, queueId, consumerGroup, queueOffset } = header;
  const isPastEmpty = status === 'no-message-in-queue' && queueOffset !== 0;
  const code = isPastEmpty ? ResponseCode.PULL_OFFSET_MOVED : CODES[status];
  broker.offsets.notePull(consumerGroup, topic, queueId, nextBeginOffset);
  return {
    code,
    remark: statusName(broker, status, topic, queueId),
    extFields: {
      suggestWhichBrokerId: '0',
      nextBeginOffset: String(nextBeginOffset),
      minOffset: String(minOffset),
      maxOffset: String(maxOffset),
      topicSysFlag: '0',
      groupSysFlag: '0',
    },
    body: sizeBytes > 0 ? records : undefined,
  };
}

/** GetMessageStatus.java. */
function statusName(broker: BrokerContext, status: ReadStatus, topic: string, queueId: number): string {
  if (status === 'no-message-in-queue' && !broker.store.hasQueue(topic, queueId)) return 'NO_MATCHED_LOGIC_QUEUE';
  return status.toUpperCase().replaceAll('-', '_');
}

/** The checks in their order (broker sheet §6.1): a refusal, or the filter to read with. */
function check(broker: BrokerContext, header: PullMessage): Reply | Filter {
  const { config } = broker;
  const { topic, consumerGroup: group, queueId } = header;
  if ((config.brokerPermission & Perm.READ) === 0) {
    return forbidden(Forbidden.BROKER, `the broker[${config.brokerIP1}] pulling message is forbidden`);
  }
  const settings = broker.groups.find(group);
  if (settings === undefined) {
    return {
      code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
      remark: `subscription group [${group}] does not exist, ${FAQ_HINT}`,
    };
  }
  if (!settings.consumeEnable) {
    return forbidden(Forbidden.GROUP, `subscription group no permission, ${group}`);
  }
  const topicSettings = broker.topics.get(topic);
  if (topicSettings === undefined) {
    return {
      code: ResponseCode.TOPIC_NOT_EXIST,
      remark: `topic[${topic}] not exist, apply first please! ${FAQ_HINT}`,
    };
  }
  if ((topicSettings.perm & Perm.READ) === 0) {
    return forbidden(Forbidden.TOPIC, `the topic[${topic}] pulling message is forbidden`);
  }
  if (queueId < 0 || queueId >= topicSettings.readQueueNums) {
    return {
      code: ResponseCode.INVALID_PARAMETER,
      remark: `queueId[${queueId}] is illegal, topic:[${topic}] topicConfig.readQueueNums:[${topicSettings.readQueueNums}] consumer:[${group}]`,
    };
  }
  return (header.sysFlag & PullSysFlag.SUBSCRIPTION) === 0
    ? filterOfMember(broker, header, settings.consumeBroadcastEnable)
    : filterOfHeader(header);
}

function filterOfHeader({ subscription, expressionType, topic }: PullMessage): Reply | Filter {
  if (!isTagType(expressionType)) return noPropertyFilter(expressionType);
  return filterFor(topic, subscription, () => tagMatcher(subscription));
}

function filterOfMember(broker: BrokerContext, header: PullMessage, mayBroadcast: boolean): Reply | Filter {
  const { topic, consumerGroup: group, subVersion } = header;
  const known = broker.consumers.get(group);
  if (known === undefined) {
    return {
      code: ResponseCode.SUBSCRIPTION_NOT_EXIST,
      remark: `the consumer's group info not exist${FAQ_HINT}`,
    };
  }
  if (!mayBroadcast && known.messageModel === 'BROADCASTING') {
    return forbidden(Forbidden.BROADCASTING, `the consumer group[${group}] can not consume by broadcast way`);
  }
  const subscription = known.subscriptions.get(topic);
  if (subscription === undefined) {
    return { code: ResponseCode.SUBSCRIPTION_NOT_EXIST, remark: `the consumer's subscription not exist${FAQ_HINT}` };
  }
  if (subscription.subVersion < subVersion) {
    return { code: ResponseCode.SUBSCRIPTION_NOT_LATEST, remark: "the consumer's subscription not latest" };
  }
  if (!isTagType(subscription.expressionType)) return noPropertyFilter(subscription.expressionType);
  return filterFor(topic, subscription.subString, () => subscription.matches);
}

/** Retry topics are read whole: filters of the original topic do not apply there. */
function filterFor(topic: string, expression: string | undefined, filter: () => Filter): Filter {
  const isAll = expression === undefined || expression === '' || expression === '*';
  return isAll || topic.startsWith(RETRY_PREFIX) ? TAKES_ALL : filter();
}

export function isTagType(expressionType: string | undefined): boolean {
  return expressionType === undefined || expressionType === '' || expressionType === 'TAG';
}

/** What Apache's broker says with enablePropertyFilter=false. */
export function noPropertyFilter(expressionType: string | undefined): Reply {
  return {
    code: ResponseCode.SYSTEM_ERROR,
    remark: `The broker does not support consumer to filter message by ${expressionType ?? ''}`,
  };
}

function forbidden(type: string, remark: string): Reply {
  return { code: ResponseCode.NO_PERMISSION, remark, extFields: { forbiddenType: type } };
}
