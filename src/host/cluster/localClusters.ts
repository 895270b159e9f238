import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import { CodedError, errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { ClusterMode, ClusterNodeStatus, ClusterStatus, NodeAction } from '../../broker/control.ts';
import type { ChildExit } from '../forkedChild.ts';
import type { ApacheServers, ClusterProcess, ClusterProcessOptions, NodeChange } from './clusterProcess.ts';
import { LocalCluster } from './localCluster.ts';

/** Slaves, masters and NameServers end one after the other, each with 12 s before it is killed. */
const OWN_PATIENCE = { startTimeoutMs: 120_000, stopTimeoutMs: 45_000 };
/** Servers in Java, four kinds of which start and end one after the other, the latter with 30 s each. */
const APACHE_PATIENCE = { startTimeoutMs: 420_000, stopTimeoutMs: 130_000 };
const POLL_MS = 2_000;

export interface LocalClustersOptions {
  readonly modulePath: string;
  readonly startProcess: (options: ClusterProcessOptions) => Promise<ClusterProcess>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface StartWish {
  /** Servers of a distribution, instead of ours. */
  readonly apache?: ApacheServers | undefined;
  readonly signal?: AbortSignal;
  readonly onNode?: (change: NodeChange) => void;
}

export interface ClusterEnd {
  readonly mode: ClusterMode;
  readonly directory: string;
  readonly exit: ChildExit;
}

/** The clusters that this window runs on this machine, one a directory. */
export class LocalClusters implements Disposable {
  readonly #options: LocalClustersOptions;
  readonly #clusters = new Map<string, LocalCluster>();
  /** Directories in which one is starting. */
  readonly #starting = new Map<string, { readonly abort: AbortController; readonly done: Promise<LocalCluster> }>();
  readonly #changes = new Emitter<LocalCluster | undefined>();
  /** How a cluster is; undefined when one came or went. */
  readonly onDidChange = this.#changes.event;
  readonly #ends = new Emitter<ClusterEnd>();
  /** One ended by itself, or because another program asked it to. */
  readonly onEnd = this.#ends.event;
  #poll: Disposable | undefined;

  constructor(options: LocalClustersOptions) {
    this.#options = options;
  }

  get list(): readonly LocalCluster[] {
    return [...this.#clusters.values()];
  }

  get(directory: string): LocalCluster | undefined {
    return this.#clusters.get(directory);
  }

  /**
   * Resolves when every master would accept a send.
   * @throws CodedError see `startClusterProcess`; `cluster-running` also when this window runs one there
   */
  async start(mode: ClusterMode, directory: string, wish: StartWish = {}): Promise<ClusterStatus> {
    if (this.#clusters.has(directory) || this.#starting.has(directory)) {
      throw new CodedError('cluster-running', { directory });
    }
    const abort = new AbortController();
    const done = this.#start(mode, directory, anyOf(abort.signal, wish.signal), wish);
    this.#starting.set(directory, { abort, done });
    try {
      return (await done).status;
    } finally {
      this.#starting.delete(directory);
    }
  }

  /** @throws CodedError `cluster-refused`, `cluster-ended` */
  async act(directory: string, action: NodeAction, node: string): Promise<ClusterNodeStatus> {
    const cluster = this.#clusters.get(directory);
    if (cluster === undefined) {
      const reason = `no cluster runs in ${directory}`;
      throw new CodedError('cluster-refused', { problem: 'no-cluster', place: directory, reason });
    }
    return cluster.act(action, node);
  }

  /** Resolves when all processes of the cluster are gone. */
  async stop(directory: string): Promise<void> {
    await this.#clusters.get(directory)?.stop();
    if (this.#clusters.delete(directory)) this.#changes.fire(undefined);
  }

  /** Asks now and then how far slaves are, while somebody looks. */
  watch(isLookedAt: boolean): void {
    this.#poll?.dispose();
    this.#poll = undefined;
    if (!isLookedAt) return;
    this.#lookAtAll();
    this.#poll = this.#options.clock.every(POLL_MS, () => this.#lookAtAll());
  }

  /** For the end of the window: all clusters are gone after it. */
  async end(): Promise<void> {
    const starting = [...this.#starting.values()];
    for (const { abort } of starting) abort.abort();
    // Whoever started one is told why.
    await Promise.allSettled(starting.map(({ done }) => done));
    await Promise.all([...this.#clusters.keys()].map((directory) => this.stop(directory)));
  }

  dispose(): void {
    this.watch(false);
    void this.end();
    this.#changes.dispose();
    this.#ends.dispose();
  }

  async #start(
    mode: ClusterMode,
    directory: string,
    signal: AbortSignal,
    { apache, onNode }: StartWish,
  ): Promise<LocalCluster> {
    const { startProcess, modulePath, clock, logger } = this.#options;
    logger.info(`local cluster ${mode}: starting in ${directory}`);
    let tell = onNode;
    const process = await startProcess({
      modulePath,
      mode,
      directory,
      apache,
      ...(apache === undefined ? OWN_PATIENCE : APACHE_PATIENCE),
      clock,
      signal,
      onNode: (change) => tell?.(change),
    });
    const cluster = new LocalCluster(process, (changed) => this.#changes.fire(changed), logger);
    tell = (change) => cluster.changed(change);
    process.onEnd((exit) => this.#ended(cluster, exit));
    try {
      await cluster.look();
    } catch (error) {
      await process.stop();
      throw error;
    }
    if (signal.aborted) {
      await process.stop();
      throw new CodedError('cancelled');
    }
    this.#clusters.set(directory, cluster);
    logger.info(`local cluster ${mode}: running, process ${process.info.pid}, NameServers ${process.info.namesrv}`);
    this.#changes.fire(undefined);
    return cluster;
  }

  #lookAtAll(): void {
    for (const cluster of this.#clusters.values()) {
      cluster.look().catch((error: unknown) => {
        this.#options.logger.warn(`local cluster ${cluster.mode}: ${errorText(error)}`);
      });
    }
  }

  #ended(cluster: LocalCluster, exit: ChildExit): void {
    const { mode, directory } = cluster;
    if (this.#clusters.get(directory) !== cluster) return;
    this.#clusters.delete(directory);
    const { exitCode, signal, lastWords } = exit;
    this.#options.logger.warn(`local cluster ${mode} ended: code ${exitCode}, signal ${signal}, ${lastWords}`);
    this.#changes.fire(undefined);
    this.#ends.fire({ mode, directory, exit });
  }
}

function anyOf(own: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? own : AbortSignal.any([own, other]);
}
