import type { Clock } from '../../../base/clock.ts';
import type { Disposable } from '../../../base/disposable.ts';
import { responseCodeName, requestCodeName } from '../../../protocol/codes.ts';
import { isOneway, versionName } from '../../../protocol/command.ts';
import type { RemotingCommand } from '../../../protocol/command.ts';
import type { AnswerHook, IncomingRequest, Peer, Reply, RequestHandler } from '../../../remoting/connection.ts';
import type { RequestFaults, ServerKind } from '../../requestFaults.ts';
import { ControlError } from '../controlError.ts';
import type { Fault } from './fault.ts';
import { matchesGlob } from './glob.ts';
import { LastBatches } from './lastBatches.ts';
import { pretending } from './pretendedVersion.ts';
import { seededRandom } from './random.ts';
import { forgottenRoute, isCarriedOut, refusal } from './refusal.ts';
import { touchedBy } from './touched.ts';
import type { Touched } from './touched.ts';

const MAX_FAULTS = 1000;
/** Answers that wait for their delay; of more none is delayed. */
const MAX_DELAYED = 100_000;

type Outcome = ReturnType<RequestHandler>;
type Carry = (request: IncomingRequest) => Outcome;

interface Listed {
  readonly id: number;
  readonly fault: Fault;
  readonly untilMs: number;
  readonly random: () => number;
  readonly batches: LastBatches;
  /** Connections that are not read, and how they are read again. */
  readonly stopped: Set<() => void>;
  struck: number;
}

/**
 * The faults that are set. A request is struck by the first that matches it and whose dice say so; while there is none,
 * a request costs one look.
 */
export class Faults implements RequestFaults, Disposable {
  readonly #clock: Clock;
  readonly #timers = new Set<Disposable>();
  /** What becomes of the answer to a request that was struck. */
  readonly #answers = new WeakMap<RemotingCommand, AnswerHook>();
  #faults: Listed[] = [];
  /** Undefined while none can strike. */
  #live: readonly Listed[] | undefined;
  #nextId = 1;

  /** @param clock of the machine, which no test moves */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly answering: AnswerHook = (to, reply, write) => {
    const answer = this.#answers.get(to);
    if (answer === undefined) write(reply);
    else answer(to, reply, write);
  };

  around(
    server: ServerKind,
    handle: RequestHandler,
    clientIdOf: (connection: Peer) => string | undefined,
  ): RequestHandler {
    return (request) => {
      if (this.#live === undefined) return handle(request);
      const struck = this.#choose(this.#live, server, request, clientIdOf);
      return struck === undefined ? handle(request) : this.#strike(struck.listed, struck.request, handle);
    };
  }

  /** All or none. @throws ControlError when there are too many */
  add(faults: readonly Fault[]): readonly object[] {
    const room = MAX_FAULTS - this.#faults.length;
    if (faults.length > room) {
      throw new ControlError(
        409,
        room === 0 ? `there are ${MAX_FAULTS} faults already; clear some` : `there is room for ${room} more faults`,
      );
    }
    const added = faults.map((fault) => this.#listed(fault));
    this.#faults.push(...added);
    this.#refresh();
    return added.map((listed) => this.#shown(listed));
  }

  #listed(fault: Fault): Listed {
    return {
      id: this.#nextId++,
      fault,
      untilMs: fault.forMs === undefined ? Infinity : this.#clock.now() + fault.forMs,
      random: seededRandom(fault.seed),
      batches: new LastBatches(),
      stopped: new Set(),
      struck: 0,
    };
  }

  list(): readonly object[] {
    return this.#faults.map((listed) => this.#shown(listed));
  }

  /** All, or one; connections that were not read are read again. @returns how many */
  clear(id?: number): number {
    const cleared = this.#faults.filter((listed) => id === undefined || listed.id === id);
    this.#faults = this.#faults.filter((listed) => !cleared.includes(listed));
    this.#refresh();
    for (const { stopped } of cleared) for (const readOn of [...stopped]) readOn();
    return cleared.length;
  }

  dispose(): void {
    this.clear();
    for (const timer of this.#timers) timer.dispose();
    this.#timers.clear();
  }

  #isLive({ fault, struck, untilMs }: Listed): boolean {
    return struck < (fault.count ?? Infinity) && this.#clock.now() < untilMs;
  }

  #refresh(): void {
    const live = this.#faults.filter((listed) => this.#isLive(listed));
    this.#live = live.length === 0 ? undefined : live;
  }

  #choose(
    live: readonly Listed[],
    server: ServerKind,
    request: IncomingRequest,
    clientIdOf: (connection: Peer) => string | undefined,
  ): { readonly listed: Listed; readonly request: IncomingRequest } | undefined {
    const { command, connection } = request;
    let touched: Touched | undefined;
    for (const listed of live) {
      const { fault } = listed;
      if (fault.server !== server || fault.requests?.includes(command.code) === false) continue;
      if (!this.#isLive(listed)) {
        this.#refresh();
        continue;
      }
      touched ??= touchedBy(command);
      if (!matchesAny(fault.topic, touched.topics) || !matchesAny(fault.group, touched.groups)) continue;
      if (fault.clientId !== undefined) {
        const clientId = touched.clientId ?? clientIdOf(connection);
        if (clientId === undefined || !matchesGlob(fault.clientId, clientId)) continue;
      }
      const struck = strikable(listed, request);
      if (struck === undefined || (fault.probability < 1 && listed.random() >= fault.probability)) continue;
      listed.struck += 1;
      if (listed.struck >= (fault.count ?? Infinity)) this.#refresh();
      return { listed, request: struck };
    }
    return undefined;
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
      const timer = fault.ms === undefined ? undefined : this.#after(fault.ms, () => readOn());
      const closing = connection.onClose(() => readOn());
      const readOn = (): void => {
        stopped.delete(readOn);
        timer?.dispose();
        closing.dispose();
        // Called by a timer, where nobody would catch it.
        try {
          resolve(connection.isOpen ? carryOut(request) : undefined);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        } finally {
          stop?.dispose();
        }
      };
      stopped.add(readOn);
    });
  }

  /** What the answer is made of may be used for something else until then. */
  #later(ms: number, reply: Reply, write: (reply: Reply) => void): void {
    if (this.#timers.size >= MAX_DELAYED) {
      write(reply);
      return;
    }
    const { body } = reply;
    const kept = body === undefined ? reply : { ...reply, body: Buffer.concat(Buffer.isBuffer(body) ? [body] : body) };
    this.#after(ms, () => write(kept));
  }

  #after(ms: number, callback: () => void): Disposable {
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(owned);
      callback();
    });
    const owned: Disposable = {
      dispose: () => {
        timer.dispose();
        this.#timers.delete(owned);
      },
    };
    this.#timers.add(owned);
    return owned;
  }

  #shown(listed: Listed): object {
    const { id, fault, struck, untilMs } = listed;
    const { requests, code, version, forMs } = fault;
    return {
      id,
      ...fault,
      requests: requests?.map(requestCodeName),
      code: code === undefined ? undefined : responseCodeName(code),
      version: version === undefined ? undefined : versionName(version),
      struck,
      live: this.#isLive(listed),
      leftMs: forMs === undefined ? undefined : Math.max(0, untilMs - this.#clock.now()),
    };
  }
}

function matchesAny(pattern: string | undefined, names: readonly string[]): boolean {
  return pattern === undefined || names.some((name) => matchesGlob(pattern, name));
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
