import type { Clock } from '../../base/clock.ts';
import { Deferred } from '../../base/deferred.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { ExplorerNode } from './nodes.ts';

type Changed = ExplorerNode | undefined;

/**
 * Tells VS Code what to draw again, but of no node while VS Code waits for the children of it or of one below it: 1.100
 * then takes both answers for different nodes with one id, and shows neither ("Element with id … is already registered").
 * Source: ExtHostTreeView of extHostTreeViews.ts, where an answer belongs to the node as it was when it was asked for.
 */
export class TreeChanges implements Disposable {
  readonly #fire: (node: Changed) => void;
  readonly #clock: Clock;
  /** How often VS Code waits for the children of which node, by id. */
  readonly #awaited = new Map<string, number>();
  readonly #due = new Map<Changed, Deferred<void>>();
  #telling: Disposable | undefined;

  constructor(fire: (node: Changed) => void, clock: Clock) {
    this.#fire = fire;
    this.#clock = clock;
  }

  /** Of a node and all below it, or of everything. Resolves when VS Code knows. */
  tell(node: Changed): Promise<void> {
    const due = this.#due.get(node) ?? new Deferred<void>();
    this.#due.set(node, due);
    this.#tellSoon();
    return due.promise;
  }

  /** Finds the children of a node for VS Code. */
  async answering<T>({ id }: ExplorerNode, find: () => Promise<T>): Promise<T> {
    this.#awaited.set(id, (this.#awaited.get(id) ?? 0) + 1);
    try {
      return await find();
    } finally {
      // VS Code takes the answer within this turn of the event loop.
      this.#clock.after(0, () => this.#answered(id));
    }
  }

  /** Who waits for something to be told waits no more. */
  dispose(): void {
    this.#telling?.dispose();
    for (const due of this.#due.values()) due.resolve();
    this.#due.clear();
  }

  #answered(id: string): void {
    const left = (this.#awaited.get(id) ?? 1) - 1;
    if (left > 0) this.#awaited.set(id, left);
    else this.#awaited.delete(id);
    if (this.#due.size > 0) this.#tellSoon();
  }

  #tellSoon(): void {
    this.#telling ??= this.#clock.after(0, () => this.#tellDue());
  }

  #tellDue(): void {
    this.#telling = undefined;
    for (const [node, due] of [...this.#due]) {
      if (node !== undefined && this.#isAwaited(node)) continue;
      this.#due.delete(node);
      this.#fire(node);
      due.resolve();
    }
  }

  /** Everything at once is no matter: VS Code drops the answers that it waits for. */
  #isAwaited({ id }: ExplorerNode): boolean {
    return [...this.#awaited.keys()].some((awaited) => awaited === id || awaited.startsWith(`${id}/`));
  }
}
