import { errorNode } from './nodes.ts';
import type { ExplorerNode, ParentNode } from './nodes.ts';

interface Entry {
  readonly promise: Promise<readonly ExplorerNode[]>;
  children: readonly ExplorerNode[] | undefined;
}

/** The children of nodes, loaded once until they are forgotten, however often and at once they are asked for. */
export class ChildCache {
  readonly #load: (parent: ParentNode) => Promise<readonly ExplorerNode[]>;
  readonly #entries = new Map<string, Entry>();

  constructor(load: (parent: ParentNode) => Promise<readonly ExplorerNode[]>) {
    this.#load = load;
  }

  /**
   * Never rejects: an error is a child that tells it. What is forgotten while it loads is loaded again: who asked before
   * gets nothing older than who asked after.
   */
  get(parent: ParentNode): Promise<readonly ExplorerNode[]> {
    const held = this.#entries.get(parent.id);
    if (held !== undefined) return held.promise;
    const promise = this.#loadOrTell(parent).then((children) => {
      if (this.#entries.get(parent.id) !== entry) return this.get(parent);
      entry.children = children;
      return children;
    });
    const entry: Entry = { promise, children: undefined };
    this.#entries.set(parent.id, entry);
    return promise;
  }

  /** What is loaded already. */
  peek(parent: ParentNode): readonly ExplorerNode[] | undefined {
    return this.#entries.get(parent.id)?.children;
  }

  /** Forgets the children of a node and all below them; without a node, everything. */
  forget(parent?: ParentNode): void {
    if (parent === undefined) {
      this.#entries.clear();
      return;
    }
    for (const id of this.#entries.keys()) {
      if (id === parent.id || id.startsWith(`${parent.id}/`)) this.#entries.delete(id);
    }
  }

  async #loadOrTell(parent: ParentNode): Promise<readonly ExplorerNode[]> {
    try {
      return await this.#load(parent);
    } catch (error) {
      return [errorNode(parent, error)];
    }
  }
}
