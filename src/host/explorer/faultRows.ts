import type { LocalFaults } from '../control/localFaults.ts';
import { LOCAL_CONNECTION_ID } from '../connectionList.ts';
import { faultNode, faultsNode } from './nodes.ts';
import type { ConnectionTreeNode, FaultsTreeNode, FaultTreeNode } from './nodes.ts';

/** The faults of the local broker in the tree. */
export class FaultRows {
  readonly #localFaults: LocalFaults;

  constructor(localFaults: LocalFaults) {
    this.#localFaults = localFaults;
  }

  /** Of the local broker, how many can strike. */
  live({ connection }: ConnectionTreeNode): number {
    return connection.id === LOCAL_CONNECTION_ID ? this.#localFaults.live : 0;
  }

  /** None where none is set. */
  folderBelow(node: ConnectionTreeNode): readonly FaultsTreeNode[] {
    const { list } = this.#localFaults;
    return node.connection.id === LOCAL_CONNECTION_ID && list.length > 0 ? [faultsNode(node, list)] : [];
  }

  below(folder: FaultsTreeNode): readonly FaultTreeNode[] {
    return folder.faults.map((fault) => faultNode(folder, fault));
  }
}
