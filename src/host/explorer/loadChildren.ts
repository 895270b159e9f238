import type { EndpointQueue } from '../../client/grpc/endpointModel.ts';
import type {
  BrokerNode,
  GroupClient,
  GroupSummary,
  Listing,
  QueueState,
  TopicKind,
  TopicSummary,
} from '../../client/model.ts';
import {
  brokerNode,
  clientNode,
  clusterNode,
  emptyNode,
  endpointChildren,
  endpointQueueNode,
  errorNode,
  folderNode,
  groupNode,
  queueNode,
  topicNode,
} from './nodes.ts';
import type {
  ConnectionTreeNode,
  EndpointTopicTreeNode,
  ExplorerNode,
  FolderTreeNode,
  ParentNode,
  TopicTreeNode,
} from './nodes.ts';

/** What the tree asks a cluster. */
export interface ExplorerClient {
  brokers(): Promise<readonly BrokerNode[]>;
  topics(clusterName: string): Promise<readonly TopicSummary[]>;
  groups(clusterName: string): Promise<Listing<GroupSummary>>;
  groupClients(group: string, clusterName: string): Promise<Listing<GroupClient>>;
  queues(topic: string, clusterName: string): Promise<Listing<QueueState>>;
}

/** What the tree asks a gRPC endpoint. */
export interface ExplorerEndpoint {
  route(topic: string): Promise<readonly EndpointQueue[]>;
}

/** Of whom the tree asks; each is made only when it is asked. */
export interface ExplorerClients {
  readonly cluster: () => ExplorerClient;
  readonly endpoint: () => ExplorerEndpoint;
}

/**
 * The children of a node, all of them: what is hidden is left out later. A node without any has one that says so.
 * @throws CodedError as the client's
 */
export async function loadChildren(parent: ParentNode, clients: ExplorerClients): Promise<readonly ExplorerNode[]> {
  const children = await ask(parent, clients);
  return children.length === 0 ? [emptyNode(parent)] : children;
}

async function ask(parent: ParentNode, clients: ExplorerClients): Promise<readonly ExplorerNode[]> {
  switch (parent.kind) {
    case 'connection':
      return parent.connection.endpoint === undefined
        ? clusters(parent, await clients.cluster().brokers())
        : endpointChildren(parent, parent.connection);
    case 'group':
      return listed(
        parent,
        await clients.cluster().groupClients(parent.group.group, parent.parent.parent.clusterName),
        (group, found) => found.map((client) => clientNode(group, client)),
      );
    case 'endpointTopic':
      return endpointQueues(parent, await clients.endpoint().route(parent.topicName));
    case 'cluster':
      return [folderNode(parent, 'brokers'), folderNode(parent, 'topics'), folderNode(parent, 'groups')];
    case 'folder':
      return folderChildren(parent, clients.cluster());
    case 'topic':
      return listed(
        parent,
        await clients.cluster().queues(parent.topic.topic, parent.parent.parent.clusterName),
        queues,
      );
  }
}

async function folderChildren(parent: FolderTreeNode, client: ExplorerClient): Promise<readonly ExplorerNode[]> {
  switch (parent.folder) {
    case 'brokers':
      return brokers(parent, await client.brokers());
    case 'topics':
      return topics(parent, await client.topics(parent.parent.clusterName));
    case 'groups':
      return listed(parent, await client.groups(parent.parent.clusterName), groups);
  }
}

/** What came, and below it who did not answer. */
function listed<Parent extends ParentNode, Item>(
  parent: Parent,
  { items, unanswered }: Listing<Item>,
  nodes: (parent: Parent, items: readonly Item[]) => readonly ExplorerNode[],
): readonly ExplorerNode[] {
  return [...nodes(parent, items), ...unanswered.map(({ address, error }) => errorNode(parent, error, address))];
}

function clusters(parent: ConnectionTreeNode, found: readonly BrokerNode[]): readonly ExplorerNode[] {
  const names = new Set(found.map((broker) => broker.clusterName));
  return [...names].sort(naturally).map((name) => clusterNode(parent, name));
}

function brokers(parent: FolderTreeNode, found: readonly BrokerNode[]): readonly ExplorerNode[] {
  return found
    .filter((broker) => broker.clusterName === parent.parent.clusterName)
    .sort((a, b) => naturally(a.brokerName, b.brokerName) || a.brokerId - b.brokerId)
    .map((broker) => brokerNode(parent, broker));
}

const KIND_ORDER: Readonly<Record<TopicKind, number>> = { normal: 0, retry: 1, deadLetter: 2, system: 3 };

/** A person's own topics first, those of the system last. */
export function byKindAndName(a: TopicSummary, b: TopicSummary): number {
  return KIND_ORDER[a.kind] - KIND_ORDER[b.kind] || naturally(a.topic, b.topic);
}

function topics(parent: FolderTreeNode, found: readonly TopicSummary[]): readonly ExplorerNode[] {
  return [...found].sort(byKindAndName).map((topic) => topicNode(parent, topic));
}

function groups(parent: FolderTreeNode, found: readonly GroupSummary[]): readonly ExplorerNode[] {
  return [...found]
    .sort((a, b) => Number(a.system) - Number(b.system) || naturally(a.group, b.group))
    .map((group) => groupNode(parent, group));
}

function queues(parent: TopicTreeNode, found: readonly QueueState[]): readonly ExplorerNode[] {
  return [...found]
    .sort((a, b) => naturally(a.brokerName, b.brokerName) || a.queueId - b.queueId)
    .map((queue) => queueNode(parent, queue));
}

function endpointQueues(parent: EndpointTopicTreeNode, found: readonly EndpointQueue[]): readonly ExplorerNode[] {
  return [...found]
    .sort((a, b) => naturally(a.brokerName, b.brokerName) || a.queueId - b.queueId)
    .map((queue) => endpointQueueNode(parent, queue));
}

const collator = new Intl.Collator('en', { numeric: true });

/** `topic-2` before `topic-10`. */
function naturally(a: string, b: string): number {
  return collator.compare(a, b);
}

/** Whether a node is one that RocketMQ keeps for itself. */
export function isSystemNode(node: ExplorerNode): boolean {
  return (node.kind === 'topic' && node.topic.kind === 'system') || (node.kind === 'group' && node.group.system);
}
