import { decodeLockRequest, encodeLockedQueues } from '../../protocol/bodies/group.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { SUCCESS, successBody } from '../reply.ts';

/** LOCK_BATCH_MQ 41: the answer names the queues that the client may consume in order. */
export function lockQueues(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { consumerGroup, clientId, queues } = decodeLockRequest(command.body);
  return successBody(encodeLockedQueues(broker.locks.lock(consumerGroup, clientId, queues)));
}

/** UNLOCK_BATCH_MQ 42. */
export function unlockQueues(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { consumerGroup, clientId, queues } = decodeLockRequest(command.body);
  broker.locks.unlock(consumerGroup, clientId, queues);
  return SUCCESS;
}
