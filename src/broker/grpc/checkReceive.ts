import { Perm } from '../../protocol/bodies/route.ts';
import { Code } from '../../protocol/grpc/definition_pb.ts';
import { checkBrokerReadable, checkPopQueue } from '../handlers/popCheck.ts';
import type { PopWish } from '../pop/popMessages.ts';
import type { CallContext } from './callContext.ts';
import { Refusal, refusalOf } from './refusal.ts';

/** By the permissions of now: they may have changed while the client waited. @throws Refusal */
export function checkReceive({ broker, session }: CallContext, pop: PopWish): void {
  const perm = broker.topics.get(pop.topic)?.perm ?? Perm.READ;
  if ((perm & Perm.READ) === 0) throw new Refusal(Code.FORBIDDEN, 'no readable queue');
  const queue = { topic: pop.topic, consumerGroup: pop.group, queueId: pop.queueId };
  const refusal = checkBrokerReadable(broker, 'pop') ?? checkPopQueue(broker, queue, session);
  if (refusal !== undefined) throw refusalOf(refusal);
}
