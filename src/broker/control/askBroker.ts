import { request } from '../../protocol/command.ts';
import type { RequestParts } from '../../protocol/command.ts';
import type { Peer, Reply } from '../../remoting/peer.ts';
import type { Broker } from '../broker.ts';
import { ControlError } from './controlError.ts';

/** Asks as a client of this machine does, without a socket, past access control and faults. @throws ControlError */
export async function askBroker(broker: Broker, parts: RequestParts): Promise<Reply> {
  const reply = await answered(broker, parts);
  if (reply.code !== 0)
    throw new ControlError(409, `the broker refuses with code ${reply.code}: ${reply.remark ?? ''}`);
  return reply;
}

function answered(broker: Broker, parts: RequestParts): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const connection: Peer = {
      remoteAddress: '127.0.0.1:0',
      isOpen: true,
      onClose: () => ({ dispose: () => undefined }),
      request: () => Promise.reject(new Error('the control interface answers nothing')),
      oneway: () => Promise.resolve(),
      respond: (_to, reply) => resolve(reply),
      dispose: () => undefined,
    };
    const outcome = broker.answer({ command: request(1, parts), connection });
    if (outcome instanceof Promise) {
      outcome.then((reply) => {
        if (reply !== undefined) resolve(reply);
      }, reject);
    } else if (outcome !== undefined) resolve(outcome);
  });
}
