import { RequestCode, ResponseCode } from '../../../protocol/codes.ts';
import { FAQ_HINT } from '../../reply.ts';
import type { Reply } from '../../../remoting/peer.ts';

/**
 * Answers of a send whose message is stored nevertheless, and which says where: clients read its header.
 * Source: SendMessageProcessor.java, handlePutMessageResult.
 */
const STORED: ReadonlySet<number> = new Set([
  ResponseCode.FLUSH_DISK_TIMEOUT,
  ResponseCode.FLUSH_SLAVE_TIMEOUT,
  ResponseCode.SLAVE_NOT_AVAILABLE,
]);

const SENDS: ReadonlySet<number> = new Set([
  RequestCode.SEND_MESSAGE,
  RequestCode.SEND_MESSAGE_V2,
  RequestCode.SEND_BATCH_MESSAGE,
]);

/** Is the request carried out although its answer has this code? */
export function isCarriedOut(requestCode: number, code: number): boolean {
  return STORED.has(code) && SENDS.has(requestCode);
}

/** With the words that Apache's broker has for the code, so that whoever searches for them finds the same. */
export function refusal(code: number, topic: string | undefined): Reply {
  const remark = REMARKS[code];
  return { code, remark: remark === undefined ? `refused by a fault, code ${code}` : remark(topic ?? '') };
}

/** Source: NettyRemotingAbstract.java, BrokerFastFailure.java, SendMessageProcessor.java, RouteInfoManager.java. */
const REMARKS: Readonly<Record<number, (topic: string) => string>> = {
  [ResponseCode.SYSTEM_ERROR]: () => 'system error',
  [ResponseCode.SYSTEM_BUSY]: () => '[REJECTREQUEST]system busy, start flow control for a while',
  [ResponseCode.SERVICE_NOT_AVAILABLE]: () =>
    'service not available now. It may be caused by one of the following reasons: ' +
    "the broker's disk is full [CL:  0.95 CQ:  0.95 INDEX:  0.95], " +
    'messages are put to the slave, message store has been shut down, etc.',
  [ResponseCode.FLUSH_DISK_TIMEOUT]: () => 'flush disk timeout',
  [ResponseCode.MESSAGE_ILLEGAL]: () =>
    'the message is illegal, maybe msg body or properties length not matched. ' +
    'msg body length limit 4194304B, msg properties length limit 32KB.',
  [ResponseCode.NO_PERMISSION]: (topic) =>
    topic === '' ? 'the broker sending message is forbidden' : `the topic[${topic}] sending message is forbidden`,
  [ResponseCode.TOPIC_NOT_EXIST]: (topic) => `topic[${topic}] not exist, apply first please!${FAQ_HINT}`,
};

/** Source: ClientRequestProcessor.java, getRouteInfoByTopic. */
export function forgottenRoute(topic: string | undefined): Reply {
  return {
    code: ResponseCode.TOPIC_NOT_EXIST,
    remark: `No topic route info in name server for the topic: ${topic ?? ''}${FAQ_HINT}`,
  };
}
