import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { ClusterNodeStatus, NodeAction, NodeState } from '../control.ts';
import type { PlacedNode } from './clusterDirectory.ts';
import { clusterProblem } from './clusterProblem.ts';
import { clusterStep } from './clusterStep.ts';
import type { NodeProcess, NodeProgram } from './nodeProgram.ts';
import { guardProcess } from '../../base/processGuard.ts';

export interface NodeParts {
  readonly node: PlacedNode;
  /** Of the cluster, for those who are told what to do. */
  readonly directory: string;
  readonly program: NodeProgram;
  readonly clock: Clock;
  readonly onChange: (state: NodeState) => void;
}

/**
 * The process of a node. What may be done depends on the state; what may not is refused with a `usage` error that says
 * what to do.
 */
export class ClusterNode {
  readonly placed: PlacedNode;
  readonly #parts: NodeParts;
  #state: NodeState = 'stopped';
  #process: NodeProcess | undefined;
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
    return {
      name,
      role,
      address,
      pid: this.#process?.child.pid ?? null,
      state: this.#state,
      ended: this.#ended,
      conf,
      log,
    };
  }

  /** Resolves when the node says that it is ready. */
  async start(): Promise<void> {
    const { name, log } = this.placed;
    if (this.#state === 'paused') {
      throw clusterProblem(`${name} is paused`, `let it go on with: ${this.#step('resume')}`, {
        details: { problem: 'node-state', node: name, state: 'paused' },
      });
    }
    if (this.#process !== undefined) this.#refuse('start');
    const { program, clock } = this.#parts;
    const started = program.start(this.placed);
    const { child, ready, lastWords, printed = log } = started;
    this.#process = started;
    this.#ended = null;
    this.#change('starting');
    this.#exited = new Promise((resolve) => {
      const gone = (code: number | null, signal: string | null): void => {
        this.#gone(code, signal);
        resolve();
      };
      child.once('exit', gone);
      // It could not even be started. Each that nobody listens for would end the cluster.
      child.on('error', (error) => child.pid === undefined && gone(null, error.message));
    });
    const deadline = clock.after(program.startTimeoutMs, () => child.kill('SIGKILL'));
    try {
      const outcome = await Promise.race([ready, this.#exited.then(() => 'gone' as const)]);
      if (outcome === 'gone') {
        const words = lastWords() || `it ended with ${this.status.ended ?? 'no word'}`;
        throw clusterProblem(`${name} did not start: ${words}`, `see ${existsSync(log) ? log : printed}`, {
          details: { problem: 'node-not-started', node: name, words },
        });
      }
    } finally {
      deadline.dispose();
    }
    if (this.#state === 'starting') this.#change('running');
  }

  /** Orderly; a node that does not end in time is killed. */
  async stop(): Promise<void> {
    const { child, stop } = this.#live('stop');
    this.#wake(child);
    this.#change('stopping');
    stop();
    const deadline = this.#parts.clock.after(this.#parts.program.stopTimeoutMs, () => child.kill('SIGKILL'));
    await this.#exited;
    deadline.dispose();
  }

  /** At once, with nothing written that was not written yet. */
  async kill(): Promise<void> {
    const { child } = this.#live('kill');
    this.#unguard();
    this.#change('killed');
    child.kill('SIGKILL');
    await this.#exited;
  }

  /** It keeps its connections and answers nobody. */
  pause(): void {
    const { child } = this.#live('pause');
    if (this.#state !== 'running') this.#refuse('pause');
    if (process.platform === 'win32' || child.pid === undefined) {
      throw clusterProblem('Windows cannot pause a process', `take it away with: ${this.#step('kill')}`, {
        details: { problem: 'windows-pause' },
      });
    }
    this.#guard = guardProcess(child.pid, 'wake');
    child.kill('SIGSTOP');
    this.#change('paused');
  }

  resume(): void {
    const { child } = this.#live('resume');
    if (this.#state !== 'paused') this.#refuse('resume');
    this.#wake(child);
    this.#change('running');
  }

  #live(action: NodeAction): NodeProcess {
    return this.#process ?? this.#refuse(action);
  }

  #refuse(action: NodeAction): never {
    const { name } = this.placed;
    const next =
      this.#process === undefined
        ? `start it with: ${this.#step('start')}`
        : `see: ${clusterStep('status', this.#parts.directory)}`;
    throw clusterProblem(`${name} is ${this.#state} and cannot be asked to ${action}`, next, {
      details: { problem: 'node-state', node: name, state: this.#state },
    });
  }

  #step(action: NodeAction): string {
    return clusterStep(`${action} ${this.placed.name}`, this.#parts.directory);
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
    this.#process = undefined;
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
