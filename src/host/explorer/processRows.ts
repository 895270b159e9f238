import type { LocalCluster } from '../cluster/localCluster.ts';
import type { LocalClusters } from '../cluster/localClusters.ts';
import { processesNode, processNode } from './nodes.ts';
import type { ConnectionTreeNode, ProcessesTreeNode, ProcessTreeNode } from './nodes.ts';

/** The nodes of local clusters in the tree: what is known of them now, which is there though no NameServer answers. */
export class ProcessRows {
  readonly #localClusters: LocalClusters;
  /** VS Code knows a node to draw again by the object it got. */
  readonly #folders = new WeakMap<ConnectionTreeNode, ProcessesTreeNode>();
  /** The states of the nodes when they were last drawn, by directory. */
  readonly #states = new Map<string, string>();

  constructor(localClusters: LocalClusters) {
    this.#localClusters = localClusters;
  }

  /** The folder of a local cluster, none of another connection. */
  folderBelow(connection: ConnectionTreeNode): readonly ProcessesTreeNode[] {
    const folder = this.#folders.get(connection) ?? processesNode(connection);
    if (folder === undefined) return [];
    this.#folders.set(connection, folder);
    return [folder];
  }

  below(folder: ProcessesTreeNode): readonly ProcessTreeNode[] {
    const nodes = this.#localClusters.get(folder.directory)?.status.nodes ?? [];
    return nodes.map((status) => processNode(folder, status));
  }

  /** Whether a node came or went since this was last asked; lags alone are no such change. */
  haveStatesChanged({ directory, status }: LocalCluster): boolean {
    const before = this.#states.get(directory);
    const now = status.nodes.map(({ state }) => state).join();
    this.#states.set(directory, now);
    return before !== undefined && before !== now;
  }
}
