import { setImmediate as nextTurn } from 'node:timers/promises';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import { arrivalFilter } from '../handlers/popFilter.ts';
import { popMessages } from '../pop/popMessages.ts';
import type { PopWish } from '../pop/popMessages.ts';
import { hasUnread } from '../pop/unread.ts';
import { storeRefusal } from '../putMessage.ts';
import { settledSince } from '../settled.ts';
import type { CallContext } from './callContext.ts';
import { checkReceive } from './checkReceive.ts';
import type { GrpcClient } from './grpcClient.ts';
import { isLiteClient } from './lite/liteClient.ts';
import { receiveLite } from './lite/receiveLite.ts';
import { joinByReceive } from './membership.ts';
import { messageOut } from './messageOut.ts';
import { receivedMessages, release } from './received.ts';
import type { Received } from './received.ts';
import { receiveWish } from './receiveWish.ts';
import type { ReceiveWish } from './receiveWish.ts';
import { OK, Refusal, refusalOf } from './refusal.ts';
import { selected } from './selected.ts';

/**
 * ReceiveMessage: a status, the messages, the time; waits for messages as long as the client does.
 * Source: ReceiveMessageActivity.java, ReceiveMessageResponseStreamWriter.java; gRPC sheet §4.4.
 */
export async function receiveMessage(
  context: CallContext,
  request: RpcRequest<'receiveMessage'>,
  write: (response: RpcResponse<'receiveMessage'>) => void,
): Promise<void> {
  const { clock } = context.broker;
  try {
    const wish = await receiveWish(context, request);
    const client = context.clients.get(context.clientId);
    joinByReceive(context.broker, client, request);
    const received =
      client !== undefined && isLiteClient(client.clientType)
        ? await receiveLite(context, wish, client)
        : await receive(context, wish);
    if (received.length > 0) watch(context, wish, received);
    write({ content: { case: 'status', value: OK } });
    for (const { stored, handle } of received) {
      const value = messageOut(stored, { topic: wish.pop.topic, receiptHandle: handle, nowMs: clock.now() });
      write({ content: { case: 'message', value } });
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    write({ content: { case: 'status', value: error.status } });
  }
  write({ content: { case: 'deliveryTimestamp', value: timestampFromMs(clock.now()) } });
}

/** @throws Refusal MESSAGE_NOT_FOUND when the time is over, TOO_MANY_REQUESTS when too many wait */
async function receive(context: CallContext, wish: ReceiveWish): Promise<Received[]> {
  const { broker, call } = context;
  const { pop, untilMs } = wish;
  const client = context.clients.get(context.clientId);
  const isGone = (): boolean => !call.isOpen || client?.isDisposed === true;
  for (;;) {
    if (isGone()) {
      // It may have been resumed in place of somebody else.
      broker.pops.held.wake(pop.topic, pop.group);
      return [];
    }
    const received = await popOnce(context, pop);
    if (isGone()) {
      await release(broker, received);
      continue;
    }
    const wanted = received.length === 0 ? received : await selected(context, wish, received);
    if (wanted.length > 0 && !isGone()) return wanted;
    await release(broker, wanted);
    if (isGone()) continue;
    if (broker.steadyClock.now() >= untilMs) throw new Refusal(Code.MESSAGE_NOT_FOUND, 'no new message');
    // What arrived since the queues were read would wake nobody.
    if (hasUnread(broker, { ...pop, withRetries: !pop.ordered })) await nextTurn();
    else await arrival(context, wish, client);
  }
}

/** What a push consumer gets is renewed; what a client does not wait for is given to others. */
function watch(context: CallContext, { autoRenew }: ReceiveWish, received: readonly Received[]): void {
  const { broker, call, clients, clientId, renewals } = context;
  const client = autoRenew ? (clients.get(clientId) ?? clients.obtain(context)) : undefined;
  for (const { messages, offset, stored } of received) {
    if (client !== undefined) renewals.add(client, messages, offset, stored.reconsumeTimes);
  }
  call.onClose(() => {
    if (!call.isCancelled) return;
    for (const { messages, offset } of received) {
      if (client !== undefined) void renewals.take(client, { ...messages, offset });
    }
    release(broker, received).catch((error: unknown) => {
      broker.logger.error(`what ${clientId} did not wait for is not given to others yet`, error);
    });
  });
}

async function popOnce(context: CallContext, pop: PopWish): Promise<Received[]> {
  const { broker } = context;
  checkReceive(context, pop);
  const before = broker.store.reservedOffset;
  try {
    const popped = await popMessages(broker, pop);
    if (popped.queues.length === 0) return [];
    if (popped.restNum > 0) broker.pops.held.wake(pop.topic, pop.group, pop.queueId);
    await settledSince(broker, before);
    return receivedMessages(broker, pop, popped);
  } catch (error) {
    const refused = storeRefusal(broker, error);
    if (refused === undefined) throw error;
    throw refusalOf(refused);
  }
}

/** Until something arrives that may be for the client, the time is over or the client goes. @throws Refusal */
function arrival(
  { broker, call }: CallContext,
  { pop: { topic, group, queueId, filter }, untilMs }: ReceiveWish,
  client: GrpcClient | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const watches = [call.onClose(done), client?.onClose(done)];
    const held = broker.pops.held.hold({
      topic,
      group,
      queueId,
      untilMs,
      matches: arrivalFilter(filter),
      resume: done,
    });
    if (held === undefined) {
      reject(new Refusal(Code.TOO_MANY_REQUESTS, 'polling full'));
      done();
    }
    function done(): void {
      for (const watch of watches) watch?.dispose();
      held?.dispose();
      resolve();
    }
  });
}
