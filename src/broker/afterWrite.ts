import { ResponseCode } from '../protocol/codes.ts';
import { errorText } from '../base/errors.ts';
import type { IncomingRequest, Reply } from '../remoting/peer.ts';
import type { BrokerContext } from './brokerContext.ts';
import { storeRefusal } from './putMessage.ts';

type Outcome = Reply | undefined | Promise<Reply | undefined>;

/**
 * No answer leaves before the messages that were staged until then are in the files, so that an acknowledged message
 * survives the end of the process. Those of one turn of the event loop are written together.
 */
export function afterWrite(broker: BrokerContext, request: IncomingRequest, outcome: Outcome): Outcome {
  if (outcome === undefined || !broker.store.isWriting) return outcome;
  if (outcome instanceof Promise) {
    const written = new Promise<unknown>((resolve) => broker.store.whenWritten(resolve));
    return Promise.all([outcome, written]).then(([reply, error]) =>
      reply === undefined || error === undefined ? reply : notWritten(broker, error),
    );
  }
  broker.store.whenWritten((error) => {
    request.connection.respond(request.command, error === undefined ? outcome : notWritten(broker, error));
  });
  return undefined;
}

function notWritten(broker: BrokerContext, error: unknown): Reply {
  broker.logger.error('messages could not be written to the commit log', error);
  return storeRefusal(broker, error) ?? { code: ResponseCode.SYSTEM_ERROR, remark: errorText(error) };
}
