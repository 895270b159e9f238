import { CodedError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { requestCodeName } from '../protocol/codes.ts';
import { failure } from './failure.ts';
import type { IncomingRequest, Reply, RequestHandler } from './peer.ts';

/** Has a request handled and answers it through its connection, also when the handler throws or rejects. */
export function answerRequest(request: IncomingRequest, handle: RequestHandler, logger: Logger): void {
  let reply: Reply | undefined | Promise<Reply | undefined>;
  try {
    reply = handle(request);
  } catch (error) {
    answerFailure(request, error, logger);
    return;
  }
  const { command, connection } = request;
  if (reply instanceof Promise) {
    reply.then(
      (late) => {
        if (late !== undefined) connection.respond(command, late);
      },
      (error: unknown) => answerFailure(request, error, logger),
    );
  } else if (reply !== undefined) {
    connection.respond(command, reply);
  }
}

function answerFailure({ command, connection }: IncomingRequest, error: unknown, logger: Logger): void {
  // The answer first: it must not depend on the log.
  connection.respond(command, failure(error));
  const text = `${requestCodeName(command.code)} of ${connection.remoteAddress} failed`;
  if (error instanceof CodedError) logger.warn(`${text}: ${error.message}`);
  else logger.error(text, error);
}
