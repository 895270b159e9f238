import { errorText } from '../../base/errors.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { TAKES_ALL } from '../../protocol/filter/messageFilter.ts';
import type { MessageFilter } from '../../protocol/filter/messageFilter.ts';
import { PullSysFlag, pullMessage as pullFields } from '../../protocol/requests/pull.ts';
import type { PullMessage } from '../../protocol/requests/pull.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { ReadResult, ReadStatus } from '../store/readQueue.ts';
import { checkPull } from './pullCheck.ts';
import { asSlave } from './slavePull.ts';
import { suggestedBroker } from './suggestedBroker.ts';

const DEFAULT_MAX_BYTES = 256 * 1024;
/** Clients ask for 15 to 30 s, and an idle connection is closed after this time. */
const MAX_SUSPEND_MS = 120_000;

/** PULL_MESSAGE 11 and LITE_PULL_MESSAGE 361. Source: PullMessageProcessor.java; broker sheet §6. */
export function pullMessage(broker: BrokerContext, request: IncomingRequest): Reply | Promise<Reply | undefined> {
  const header = decodeFields(pullFields, request.command.extFields);
  const checked = checkPull(broker, request, header);
  if ('code' in checked) return checked;
  // Before anything is awaited: an offset that the client commits after this pull must not be set back.
  const { consumerGroup, topic, queueId, commitOffset } = header;
  const isCommit = (header.sysFlag & PullSysFlag.COMMIT_OFFSET) !== 0 && commitOffset >= 0;
  if (isCommit && !broker.offsets.isReset(consumerGroup, topic, queueId)) {
    broker.offsets.commit(consumerGroup, topic, queueId, commitOffset);
  }
  return pullFirst(broker, request, header, checked);
}

async function pullFirst(
  broker: BrokerContext,
  request: IncomingRequest,
  header: PullMessage,
  filter: MessageFilter,
): Promise<Reply | undefined> {
  const reply = await readReply(broker, header, filter);
  if (reply.code !== ResponseCode.PULL_NOT_FOUND || (header.sysFlag & PullSysFlag.SUSPEND) === 0) return reply;
  // What arrived since the read would wake nobody.
  if (broker.store.maxOffset(header.topic, header.queueId) > header.queueOffset)
    return answerNow(broker, request, header);
  const fresh = checkPull(broker, request, header);
  if ('code' in fresh) return fresh;
  hold(broker, request, header, fresh);
  return undefined;
}

/** Until something arrives, the group's subscriptions change, the time is over or the connection closes. */
function hold(broker: BrokerContext, request: IncomingRequest, header: PullMessage, filter: MessageFilter): void {
  const { connection } = request;
  if (!connection.isOpen) return;
  const { longPollingEnable, shortPollingTimeMills } = broker.config;
  const timeoutMs = Math.min(MAX_SUSPEND_MS, Math.max(0, header.suspendTimeoutMillis));
  const held = broker.heldPulls.hold(header.topic, header.queueId, {
    group: header.consumerGroup,
    offset: header.queueOffset,
    timeoutMs: longPollingEnable ? timeoutMs : shortPollingTimeMills,
    filter,
    resume: () => {
      closing.dispose();
      void pullAgain(broker, request, header);
    },
  });
  const closing = connection.onClose(() => held.dispose());
}

/** The second and last run of a held pull: it answers whatever it finds, and commits nothing again. */
async function pullAgain(broker: BrokerContext, request: IncomingRequest, header: PullMessage): Promise<void> {
  const { command, connection } = request;
  try {
    connection.respond(command, await answerNow(broker, request, header));
  } catch (error) {
    connection.respond(command, { code: ResponseCode.SYSTEM_ERROR, remark: errorText(error) });
    broker.logger.error(`a held pull of ${connection.remoteAddress} failed`, error);
  }
}

