import type * as vscode from 'vscode';

import type { ClusterClients } from './clusterClients.ts';
import type { Connections } from './connections.ts';
import type { ExplorerTree } from './explorer/explorerTree.ts';
import type { ExplorerNode } from './explorer/nodes.ts';
import type { LocalBroker } from './localBroker.ts';
import type { SendPanels } from './panels/sendPanel.ts';
import type { TailPanels } from './panels/tailPanel.ts';
import type { PromptSeam } from './prompts.ts';

/** What tests that run in VS Code reach; nobody else gets it. */
export interface ExtensionApi {
  readonly clients: ClusterClients;
  readonly connections: Connections;
  readonly localBroker: LocalBroker;
  readonly prompts: PromptSeam;
  readonly sendPanels: SendPanels;
  readonly tailPanels: TailPanels;
  readonly tree: ExplorerTree;
  readonly treeView: vscode.TreeView<ExplorerNode>;
}
