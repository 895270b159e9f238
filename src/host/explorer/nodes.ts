import type { EndpointQueue } from '../../client/grpc/endpointModel.ts';
import type { BrokerNode, GroupClient, GroupSummary, QueueState, TopicSummary } from '../../client/model.ts';
import type { ClusterNodeStatus, SetFault } from '../../broker/control.ts';
import type { ConnectionInfo, EndpointConnection, MalformedEntry } from '../connectionList.ts';

interface NodeOf<Kind extends string, Parent> {
  readonly kind: Kind;
  /** Unique in the tree, and the same after a refresh; begins with the parent's. */
  readonly id: string;
  readonly parent: Parent;
  readonly connection: ConnectionInfo;
}

export type ConnectionTreeNode = NodeOf<'connection', undefined>;

export interface ClusterTreeNode extends NodeOf<'cluster', ConnectionTreeNode> {
  readonly clusterName: string;
}

export type FolderName = 'brokers' | 'topics' | 'groups';

export interface FolderTreeNode extends NodeOf<'folder', ClusterTreeNode> {
  readonly folder: FolderName;
}

export interface BrokerTreeNode extends NodeOf<'broker', FolderTreeNode> {
  readonly broker: BrokerNode;
}

export interface TopicTreeNode extends NodeOf<'topic', FolderTreeNode> {
  readonly topic: TopicSummary;
}

export interface GroupTreeNode extends NodeOf<'group', FolderTreeNode> {
  readonly group: GroupSummary;
}

/** A member of a group that is online. */
export interface ClientTreeNode extends NodeOf<'client', GroupTreeNode> {
  readonly client: GroupClient;
}

export interface QueueTreeNode extends NodeOf<'queue', TopicTreeNode> {
  readonly queue: QueueState;
}

/** A topic that somebody named, of a gRPC endpoint. */
export interface EndpointTopicTreeNode extends NodeOf<'endpointTopic', ConnectionTreeNode> {
  readonly topicName: string;
}

export interface EndpointQueueTreeNode extends NodeOf<'endpointQueue', EndpointTopicTreeNode> {
  readonly queue: EndpointQueue;
}

/** What an endpoint tells nobody; it may be there all the same. */
export type UnknownThing = 'topics' | 'groups';

export interface UnknownTreeNode extends NodeOf<'unknown', ConnectionTreeNode> {
  readonly thing: UnknownThing;
}

/** What the nodes of a local cluster stand below. */
export interface ProcessesTreeNode extends NodeOf<'processes', ConnectionTreeNode> {
  readonly directory: string;
}

/** A node of a local cluster: a NameServer or broker that has a process of its own, or had one. */
export interface ProcessTreeNode extends NodeOf<'process', ProcessesTreeNode> {
  readonly status: ClusterNodeStatus;
}

/** What the faults of the local broker stand below. */
export interface FaultsTreeNode extends NodeOf<'faults', ConnectionTreeNode> {
  readonly faults: readonly SetFault[];
}

export interface FaultTreeNode extends NodeOf<'fault', FaultsTreeNode> {
  readonly fault: SetFault;
}

/** A node whose children are asked of a cluster. */
export type ParentNode =
  ConnectionTreeNode | ClusterTreeNode | FolderTreeNode | TopicTreeNode | GroupTreeNode | EndpointTopicTreeNode;

export type LoadingTreeNode = NodeOf<'loading', ParentNode>;
export type EmptyTreeNode = NodeOf<'empty', ParentNode>;

export interface ErrorTreeNode extends NodeOf<'error', ParentNode> {
  readonly error: unknown;
}

/** An entry of the settings that is no connection. */
export interface MalformedTreeNode {
  readonly kind: 'malformed';
  readonly id: string;
  readonly parent: undefined;
  readonly connection: undefined;
  readonly entry: MalformedEntry;
}

export type ExplorerNode =
  | MalformedTreeNode
  | ParentNode
  | ProcessesTreeNode
  | ProcessTreeNode
  | FaultsTreeNode
  | FaultTreeNode
  | BrokerTreeNode
  | ClientTreeNode
  | QueueTreeNode
  | EndpointQueueTreeNode
  | UnknownTreeNode
  | LoadingTreeNode
  | EmptyTreeNode
  | ErrorTreeNode;

export function connectionNode(connection: ConnectionInfo): ConnectionTreeNode {
  return { kind: 'connection', id: encodeURIComponent(connection.id), parent: undefined, connection };
}

export function malformedNode(entry: MalformedEntry): MalformedTreeNode {
  return {
    kind: 'malformed',
    id: `malformed:${entry.scope}:${entry.index}`,
    parent: undefined,
    connection: undefined,
    entry,
  };
}

/** Undefined but for a local cluster. */
export function processesNode(parent: ConnectionTreeNode): ProcessesTreeNode | undefined {
  const { directory } = parent.connection;
  return directory === undefined ? undefined : { ...child(parent, 'processes', ''), directory };
}