/** By the subscription and the permissions of now: they may have changed since the pull came. */
async function answerNow(broker: BrokerContext, request: IncomingRequest, header: PullMessage): Promise<Reply> {
  const checked = checkPull(broker, request, header);
  return 'code' in checked ? checked : readReply(broker, header, checked);
}

async function readReply(broker: BrokerContext, header: PullMessage, filter: MessageFilter): Promise<Reply> {
  const beganMs = broker.clock.now();
  const reset = broker.offsets.takeReset(header.consumerGroup, header.topic, header.queueId);
  if (reset !== undefined) return resetReply(broker, header, reset);
  const result = await read(broker, header, filter);
  const { topic, consumerGroup, queueId } = header;
  const { count, sizeBytes } = result;
  if (count > 0) broker.statistics.served(topic, consumerGroup, queueId, count, sizeBytes, beganMs);
  else broker.statistics.missed();
  return replyOf(broker, header, result);
}

function read(broker: BrokerContext, header: PullMessage, filter: MessageFilter): Promise<ReadResult> {
  const { topic, queueId, queueOffset, maxMsgNums, maxMsgBytes = DEFAULT_MAX_BYTES } = header;
  return broker.store.read({
    topic,
    queueId,
    offset: queueOffset,
    maxMessages: Math.max(1, maxMsgNums),
    maxBytes: Math.max(100, maxMsgBytes),
    ...(filter === TAKES_ALL ? {} : { filter }),
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

/** Sends the reader to where the group was reset to. Source: GetMessageStatus.OFFSET_RESET; broker sheet §8. */
function resetReply(broker: BrokerContext, header: PullMessage, nextBeginOffset: number): Reply {
  const { topic, queueId, consumerGroup } = header;
  broker.offsets.notePull(consumerGroup, topic, queueId, nextBeginOffset);
  const minOffset = broker.store.minOffset(topic, queueId);
  const maxOffset = broker.store.maxOffset(topic, queueId);
  const extFields = positions(broker, header, { nextBeginOffset, minOffset, maxOffset });
  return { code: ResponseCode.PULL_OFFSET_MOVED, remark: 'OFFSET_RESET', extFields };
}

/** All four positions are there whatever the code: Java throws when one is missing. Broker sheet §6.2. */
function replyOf(broker: BrokerContext, header: PullMessage, result: ReadResult): Reply {
  const { status, nextBeginOffset, minOffset, maxOffset, records, sizeBytes, lookedAt } = result;
  const { topic, queueId, consumerGroup, queueOffset } = header;
  const isPastEmpty = status === 'no-message-in-queue' && queueOffset !== 0;
  const code = isPastEmpty ? ResponseCode.PULL_OFFSET_MOVED : CODES[status];
  broker.offsets.notePull(consumerGroup, topic, queueId, nextBeginOffset);
  const reply: Reply = {
    code,
    remark: statusName(status),
    extFields: positions(broker, header, { nextBeginOffset, minOffset, maxOffset }, lookedAt),
    body: sizeBytes > 0 ? records : undefined,
  };
  return broker.replication.isSlave ? asSlave(broker, header, reply, lookedAt) : reply;
}

function positions(
  broker: BrokerContext,
  { topic, consumerGroup }: PullMessage,
  at: Pick<ReadResult, 'nextBeginOffset' | 'minOffset' | 'maxOffset'>,
  lookedAt?: number,
): Record<string, string> {
  const group = broker.groups.get(consumerGroup);
  return {
    suggestWhichBrokerId: String(broker.config.slaveReadEnable ? suggestedBroker(broker, group, lookedAt) : 0),
    nextBeginOffset: String(at.nextBeginOffset),
    minOffset: String(at.minOffset),
    maxOffset: String(at.maxOffset),
    topicSysFlag: String(broker.topics.get(topic)?.topicSysFlag ?? 0),
    groupSysFlag: String(group?.groupSysFlag ?? 0),
  };
}

/** Source: GetMessageStatus.java. */
function statusName(status: ReadStatus): string {
  return status.toUpperCase().replaceAll('-', '_');
}
