import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { BrokerCommand, BrokerEvent, ClusterNodeStatus, NodeAction, NodeState } from '../control.ts';
import type { PlacedNode } from './clusterDirectory.ts';
import { clusterProblem } from './clusterProblem.ts';
import { guardPaused } from './pauseGuard.ts';

const START_TIMEOUT_MS = 60_000;
/** A node gives itself 10 s. */
const STOP_TIMEOUT_MS = 12_000;

export interface NodeParts {
  readonly node: PlacedNode;
  /** The script of `rocketmq-local`. */
  readonly script: string;
  readonly clock: Clock;
  readonly onChange: (state: NodeState) => void;
}

/**
 * The process of a node, which holds a channel to this one and ends when that closes. What may be done depends on the
 * state; what may not is refused with a `usage` error that says what to do.
 */
export class ClusterNode {
  readonly placed: PlacedNode;
  readonly #parts: NodeParts;
  #state: NodeState = 'stopped';
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #ended: number | string | null = null;
  #guard: Disposable | undefined;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.placed = parts.node;
  }

  get state(): NodeState {
    return this.#state;
  }

  /** Without what others say of it. */
  get status(): Omit<ClusterNodeStatus, 'replication'> {
    const { name, role, address, conf, log } = this.placed;
    return { name, role, address, pid: this.#child?.pid ?? null, state: this.#state, ended: this.#ended, conf, log };
  }

  /** Resolves when the node says that it is ready. */
  async start(): Promise<void> {
    const { name, log } = this.placed;
    if (this.#state === 'paused')
      throw clusterProblem(`${name} is paused`, `let it go on with: cluster resume ${name}`);
    if (this.#child !== undefined) this.#refuse('start');
    const child = fork(this.#parts.script, this.#arguments(), {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#ended = null;
    this.#change('starting');
    const words = lastWords(child);
    this.#exited = new Promise((resolve) => {
      const gone = (code: number | null, signal: string | null): void => {
        this.#gone(code, signal);
        resolve();
      };
      child.once('exit', gone);
      // It could not even be started. Each that nobody listens for would end the cluster.
      child.on('error', (error) => child.pid === undefined && gone(null, error.message));
    });
    const deadline = this.#parts.clock.after(START_TIMEOUT_MS, () => child.kill('SIGKILL'));
    try {
      const outcome = await Promise.race([firstLine(child), this.#exited.then(() => 'gone' as const)]);
      if (outcome === 'gone') {
        throw clusterProblem(
          `${name} did not start: ${words() || `it ended with ${this.status.ended ?? 'no word'}`}`,
          `see ${log}`,
        );
      }
    } finally {
      deadline.dispose();
    }
    if (this.#state === 'starting') this.#change('running');
  }

  /** Orderly; a node that does not end in time is killed. */
  async stop(): Promise<void> {
    const child = this.#live('stop');
    this.#wake(child);
    this.#change('stopping');
    const ask: BrokerCommand = { kind: 'stop' };
    if (child.connected) child.send(ask);
    const deadline = this.#parts.clock.after(STOP_TIMEOUT_MS, () => child.kill('SIGKILL'));
    await this.#exited;
    deadline.dispose();
  }

  /** At once, with nothing written that was not written yet. */
  async kill(): Promise<void> {
    const child = this.#live('kill');
    this.#unguard();
    this.#change('killed');
    child.kill('SIGKILL');
    await this.#exited;
  }

  /** It keeps its connections and answers nobody. */
  pause(): void {
    const { name } = this.placed;
    const child = this.#live('pause');
    if (this.#state !== 'running') this.#refuse('pause');
    if (process.platform === 'win32' || child.pid === undefined) {
      throw clusterProblem('Windows cannot pause a process', `take it away with: cluster kill ${name}`);
    }
    this.#guard = guardPaused(child.pid);
    child.kill('SIGSTOP');
    this.#change('paused');
  }

  resume(): void {
    const child = this.#live('resume');
    if (this.#state !== 'paused') this.#refuse('resume');
    this.#wake(child);
    this.#change('running');
  }

  #arguments(): string[] {
    const { broker, conf, log, storeDirectory } = this.placed;
    const role = broker === undefined ? ['namesrv', '--store', storeDirectory] : ['broker'];
    return [...role, '-c', conf, '--json', '--log', log];
  }

  #live(action: NodeAction): ChildProcess {
    return this.#child ?? this.#refuse(action);
  }

  #refuse(action: NodeAction): never {
    const { name } = this.placed;
    const next = this.#child === undefined ? `start it with: cluster start ${name}` : 'see: cluster status';
    throw clusterProblem(`${name} is ${this.#state} and cannot be asked to ${action}`, next);
  }

  #wake(child: ChildProcess): void {
    if (this.#state === 'paused') child.kill('SIGCONT');
    this.#unguard();
  }

  #unguard(): void {
    this.#guard?.dispose();
    this.#guard = undefined;
  }

  #gone(code: number | null, signal: string | null): void {
    this.#child = undefined;
    this.#unguard();
    this.#ended = code ?? signal;
    if (this.#state === 'stopping') this.#change(signal === 'SIGKILL' ? 'killed' : 'stopped');
    else this.#change(this.#state === 'killed' ? 'killed' : 'died');
  }

  #change(state: NodeState): void {
    this.#state = state;
    this.#parts.onChange(state);
  }
}

/** The line that says ready; never where none comes. */
function firstLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.stdout?.on('data', (bytes: Buffer) => {
      if (bytes.includes('\n')) resolve();
    });
  });
}

/** Why a process says that it does not start. */
function lastWords(child: ChildProcess): () => string {
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-2000)));
  child.on('message', (event: BrokerEvent) => {
    if (event.kind === 'failed') words = event.message;
  });
  return () => words.trim().replace(/\.$/, '');
}
