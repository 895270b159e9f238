import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import type { Reply, RequestHandler } from '../../remoting/peer.ts';
import type { BrokerConfig } from '../config.ts';

/** Source: NettyRemotingAbstract.java, where a processor rejects. */
const REJECTED: Reply = {
  code: ResponseCode.SYSTEM_BUSY,
  remark: '[REJECTREQUEST]system busy, start flow control for a while',
};
const NOT_AVAILABLE: Reply = { code: ResponseCode.SLAVE_NOT_AVAILABLE };

const SENDS: ReadonlySet<number> = new Set([
  RequestCode.SEND_MESSAGE,
  RequestCode.SEND_MESSAGE_V2,
  RequestCode.SEND_BATCH_MESSAGE,
  RequestCode.CONSUMER_SEND_MSG_BACK,
]);
const PULLS: ReadonlySet<number> = new Set([RequestCode.PULL_MESSAGE, RequestCode.LITE_PULL_MESSAGE]);

const OTHERS: ReadonlyMap<number, Reply> = new Map<number, Reply>([
  [RequestCode.END_TRANSACTION, NOT_AVAILABLE],
  [RequestCode.RECALL_MESSAGE, { ...NOT_AVAILABLE, remark: 'recall failed, broker service not available' }],
  [
    RequestCode.INVOKE_BROKER_TO_RESET_OFFSET,
    { code: ResponseCode.SYSTEM_ERROR, remark: 'Can not reset offset in slave broker' },
  ],
]);

/** A consumer gives a message back to one that may act as the master. */
function noMaster(host: string): Reply {
  return { code: ResponseCode.SYSTEM_ERROR, remark: `no master available along with ${host}` };
}

/**
 * What a slave answers instead of a master. What else would store something its store refuses.
 * Source: SendMessageProcessor.java, AbstractSendMessageProcessor.java, PullMessageProcessor.java (rejectRequest), EndTransactionProcessor.java,
 * RecallMessageProcessor.java, AdminBrokerProcessor.java.
 */
export function slaveRouter(config: BrokerConfig, handle: RequestHandler): RequestHandler {
  return (request) => {
    const { code } = request.command;
    if (SENDS.has(code) && !config.enableSlaveActingMaster) return REJECTED;
    if (code === RequestCode.CONSUMER_SEND_MSG_BACK) return noMaster(config.brokerIP1);
    if (PULLS.has(code) && !config.slaveReadEnable) return REJECTED;
    return OTHERS.get(code) ?? handle(request);
  };
}
