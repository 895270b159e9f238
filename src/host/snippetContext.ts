import type * as vscode from 'vscode';

import type { ClusterClients } from './clusterClients.ts';
import type { SnippetContext } from './commands/snippet.ts';
import type { Connections } from './connections.ts';
import type { ExplorerNode } from './explorer/nodes.ts';
import type { LocalBroker } from './localBroker.ts';

export interface SnippetSources {
  readonly connections: Connections;
  readonly clients: ClusterClients;
  readonly treeView: vscode.TreeView<ExplorerNode>;
  readonly localBroker: LocalBroker;
}

/** What fills a snippet in: the node, else what is selected in the tree, else the first connection. */
export function snippetContext(
  { connections, clients, treeView, localBroker }: SnippetSources,
  node?: ExplorerNode,
): SnippetContext {
  const at = node ?? treeView.selection[0];
  const connection = connections.get(at?.connection?.id ?? '') ?? connections.list[0];
  if (connection === undefined) return {};
  const { state } = localBroker;
  const grpc = connection.scope === 'local' && 'info' in state ? state.info.grpc : null;
  return {
    nameServers: connection.nameServers,
    grpcEndpoint: connection.endpoint?.grpcEndpoint ?? grpc ?? undefined,
    topic: at === undefined ? undefined : topicOf(at),
    group: at?.kind === 'group' ? at.group.group : undefined,
    topics: async () => {
      if (connection.endpoint !== undefined) return connection.endpoint.topics;
      const topics = await clients.of(connection).topics();
      return topics.filter(({ kind }) => kind === 'normal').map(({ topic }) => topic);
    },
  };
}

export function topicOf(node: ExplorerNode): string | undefined {
  if (node.kind === 'topic') return node.topic.topic;
  if (node.kind === 'endpointTopic') return node.topicName;
  if (node.kind === 'endpointQueue') return node.queue.topic;
  return node.kind === 'queue' ? node.queue.topic : undefined;
}
