import { CodedError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { ClusterMode, ClusterNodeStatus, ClusterStatus, NodeAction } from '../../broker/control.ts';
import type { ClusterProcess, NodeChange } from './clusterProcess.ts';

/** A cluster that runs, and how its nodes were when it was last asked or told of a change. */
export class LocalCluster {
  readonly mode: ClusterMode;
  /** Version of Apache RocketMQ, whose servers these are; undefined when they are ours. */
  readonly apache: string | undefined;
  readonly directory: string;
  /** `host:port;host:port` */
  readonly nameServers: string;
  readonly #process: ClusterProcess;
  readonly #onChange: (cluster: LocalCluster) => void;
  readonly #logger: Logger;
  #status: ClusterStatus;
  /** Counts changes, so that an answer from before one is not taken for what is now. */
  #changes = 0;
  #looking: Promise<void> | undefined;
  #isEnding = false;

  constructor(process: ClusterProcess, onChange: (cluster: LocalCluster) => void, logger: Logger) {
    const { mode, dir, namesrv, apache } = process.info;
    this.mode = mode;
    this.apache = apache;
    this.directory = dir;
    this.nameServers = namesrv;
    this.#process = process;
    this.#onChange = onChange;
    this.#logger = logger;
    this.#status = { mode, pid: process.info.pid, namesrv, dir, nodes: [] };
  }

  get status(): ClusterStatus {
    return this.#status;
  }

  /** Asks how the nodes are; one question at a time. @throws CodedError `cluster-refused`, `cluster-ended` */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** @throws CodedError `cluster-refused`, `cluster-ended` */
  async act(action: NodeAction, node: string): Promise<ClusterNodeStatus> {
    await this.#process.ask({ action, node });
    await this.look();
    const found = this.#status.nodes.find(({ name }) => name === node);
    if (found === undefined) throw noNode(node);
    return found;
  }

  /** The supervisor tells that a node changed: shown at once, the rest is asked for. */
  changed({ name, state }: NodeChange): void {
    this.#changes += 1;
    const nodes = this.#status.nodes.map((node) => (node.name === name ? { ...node, state } : node));
    this.#take({ ...this.#status, nodes });
    // A supervisor that is about to end answers or does not.
    if (!this.#isEnding)
      this.look().catch((error: unknown) => this.#logger.warn(`local cluster ${this.mode}: ${String(error)}`));
  }

  /** Resolves when all its processes are gone. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    await this.#process.stop();
  }

  async #look(): Promise<void> {
    for (;;) {
      const before = this.#changes;
      const status = await this.#process.ask({});
      if (this.#changes !== before) continue;
      this.#take(status);
      return;
    }
  }

  #take(status: ClusterStatus): void {
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return;
    this.#status = status;
    this.#onChange(this);
  }
}

function noNode(node: string): CodedError {
  return new CodedError('cluster-refused', { problem: 'no-node', node, reason: `there is no node "${node}"` });
}
