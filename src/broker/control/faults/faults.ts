import { asError } from '../../../base/errors.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Disposable } from '../../../base/disposable.ts';
import { isOneway } from '../../../protocol/command.ts';
import type { RemotingCommand } from '../../../protocol/command.ts';
import type { AnswerHook, IncomingRequest, Peer, Reply, RequestHandler } from '../../../remoting/peer.ts';
import type { IncomingRpc, RequestFaults, RpcStrike, ServerKind } from '../../requestFaults.ts';
import { Delays } from './delays.ts';
import type { Fault } from './fault.ts';
import { FaultList } from './faultList.ts';
import type { Listed } from './faultList.ts';
import { pretending } from './pretendedVersion.ts';
import { forgottenRoute, isCarriedOut, refusal } from './refusal.ts';
import { strikeOnRpc } from './strikeOnRpc.ts';
import { touchedBy } from './touched.ts';

type Outcome = ReturnType<RequestHandler>;
type Carry = (request: IncomingRequest) => Outcome;

/**
 * Strikes requests with the faults that are set: each with the first that matches it and whose dice say so; while there
 * is none, a request costs one look.
 */
export class Faults implements RequestFaults, Disposable {
  readonly list: FaultList;
  readonly #delays: Delays;
  /** What becomes of the answer to a request that was struck. */
  readonly #answers = new WeakMap<RemotingCommand, AnswerHook>();

  /** @param clock of the machine, which no test moves */
  constructor(clock: Clock) {
    this.list = new FaultList(clock);
    this.#delays = new Delays(clock);
  }

  readonly answering: AnswerHook = (to, reply, write) => {
    const answer = this.#answers.get(to);
    if (answer === undefined) write(reply);
    else answer(to, reply, write);
  };

  around(
    server: Exclude<ServerKind, 'grpc'>,
    handle: RequestHandler,
    clientIdOf: (connection: Peer) => string | undefined,
  ): RequestHandler {
    return (request) => {
      if (this.list.live === undefined) return handle(request);
      const { command, connection } = request;
      const seen = {
        server,
        isNamed: ({ requests }: Fault): boolean => requests?.includes(command.code) !== false,
        touched: () => touchedBy(command),
        clientId: () => clientIdOf(connection),
      };
      const struck = this.list.choose(seen, (listed) => strikable(listed, request));
      return struck === undefined ? handle(request) : this.#strike(struck.listed, struck.request, handle);
    };
  }

  strikeRpc(rpc: IncomingRpc): RpcStrike | undefined {
    return this.list.live === undefined ? undefined : strikeOnRpc(rpc, this.list, this.#delays);
  }

  dispose(): void {
    this.list.clear();
    this.#delays.dispose();
  }

  #strike(listed: Listed, request: IncomingRequest, carryOut: Carry): Outcome {
    const { command, connection } = request;
    const { fault } = listed;
    const answering = (hook: AnswerHook): Outcome => {
      this.#answers.set(command, hook);
      return carryOut(request);
    };
    switch (fault.kind) {
      case 'refuse':
        return this.#refuse(fault, request, answering);
      case 'forgetRoute':
        return forgottenRoute(command.extFields['topic']);
      case 'closeConnection':
        connection.dispose();
        return undefined;
      case 'stopReading':
        return this.#stopReading(listed, request, carryOut);
      case 'deliverTwice':
        return carryOut(request);
      case 'delay':
        return answering((_to, reply, write) => this.#later(fault.ms ?? 0, reply, write));
      case 'dropAnswer':
        return answering(() => undefined);
      case 'answerTwice':
        return answering((_to, reply, write) => {
          write(reply);
          write(reply);
        });
      case 'pretendVersion':
        return answering((to, reply, write) => write(pretending(fault.version ?? 0, to.code, reply)));
    }
  }

  #refuse(
    { code = 0, remark }: Fault,
    { command }: IncomingRequest,
    answering: (hook: AnswerHook) => Outcome,
  ): Outcome {
    if (isCarriedOut(command.code, code)) {
      return answering((_to, reply, write) => write(reply.code === 0 ? { ...reply, code, remark } : reply));
    }
    const refused = refusal(code, touchedBy(command).topics[0]);
    return remark === undefined ? refused : { ...refused, remark };
  }

  /** As a process that is stopped: the request and those behind it are carried out when it goes on. */
  #stopReading({ fault, stopped }: Listed, request: IncomingRequest, carryOut: Carry): Outcome {
    const { connection } = request;
    return new Promise((resolve, reject) => {
      const stop = connection.stopReading?.();
      const timer = fault.ms === undefined ? undefined : this.#delays.after(fault.ms, () => readOn());
      const closing = connection.onClose(() => readOn());
      const readOn = (): void => {
        stopped.delete(readOn);
        timer?.dispose();
        closing.dispose();
        // Called by a timer, where nobody would catch it.
        try {
          resolve(connection.isOpen ? carryOut(request) : undefined);
        } catch (error) {
          reject(asError(error));
        } finally {
          stop?.dispose();
        }
      };
      stopped.add(readOn);
    });
  }

  /** What the answer is made of may be used for something else until then. */
  #later(ms: number, reply: Reply, write: (reply: Reply) => void): void {
    if (this.#delays.isFull) {
      write(reply);
      return;
    }
    const { body } = reply;
    const kept = body === undefined ? reply : { ...reply, body: Buffer.concat(Buffer.isBuffer(body) ? [body] : body) };
    this.#delays.after(ms, () => write(kept));
  }
}

/** The request as it would be struck; undefined when the fault has nothing to do with it. */
function strikable({ fault, batches }: Listed, request: IncomingRequest): IncomingRequest | undefined {
  switch (fault.kind) {
    case 'deliverTwice': {
      const command = batches.again(request.command);
      return command && { ...request, command };
    }
    case 'closeConnection':
      return request;
    case 'stopReading':
      return request.connection.stopReading === undefined ? undefined : request;
    default:
      // There is no answer to meddle with.
      return isOneway(request.command) ? undefined : request;
  }
}
