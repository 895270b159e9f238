import type { Clock } from '../../base/clock.ts';
import { Deferred } from '../../base/deferred.ts';
import type { Event } from '../../base/emitter.ts';
import { CodedError } from '../../base/errors.ts';
import type {
  BrokerEvent,
  ClusterAnswer,
  ClusterEvent,
  ClusterMode,
  ClusterQuestion,
  ClusterReady,
  ClusterRequest,
  ClusterStatus,
  NodeState,
} from '../../broker/control.ts';
import { ForkedChild, exitDetails } from '../forkedChild.ts';
import type { ChildExit, StartPatience } from '../forkedChild.ts';

/** Longer than the supervisor gives a node to start. */
const ASK_TIMEOUT_MS = 90_000;

export interface ClusterProcessOptions extends StartPatience {
  readonly modulePath: string;
  readonly mode: ClusterMode;
  readonly directory: string;
  /** Runs the servers of a distribution instead of ours. */
  readonly apache?: ApacheServers | undefined;
  /** Also while the cluster starts. */
  readonly onNode: (change: NodeChange) => void;
}

export interface ApacheServers {
  /** Of an unpacked distribution. */
  readonly home: string;
  readonly proxy: boolean;
}

export interface NodeChange {
  readonly name: string;
  readonly state: NodeState;
}

/** The supervisor of a cluster as a child of this process: all nodes end with it. */
export class ClusterProcess {
  readonly info: ClusterReady;
  /** The supervisor ended though this window did not ask it to. */
  readonly onEnd: Event<ChildExit>;
  readonly #child: ForkedChild<ClusterEvent | BrokerEvent>;
  readonly #questions: Questions;
  readonly #clock: Clock;

  constructor(child: ForkedChild<ClusterEvent | BrokerEvent>, info: ClusterReady, questions: Questions, clock: Clock) {
    this.info = info;
    this.onEnd = child.onEnd;
    this.#child = child;
    this.#questions = questions;
    this.#clock = clock;
  }

  /** @throws CodedError `cluster-refused` with what the supervisor says, also when it says nothing; `cluster-ended` */
  async ask(request: ClusterRequest): Promise<ClusterStatus> {
    const asked = this.#questions.ask((question) => this.#child.send(question), request);
    const timer = this.#clock.after(ASK_TIMEOUT_MS, () => asked.settle(NO_ANSWER));
    try {
      const answer = await asked.answer;
      if (answer.ok) return answer.status;
      throw new CodedError('cluster-refused', { ...answer.details, reason: answer.reason });
    } finally {
      timer.dispose();
    }
  }

  /** Resolves when the supervisor is gone, and with it all nodes. */
  stop(): Promise<void> {
    return this.#child.stop();
  }
}

/**
 * Forks a supervisor and waits until every master would accept a send.
 * @throws CodedError `cluster-running`, `cluster-of-other-mode`, `port-in-use`, `cluster-not-started`,
 *   `cluster-start-timeout`, `cluster-ended`, `cancelled`; all its processes are gone then
 */
export async function startClusterProcess(options: ClusterProcessOptions): Promise<ClusterProcess> {
  const { modulePath, onNode, directory, clock } = options;
  const child = new ForkedChild<ClusterEvent | BrokerEvent>(modulePath, startArguments(options), options);
  const ready = new Deferred<ClusterReady>();
  const questions = new Questions();
  child.onMessage((event) => {
    switch (event.kind) {
      case 'cluster-ready':
        return ready.resolve(event.info);
      case 'failed':
        return ready.reject(startError(event, directory));
      case 'node':
        return onNode(event);
      case 'answer':
        return questions.answer(event.id, event.answer);
      case 'ready':
      case 'faults':
        return;
    }
  });
  void child.exit.then((how) => {
    questions.end(new CodedError('cluster-ended', { directory, ...exitDetails(how) }));
  });
  const codes = { timeout: 'cluster-start-timeout', ended: 'cluster-ended', details: { directory } } as const;
  const info = await child.untilReady(ready, codes);
  return new ClusterProcess(child, info, questions, clock);
}

function startArguments({ mode, directory, apache }: ClusterProcessOptions): string[] {
  const servers = apache === undefined ? [] : ['--apache', apache.home, ...(apache.proxy ? ['--proxy'] : [])];
  return ['cluster', 'start', '--mode', mode, '--dir', directory, '--json', ...servers];
}

/** What was asked and not answered yet, by id. */
class Questions {
  readonly #open = new Map<number, Deferred<ClusterAnswer>>();
  #lastId = 0;
  #end: CodedError | undefined;

  ask(
    send: (question: ClusterQuestion) => void,
    request: ClusterRequest,
  ): { readonly answer: Promise<ClusterAnswer>; readonly settle: (answer: ClusterAnswer) => void } {
    this.#lastId += 1;
    const id = this.#lastId;
    const deferred = new Deferred<ClusterAnswer>();
    this.#open.set(id, deferred);
    if (this.#end === undefined) send({ kind: 'ask', id, request });
    else this.end(this.#end);
    return { answer: deferred.promise, settle: (answer) => this.answer(id, answer) };
  }

  answer(id: number, answer: ClusterAnswer): void {
    this.#open.get(id)?.resolve(answer);
    this.#open.delete(id);
  }

  /** Nobody answers any more, neither what was asked nor what will be. */
  end(why: CodedError): void {
    this.#end = why;
    for (const deferred of this.#open.values()) deferred.reject(why);
    this.#open.clear();
  }
}

const NO_ANSWER: ClusterAnswer = {
  ok: false,
  reason: `no answer in ${ASK_TIMEOUT_MS / 1000} s`,
  next: '',
  details: { problem: 'no-answer', seconds: ASK_TIMEOUT_MS / 1000 },
};

/** Codes that the host has words for stay as they are; the rest comes with the supervisor's own. */
function startError(
  { code, details, message }: Extract<BrokerEvent, { kind: 'failed' }>,
  directory: string,
): CodedError {
  const cause = new Error(message);
  if (code !== 'usage' && code !== 'internal') return new CodedError(code, details, { cause });
  return new CodedError(
    'cluster-not-started',
    { ...details, directory, reason: details['reason'] ?? message },
    { cause },
  );
}
