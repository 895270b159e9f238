import { setImmediate as nextTurn } from 'node:timers/promises';
import { Code } from '../../../protocol/grpc/definition_pb.ts';
import { liteQueueParts } from '../../../protocol/liteTopic.ts';
import type { LiteSubscriber } from '../../lite/liteSubscriptions.ts';
import { popLite } from '../../lite/popLite.ts';
import type { PoppedLite } from '../../lite/popLite.ts';
import type { CallContext } from '../callContext.ts';
import type { GrpcClient } from '../grpcClient.ts';
import { encodeHandle } from '../receipt.ts';
import { checkReceive } from '../checkReceive.ts';
import { release } from '../received.ts';
import type { Received } from '../received.ts';
import type { ReceiveWish } from '../receiveWish.ts';
import { Refusal } from '../refusal.ts';
import { selected } from '../selected.ts';
import { checkLiteGroup, servedLite, subscriberOf } from './liteClient.ts';

/**
 * Messages of the lite topics that the client subscribes to, whichever they are when they come.
 * Source: ReceiveMessageActivity.java of 5.5.0.
 * @throws Refusal MESSAGE_NOT_FOUND when the time is over, TOO_MANY_REQUESTS when too many wait
 */
export async function receiveLite(context: CallContext, wish: ReceiveWish, client: GrpcClient): Promise<Received[]> {
  const { broker, call, clientId } = context;
  const { topic, group, maxMessages, invisibleTimeMs, attemptId } = wish.pop;
  const lite = servedLite(broker);
  const { subscriptions } = lite;
  const isGone = (): boolean => !call.isOpen || client.isDisposed;
  for (;;) {
    if (isGone()) {
      // It may have been resumed in place of somebody else.
      const left = subscriptions.get(clientId);
      if (left !== undefined) subscriptions.passOn(left);
      return [];
    }
    checkReceive(context, wish.pop);
    checkLiteGroup(broker, topic, group);
    const subscriber = subscriberOf(lite, client, { topic, group });
    const popped = await popLite(broker, subscriber, { maxMessages, invisibleTimeMs, attemptId });
    const received = popped.map(receivedOf);
    if (isGone()) {
      await release(broker, received);
      continue;
    }
    const wanted = received.length === 0 ? received : await selected(context, wish, received);
    if (wanted.length > 0 && !isGone()) {
      subscriptions.passOn(subscriber);
      return wanted;
    }
    await release(broker, wanted);
    if (isGone()) continue;
    if (broker.steadyClock.now() >= wish.untilMs) throw new Refusal(Code.MESSAGE_NOT_FOUND, 'no new message');
    if (subscriber.ready.size > 0) await nextTurn();
    else await arrival(context, wish, client, subscriber);
  }
}

function receivedOf({ stored, messages }: PoppedLite): Received {
  const { queueOffset: offset, physicalOffset } = stored;
  const liteTopic = liteQueueParts(messages.topic)?.liteTopic;
  const handle = encodeHandle({ ...messages, retry: '0', offset }, physicalOffset, liteTopic);
  return { stored, handle, messages, offset, physicalOffset };
}

/** Until there may be something, the time is over or the client goes. @throws Refusal */
function arrival(
  { broker, call }: CallContext,
  { untilMs }: ReceiveWish,
  client: GrpcClient,
  { waiting }: LiteSubscriber,
): Promise<void> {
  const { steadyClock: clock, config } = broker;
  if (waiting.size >= config.popPollingSize) throw new Refusal(Code.TOO_MANY_REQUESTS, 'polling full');
  return new Promise((resolve) => {
    const watches = [call.onClose(done), client.onClose(done), clock.after(Math.max(0, untilMs - clock.now()), done)];
    waiting.add(done);
    function done(): void {
      for (const watch of watches) watch.dispose();
      waiting.delete(done);
      resolve();
    }
  });
}
