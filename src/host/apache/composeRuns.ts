import type { Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';

/** A compose file whose containers were started here. */
export interface ComposeRun {
  /** Absolute. */
  readonly file: string;
  /** `host:port;host:port` */
  readonly nameServers: string;
}

interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = 'rocketmq.composeRuns';

/** What Docker runs for this window's user, which goes on when the window closes. */
export class ComposeRuns implements Disposable {
  readonly #memory: Memory;
  readonly #changes = new Emitter<undefined>();
  readonly onDidChange = this.#changes.event;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  get list(): readonly ComposeRun[] {
    const kept = this.#memory.get(KEY);
    return Array.isArray(kept) ? kept.filter(isRun) : [];
  }

  get(file: string): ComposeRun | undefined {
    return this.list.find((run) => run.file === file);
  }

  async add(run: ComposeRun): Promise<void> {
    await this.#keep([...this.list.filter(({ file }) => file !== run.file), run]);
  }

  async remove(file: string): Promise<void> {
    await this.#keep(this.list.filter((run) => run.file !== file));
  }

  dispose(): void {
    this.#changes.dispose();
  }

  async #keep(runs: readonly ComposeRun[]): Promise<void> {
    await this.#memory.update(KEY, runs);
    this.#changes.fire(undefined);
  }
}

function isRun(value: unknown): value is ComposeRun {
  if (typeof value !== 'object' || value === null) return false;
  const { file, nameServers } = value as Record<string, unknown>;
  return typeof file === 'string' && typeof nameServers === 'string';
}
