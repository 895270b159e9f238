import * as vscode from 'vscode';

import type { Clock } from '../../base/clock.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { Disposable } from '../../base/disposable.ts';
import { errorText, asError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { BrokerDetail } from '../../client/model.ts';
import type { ClusterClients } from '../clusterClients.ts';
import { LOCAL_CONNECTION_ID } from '../connectionList.ts';
import type { ConnectionInfo } from '../connectionList.ts';
import type { LocalCluster } from '../cluster/localCluster.ts';
import type { LocalClusters } from '../cluster/localClusters.ts';
import type { LocalFaults } from '../control/localFaults.ts';
import type { Connections } from '../connections.ts';
import type { EndpointClients } from '../endpointClients.ts';
import { SETTINGS_SECTION } from '../settings.ts';
import type { Settings } from '../settings.ts';
import { ChildCache } from './childCache.ts';
import { FaultRows } from './faultRows.ts';
import { isSystemNode, loadChildren } from './loadChildren.ts';
import { connectionNode, emptyNode, isParentNode, loadingNode, malformedNode } from './nodes.ts';
import type { BrokerTreeNode, ConnectionTreeNode, ExplorerNode, ParentNode, TopicTreeNode } from './nodes.ts';
import { ProcessRows } from './processRows.ts';
import { TreeChanges } from './treeChanges.ts';
import { treeItemOf } from './treeItem.ts';
import type { ChildCounts } from './treeItem.ts';

/** A load that takes longer shows that it is under way. */
const SHOW_LOADING_AFTER_MS = 300;
const FIND_ATTEMPTS = 15;
const FIND_PAUSE_MS = 200;
/** Who sends many messages one after the other sees the queues once; a NameServer learns in that time who went. */
const REFRESH_LATER_MS = 500;
const SHOW_SYSTEM = 'explorer.showSystemTopics';

export interface ExplorerTreeOptions {
  readonly connections: Connections;
  readonly localClusters: LocalClusters;
  readonly localFaults: LocalFaults;
  readonly clients: ClusterClients;
  readonly endpoints: EndpointClients;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Connections → clusters → brokers, topics with their queues, consumer groups. */
export class ExplorerTree implements vscode.TreeDataProvider<ExplorerNode>, vscode.Disposable {
  readonly #options: ExplorerTreeOptions;
  readonly #store = new DisposableStore();
  readonly #emitter = this.#store.add(new vscode.EventEmitter<ExplorerNode | undefined>());
  readonly #changes: TreeChanges;
  readonly onDidChangeTreeData = this.#emitter.event;
  readonly #cache: ChildCache;
  /** What a broker says of itself, or why it does not, by the broker's node. */
  readonly #brokerDetails = new Map<string, BrokerDetail | Error>();
  /**
   * Nodes that show a loading child and are drawn again when it is over. VS Code knows the newest of those with one id,
   * though another may have been the first to wait.
   */
  readonly #waiting = new Map<string, ParentNode>();
  readonly #processes: ProcessRows;
  readonly #faults: FaultRows;
  /** Topics that got messages, and clusters a node of which came or went: asked about again in a moment. */
  readonly #outdated = new Set<ParentNode>();
  #refreshing: Disposable | undefined;
  #roots: readonly ConnectionTreeNode[];

  constructor(options: ExplorerTreeOptions) {
    this.#options = options;
    this.#changes = this.#store.add(new TreeChanges((node) => this.#emitter.fire(node), options.clock));
    this.#cache = new ChildCache(async (parent) => this.#load(parent));
    this.#processes = new ProcessRows(options.localClusters);
    this.#faults = new FaultRows(options.localFaults);
    this.#roots = options.connections.list.map(connectionNode);
    this.#store.add(options.localClusters.onDidChange((cluster) => this.#drawProcesses(cluster)));
    this.#store.add(options.localFaults.onDidChange(() => this.#drawFaults()));
    this.#store.add(options.connections.onDidChange((list) => this.#reconnect(list)));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        // Nothing is asked again: what is hidden was loaded too.
        if (event.affectsConfiguration(`${SETTINGS_SECTION}.${SHOW_SYSTEM}`)) this.#draw(undefined);
      }),
    );
  }

  getTreeItem(node: ExplorerNode): vscode.TreeItem {
    const children = node.kind === 'folder' ? this.#cache.peek(node) : undefined;
    return treeItemOf(node, {
      counts: children === undefined ? undefined : this.#count(children),
      brokerDetail: this.#brokerDetails.get(node.id),
      faults: node.kind === 'connection' ? this.#faults.live(node) : 0,
    });
  }

  getParent(node: ExplorerNode): ExplorerNode | undefined {
    return node.parent;
  }

  async getChildren(node?: ExplorerNode): Promise<ExplorerNode[]> {
    if (node === undefined) return [...this.#roots, ...this.#options.connections.malformed.map(malformedNode)];
    if (node.kind === 'processes') return [...this.#processes.below(node)];
    if (node.kind === 'faults') return [...this.#faults.below(node)];
    if (!isParentNode(node)) return [];
    const below = await this.#changes.answering(node, () => this.#loadedOrLoading(node));
    if (node.kind !== 'connection') return below;
    return [...this.#faults.folderBelow(node), ...this.#processes.folderBelow(node), ...below];
  }

  /** Asks the cluster again for what stands below a node (or beside it, when it has no children), or for everything. */
  refresh(node?: ExplorerNode): void {
    if (node === undefined || node.connection?.id === LOCAL_CONNECTION_ID) this.#lookAtFaults();
    if (node?.kind === 'faults' || node?.kind === 'fault') return;
    let target = node;
    while (target !== undefined && !isParentNode(target)) target = target.parent;
    this.#cache.forget(target);
    this.#draw(target);
  }

  /** Asks for the queues of a topic again where they are loaded; once for all messages within a moment. */
  messagesArrived(connectionId: string, topic: string): void {
    const nodes = this.#loadedTopics(connectionId, topic);
    if (nodes.length === 0) return;
    this.#refreshLater(nodes);
  }

  /** The node of a topic, asked for afresh. Undefined when the cluster does not list it within a few seconds. */
  async findTopic(connectionId: string, clusterName: string, topic: string): Promise<TopicTreeNode | undefined> {
    const root = this.#roots.find((node) => node.connection.id === connectionId);
    if (root === undefined) return undefined;
    const clusters = await this.#cache.get(root);
    const cluster = clusters.find((node) => node.kind === 'cluster' && node.clusterName === clusterName);
    if (cluster?.kind !== 'cluster') return undefined;
    const folder = (await this.#cache.get(cluster)).find((node) => node.kind === 'folder' && node.folder === 'topics');
    if (folder?.kind !== 'folder') return undefined;
    // Brokers tell NameServers of a new topic when they get to it.
    for (let attempt = 0; attempt < FIND_ATTEMPTS; attempt += 1) {
      if (attempt > 0) await new Promise<void>((resolve) => this.#options.clock.after(FIND_PAUSE_MS, resolve));
      this.#cache.forget(folder);
      const topics = await this.#cache.get(folder);
      const found = topics.find((node) => node.kind === 'topic' && node.topic.topic === topic);
      if (found?.kind !== 'topic') continue;
      await this.#changes.tell(folder);
      return found;
    }
    return undefined;
  }

  dispose(): void {
    this.#refreshing?.dispose();
    this.#store.dispose();
  }

  #draw(node: ExplorerNode | undefined): void {
    void this.#changes.tell(node);
  }

  async #loadedOrLoading(node: ParentNode): Promise<ExplorerNode[]> {
    const loading = this.#cache.get(node);
    const children = await Promise.race([loading, this.#patience()]);
    if (children !== undefined) return this.#shown(node, children);
    if (!this.#waiting.has(node.id)) void loading.then(() => this.#loaded(node.id));
    this.#waiting.set(node.id, node);
    return [loadingNode(node)];
  }

  #loaded(id: string): void {
    const node = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.#draw(node);
  }

  #drawProcesses(cluster: LocalCluster | undefined): void {
    if (cluster === undefined) return;
    const haveStatesChanged = this.#processes.haveStatesChanged(cluster);
    const root = this.#roots.find(({ connection }) => connection.directory === cluster.directory);
    if (root === undefined) return;
    for (const folder of this.#processes.folderBelow(root)) this.#draw(folder);
    if (haveStatesChanged) this.#refreshLater([root]);
  }

  /** Nothing of the cluster is asked again. */
  #drawFaults(): void {
    const root = this.#roots.find(({ connection }) => connection.id === LOCAL_CONNECTION_ID);
    if (root !== undefined) this.#draw(root);
  }

  #lookAtFaults(): void {
    const { localFaults, logger } = this.#options;
    localFaults.look().catch((error: unknown) => logger.warn(`explorer: faults: ${errorText(error)}`));
  }

  #refreshLater(nodes: readonly ParentNode[]): void {
    for (const node of nodes) this.#outdated.add(node);
    this.#refreshing ??= this.#options.clock.after(REFRESH_LATER_MS, () => this.#refreshOutdated());
  }

  #refreshOutdated(): void {
    this.#refreshing = undefined;
    for (const node of this.#outdated) this.refresh(node);
    this.#outdated.clear();
  }

  /** The topic's nodes whose queues are known, one a cluster that has it. */
  #loadedTopics(connectionId: string, topic: string): readonly TopicTreeNode[] {
    const below = (nodes: readonly ExplorerNode[]) =>
      nodes.flatMap((node) => (isParentNode(node) ? (this.#cache.peek(node) ?? []) : []));
    const clusters = below(this.#roots.filter((node) => node.connection.id === connectionId));
    return below(below(clusters)).filter(
      (node): node is TopicTreeNode =>
        node.kind === 'topic' && node.topic.topic === topic && this.#cache.peek(node) !== undefined,
    );
  }

  async #load(parent: ParentNode): Promise<readonly ExplorerNode[]> {
    let children: readonly ExplorerNode[];
    try {
      const { clients, endpoints } = this.#options;
      children = await loadChildren(parent, {
        cluster: () => clients.of(parent.connection),
        endpoint: () => endpoints.of(parent.connection),
      });
    } catch (error) {
      this.#options.logger.warn(`explorer: ${decodeURIComponent(parent.id)}: ${errorText(error)}`);
      throw error;
    } finally {
      // A folder shows how many it holds once that is known.
      if (parent.kind === 'folder') this.#draw(parent);
    }
    if (parent.kind === 'cluster')
      for (const folder of children) if (isParentNode(folder)) void this.#cache.get(folder);
    for (const node of children) if (node.kind === 'broker') void this.#askBroker(node);
    return children;
  }

  async #askBroker(node: BrokerTreeNode): Promise<void> {
    const detail = await this.#brokerDetail(node).catch((error: unknown) => asError(error));
    this.#brokerDetails.set(node.id, detail);
    this.#draw(node);
  }

  async #brokerDetail({ connection, broker }: BrokerTreeNode): Promise<BrokerDetail> {
    return this.#options.clients.of(connection).brokerDetail(broker.address);
  }

  #shown(parent: ParentNode, children: readonly ExplorerNode[]): ExplorerNode[] {
    if (this.#options.settings.boolean(SHOW_SYSTEM)) return [...children];
    const shown = children.filter((node) => !isSystemNode(node));
    return shown.length === 0 ? [emptyNode(parent)] : shown;
  }

  /** Undefined when they could not be loaded. */
  #count(children: readonly ExplorerNode[]): ChildCounts | undefined {
    if (children.some((node) => node.kind === 'error')) return undefined;
    const all = children.filter((node) => node.kind !== 'empty');
    const hidesSystem = !this.#options.settings.boolean(SHOW_SYSTEM);
    const hidden = hidesSystem ? all.filter(isSystemNode).length : 0;
    return { shown: all.length - hidden, hidden };
  }

  #patience(): Promise<undefined> {
    return new Promise((resolve) => this.#options.clock.after(SHOW_LOADING_AFTER_MS, () => resolve(undefined)));
  }

  #reconnect(list: readonly ConnectionInfo[]): void {
    const before = new Map(this.#roots.map((node) => [node.connection.id, node]));
    this.#roots = list.map((connection) => {
      const old = before.get(connection.id);
      if (old !== undefined && JSON.stringify(old.connection) === JSON.stringify(connection)) return old;
      const node = connectionNode(connection);
      // VS Code may have asked below it while it was gone, as the local broker is in a restart.
      this.#cache.forget(node);
      return node;
    });
    for (const [id, old] of before) if (!list.some((connection) => connection.id === id)) this.#cache.forget(old);
    this.#draw(undefined);
  }
}
