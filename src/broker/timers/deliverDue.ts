import { errorText, isCodedError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { MessageStore } from '../store/messageStore.ts';
import type { MessageToStore } from '../store/messageToStore.ts';

export interface DeliveryOptions {
  readonly logger: Logger;
  /** Stores all or none. Errors as `MessageStore.appendAll`. */
  readonly putAll: (messages: readonly MessageToStore[]) => void;
}

/**
 * Puts messages whose time has come where they belong. One message, whatever is wrong with it, must not keep its slot
 * and all behind it waiting: it is dropped.
 * @throws what may pass, such as a full store; then none of them is stored
 */
export function deliverDue({ logger, putAll }: DeliveryOptions, messages: readonly MessageToStore[]): void {
  try {
    putAll(messages);
  } catch (error) {
    if (mayPass(error)) throw error;
    // One is too large with our properties, or no record can be made of it; the others are not to blame.
    for (const message of messages) {
      try {
        putAll([message]);
      } catch (failure) {
        if (mayPass(failure)) throw failure;
        logger.warn(`a timer message for topic ${message.topic} is dropped: ${errorText(failure)}`);
      }
    }
  }
}

/** With SYNC_FLUSH, what is delivered is on disk before the files of the timers say that it was. */
export async function whenOnDisk(messages: MessageStore): Promise<void> {
  const flushed = messages.flushed();
  if (flushed !== true) await flushed;
}

/** A full store, or an error of the system, which alone names its call: the same put may succeed later. */
function mayPass(error: unknown): boolean {
  return isCodedError(error, 'store-full') || (error instanceof Error && 'syscall' in error);
}