export function processNode(parent: ProcessesTreeNode, status: ClusterNodeStatus): ProcessTreeNode {
  return { ...child(parent, 'process', status.name), status };
}

export function faultsNode(parent: ConnectionTreeNode, faults: readonly SetFault[]): FaultsTreeNode {
  return { ...child(parent, 'faults', ''), faults };
}

export function faultNode(parent: FaultsTreeNode, fault: SetFault): FaultTreeNode {
  return { ...child(parent, 'fault', String(fault.id)), fault };
}

export function clusterNode(parent: ConnectionTreeNode, clusterName: string): ClusterTreeNode {
  return { ...child(parent, 'cluster', clusterName), clusterName };
}

export function folderNode(parent: ClusterTreeNode, folder: FolderName): FolderTreeNode {
  return { ...child(parent, 'folder', folder), folder };
}

export function brokerNode(parent: FolderTreeNode, broker: BrokerNode): BrokerTreeNode {
  return { ...child(parent, 'broker', `${broker.brokerName}/${broker.brokerId}`), broker };
}

export function topicNode(parent: FolderTreeNode, topic: TopicSummary): TopicTreeNode {
  return { ...child(parent, 'topic', topic.topic), topic };
}

export function groupNode(parent: FolderTreeNode, group: GroupSummary): GroupTreeNode {
  return { ...child(parent, 'group', group.group), group };
}

export function clientNode(parent: GroupTreeNode, client: GroupClient): ClientTreeNode {
  return { ...child(parent, 'client', client.clientId), client };
}

export function queueNode(parent: TopicTreeNode, queue: QueueState): QueueTreeNode {
  return { ...child(parent, 'queue', `${queue.brokerName}/${queue.queueId}`), queue };
}

/** The topics that an endpoint was asked to show, and what it does not tell. */
export function endpointChildren(
  parent: ConnectionTreeNode,
  { endpoint }: EndpointConnection,
): readonly ExplorerNode[] {
  const topics = [...new Set(endpoint.topics)].map((topicName): EndpointTopicTreeNode => {
    return { ...child(parent, 'endpointTopic', topicName), topicName };
  });
  const unknown = (['topics', 'groups'] as const).map((thing): UnknownTreeNode => {
    return { ...child(parent, 'unknown', thing), thing };
  });
  return [...topics, ...unknown];
}

export function endpointQueueNode(parent: EndpointTopicTreeNode, queue: EndpointQueue): EndpointQueueTreeNode {
  return { ...child(parent, 'endpointQueue', `${queue.brokerName}/${queue.queueId}/${queue.permission}`), queue };
}

export function loadingNode(parent: ParentNode): LoadingTreeNode {
  return child(parent, 'loading', '');
}

export function emptyNode(parent: ParentNode): EmptyTreeNode {
  return child(parent, 'empty', '');
}

/** `source` tells several of one parent apart. */
export function errorNode(parent: ParentNode, error: unknown, source = ''): ErrorTreeNode {
  return { ...child(parent, 'error', source), error };
}

/** Whether a value that VS Code hands to a command is a node of this tree. */
export function isExplorerNode(value: unknown): value is ExplorerNode {
  return typeof value === 'object' && value !== null && 'kind' in value && 'id' in value && 'connection' in value;
}

const PARENT_KINDS: ReadonlySet<string> = new Set<ParentNode['kind']>([
  'connection',
  'cluster',
  'folder',
  'topic',
  'group',
  'endpointTopic',
]);

export function isParentNode(node: ExplorerNode): node is ParentNode {
  return PARENT_KINDS.has(node.kind);
}

/** The name that people copy, where the node has one. */
export function nodeName(node: ExplorerNode): string | undefined {
  switch (node.kind) {
    case 'connection':
      return node.connection.name;
    case 'cluster':
      return node.clusterName;
    case 'broker':
      return node.broker.brokerName;
    case 'topic':
      return node.topic.topic;
    case 'client':
      return node.client.clientId;
    case 'endpointTopic':
      return node.topicName;
    case 'group':
      return node.group.group;
    case 'endpointQueue':
    case 'queue':
      return `${node.queue.brokerName}:${node.queue.queueId}`;
    case 'process':
      return node.status.name;
    case 'folder':
    case 'processes':
    case 'faults':
    case 'fault':
    case 'unknown':
    case 'loading':
    case 'empty':
    case 'error':
    case 'malformed':
      return undefined;
  }
}

function child<Kind extends string, Parent extends ParentNode | ProcessesTreeNode | FaultsTreeNode>(
  parent: Parent,
  kind: Kind,
  name: string,
): NodeOf<Kind, Parent> {
  const id = `${parent.id}/${kind}:${encodeURIComponent(name)}`;
  return { kind, id, parent, connection: parent.connection };
}
