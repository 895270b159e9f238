import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

import { Deferred } from '../../base/deferred.ts';
import { Emitter } from '../../base/emitter.ts';
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
import { endChild, exitDetails, exitOf, untilReady } from '../forkedChild.ts';
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

/** The supervisor of a cluster as a child of this process: it and all nodes end when the channel to this process ends. */
export class ClusterProcess {
  readonly info: ClusterReady;
  readonly #child: ChildProcess;
  readonly #exit: Promise<ChildExit>;
  readonly #options: ClusterProcessOptions;
  readonly #questions: Questions;
  #stopping = false;
  readonly #ended = new Emitter<ChildExit>();
  /** The supervisor ended though this window did not ask it to. */
  readonly onEnd = this.#ended.event;

  constructor(
    child: ChildProcess,
    info: ClusterReady,
    exit: Promise<ChildExit>,
    questions: Questions,
    options: ClusterProcessOptions,
  ) {
    this.#child = child;
    this.info = info;
    this.#exit = exit;
    this.#questions = questions;
    this.#options = options;
    void exit.then((how) => {
      questions.end(new CodedError('cluster-ended', { directory: options.directory, ...exitDetails(how) }));
      if (!this.#stopping) this.#ended.fire(how);
    });
  }

  /** @throws CodedError `cluster-refused` with what the supervisor says, also when it says nothing; `cluster-ended` */
  async ask(request: ClusterRequest): Promise<ClusterStatus> {
    const { clock } = this.#options;
    const asked = this.#questions.ask((question) => {
      if (this.#child.connected) this.#child.send(question, () => undefined);
    }, request);
    const timer = clock.after(ASK_TIMEOUT_MS, () => asked.settle(NO_ANSWER));
    try {
      const answer = await asked.answer;
      if (answer.ok) return answer.status;
      throw new CodedError('cluster-refused', { ...answer.details, reason: answer.reason });
    } finally {
      timer.dispose();
    }
  }

  /** Resolves when the supervisor is gone, and with it all nodes. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await endChild(this.#child, this.#exit, this.#options.stopTimeoutMs, this.#options.clock);
  }
}

/**
 * Forks a supervisor and waits until every master would accept a send.
 * @throws CodedError `cluster-running`, `cluster-of-other-mode`, `port-in-use`, `cluster-not-started`,
 *   `cluster-start-timeout`, `cluster-ended`, `cancelled`; all its processes are gone then
 */
export async function startClusterProcess(options: ClusterProcessOptions): Promise<ClusterProcess> {
  const { modulePath, onNode, directory } = options;
  const child = fork(modulePath, startArguments(options), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A debugger of the extension host would otherwise wait for the nodes as well.
    execArgv: [],
  });
  const exit = exitOf(child);
  const ready = new Deferred<ClusterReady>();
  const questions = new Questions();
  child.on('message', (event: ClusterEvent | BrokerEvent) => {
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
  const codes = { timeout: 'cluster-start-timeout', ended: 'cluster-ended', details: { directory } } as const;
  const info = await untilReady(child, exit, ready, codes, options);
  return new ClusterProcess(child, info, exit, questions, options);
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
