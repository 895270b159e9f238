import { ResponseCode } from '../../protocol/codes.ts';
import type { Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { successBody } from '../reply.ts';
import { encodeTimerCheckpoint } from '../timers/timerCheckpoint.ts';

/** GET_TIMER_CHECK_POINT 60: a slave asks how far its master's timers are. Source: AdminBrokerProcessor.java. */
export function getTimerCheckpoint({ timers }: BrokerContext): Reply {
  if (timers === undefined) return { code: ResponseCode.SYSTEM_ERROR, remark: 'The checkpoint is null' };
  return successBody(encodeTimerCheckpoint(timers.checkpoint()));
}

/** GET_TIMER_METRICS 61: how many timer messages of each topic wait. */
export function getTimerMetrics({ timers }: BrokerContext): Reply {
  if (timers === undefined) return { code: ResponseCode.SYSTEM_ERROR, remark: 'The timer message store is null' };
  return successBody(timers.metrics());
}
