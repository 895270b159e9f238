import { ResponseCode } from '../../protocol/codes.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import { ackMessages } from '../pop/ackMessages.ts';
import type { CallContext } from './callContext.ts';
import { toDeadLetters } from './deadLetter.ts';
import { messageIdOf } from './messageOut.ts';
import { release } from './received.ts';
import type { Received } from './received.ts';
import type { ReceiveWish } from './receiveWish.ts';

/**
 * What the client gets: tags are compared by their text here, and what does not match is consumed; what was tried too
 * often becomes a dead letter. Source: PopMessageResultFilterImpl.java.
 */
export async function selected(
  { broker }: CallContext,
  { pop: { topic, group }, tags }: ReceiveWish,
  received: Received[],
): Promise<Received[]> {
  const wanted: Received[] = [];
  const consumed: Promise<unknown>[] = [];
  const maxAttempts = (broker.groups.get(group)?.retryMaxTimes ?? 16) + 1;
  for (const [index, one] of received.entries()) {
    const { stored, messages, offset } = one;
    try {
      if (tags?.has(propertyOf(stored.properties, PropertyName.TAGS) ?? '') === false) {
        consumed.push(ackMessages(broker, messages, [offset]));
      } else if (stored.reconsumeTimes >= maxAttempts) {
        const { code, remark } = await toDeadLetters(broker, one, { topic, messageId: messageIdOf(stored) });
        // It comes again, and is tried again.
        if (code !== ResponseCode.SUCCESS)
          broker.logger.error(`no dead letter was made of a message: ${remark ?? code}`);
      } else wanted.push(one);
    } catch (error) {
      await Promise.allSettled(consumed);
      await release(broker, [...wanted, ...received.slice(index)]);
      throw error;
    }
  }
  try {
    await Promise.all(consumed);
  } catch (error) {
    await release(broker, wanted);
    throw error;
  }
  return wanted;
}
