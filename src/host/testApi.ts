import type * as vscode from 'vscode';

import type { ComposeRuns } from './apache/composeRuns.ts';
import type { EndpointClient } from '../client/grpc/endpointClient.ts';
import type { ClusterClients } from './clusterClients.ts';
import type { LocalClusters } from './cluster/localClusters.ts';
import type { EndpointConnection } from './connectionList.ts';
import type { Connections } from './connections.ts';
import type { EndpointClients } from './endpointClients.ts';
import type { ExplorerTree } from './explorer/explorerTree.ts';
import type { ExplorerNode } from './explorer/nodes.ts';
import type { LocalFaults } from './control/localFaults.ts';
import type { LocalBroker } from './localBroker.ts';
import type { SendPanels } from './panels/sendPanel.ts';
import type { TailPanels } from './panels/tailPanel.ts';
import type { PromptSeam } from './prompts.ts';
import type { Secrets } from './secrets.ts';

/** What tests that run in VS Code reach; nobody else gets it. */
export interface ExtensionApi {
  readonly clients: ClusterClients;
  readonly composeRuns: ComposeRuns;
  readonly connections: Connections;
  readonly createEndpoint: (connection: EndpointConnection) => EndpointClient;
  readonly endpoints: EndpointClients;
  readonly secrets: Secrets;
  readonly localBroker: LocalBroker;
  readonly localClusters: LocalClusters;
  readonly localFaults: LocalFaults;
  readonly prompts: PromptSeam;
  readonly sendPanels: SendPanels;
  readonly tailPanels: TailPanels;
  readonly tree: ExplorerTree;
  readonly treeView: vscode.TreeView<ExplorerNode>;
}
