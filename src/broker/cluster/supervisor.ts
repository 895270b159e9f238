import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { ClusterMode, ClusterStatus, NodeAction, NodeState, Replication } from '../control.ts';
import type { PlacedNode } from './clusterDirectory.ts';
import { ClusterNode } from './clusterNode.ts';
import { clusterProblem } from './clusterProblem.ts';
import type { NodeProgram } from './nodeProgram.ts';
import { replicationOf } from './replication.ts';
import { untilFollowed, untilRegistered } from './untilServing.ts';
import type { WaitParts } from './untilServing.ts';

export interface SupervisorParts {
  readonly mode: ClusterMode;
  readonly directory: string;
  /** In the order in which they start. */
  readonly nodes: readonly PlacedNode[];
  readonly program: NodeProgram;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onChange: (node: string, state: NodeState) => void;
}

/** The processes of a cluster, which end with this one. A node that dies stays dead until somebody starts it. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #nodes: readonly ClusterNode[];
  #isEnding = false;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    const { directory, program, clock, logger } = parts;
    this.#nodes = parts.nodes.map((node) => {
      const { name } = node;
      const onChange = (state: NodeState): void => {
        logger.info(`${name} is ${state}`);
        parts.onChange(name, state);
      };
      return new ClusterNode({ node, directory, program, clock, onChange });
    });
  }

  /** Asks the masters how far their slaves are. */
  async status(): Promise<ClusterStatus> {
    const { mode, directory, program } = this.#parts;
    const nodes = await Promise.all(
      this.#nodes.map(async ({ placed, status }) => ({ ...status, replication: await this.#replicationOf(placed) })),
    );
    const { apache } = program;
    const made = apache === undefined ? {} : { apache };
    return { mode, ...made, pid: process.pid, namesrv: this.#nameServers.join(';'), dir: directory, nodes };
  }

  /** A slave asks for its master when it starts, and all for the NameServers: so these come before them. */
  async start(): Promise<void> {
    for (const role of ['namesrv', 'master', 'slave', 'proxy'] as const) {
      const nodes = this.#nodes.filter(({ placed }) => placed.role === role);
      this.#mustNotEnd();
      await Promise.all(nodes.map((node) => node.start()));
      if (role !== 'namesrv') await this.#untilServing(nodes);
      // Until then a master that waits for its slave refuses what it is sent.
      if (role === 'slave') await untilFollowed(this.#mastersOf(nodes), this.#wait);
    }
  }

  /** @throws CodedError `usage` when it cannot be done */
  async act(action: NodeAction, name: string): Promise<void> {
    const node = this.#nodes.find(({ placed }) => placed.name === name);
    if (node === undefined) {
      const names = this.#nodes.map(({ placed }) => placed.name).join(', ');
      throw clusterProblem(`there is no node "${name}"`, `name one of ${names}`, {
        details: { problem: 'no-node', node: name },
      });
    }
    this.#parts.logger.info(`${action} ${name}`);
    switch (action) {
      case 'start':
        this.#mustNotEnd();
        await node.start();
        await this.#untilServing([node]);
        return;
      case 'stop':
        return node.stop();
      case 'kill':
        return node.kill();
      case 'pause':
        return node.pause();
      case 'resume':
        return node.resume();
    }
  }

  /** Proxies end first and NameServers last, so that everybody can take leave; from now on no node starts. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    for (const role of ['proxy', 'slave', 'master', 'namesrv'] as const) {
      const nodes = this.#nodes.filter(({ placed, status }) => placed.role === role && status.pid !== null);
      await Promise.allSettled(nodes.map((node) => node.stop()));
    }
  }

  /** Only NameServers that run can be asked. */
  async #untilServing(nodes: readonly ClusterNode[]): Promise<void> {
    const running = this.#nodes.filter(({ placed, state }) => placed.role === 'namesrv' && state === 'running');
    const brokers = nodes.map(({ placed }) => placed).filter(({ broker }) => broker !== undefined);
    await untilRegistered(
      running.map(({ placed }) => placed.address),
      brokers,
      this.#wait,
    );
  }

  get #wait(): WaitParts {
    const { clock, logger, program } = this.#parts;
    return { clock, logger, timeoutMs: program.serveTimeoutMs, goOn: () => this.#mustNotEnd() };
  }

  /** A process that starts behind the back of `stop` would be ended by nobody. */
  #mustNotEnd(): void {
    if (!this.#isEnding) return;
    throw clusterProblem('the cluster is ending', 'start it again when it has ended', {
      details: { problem: 'ending' },
    });
  }

  #mastersOf(slaves: readonly ClusterNode[]): PlacedNode[] {
    return this.#nodes
      .map(({ placed }) => placed)
      .filter((master) => slaves.some(({ placed }) => isSlaveOf(placed, master)));
  }

  async #replicationOf(node: PlacedNode): Promise<Replication | null> {
    const master = this.#nodes.find(({ placed }) => isSlaveOf(node, placed));
    return master?.state === 'running' ? replicationOf(master.placed.address, this.#parts) : null;
  }

  get #nameServers(): string[] {
    return this.#nodes.filter(({ placed }) => placed.role === 'namesrv').map(({ placed }) => placed.address);
  }
}

function isSlaveOf(node: PlacedNode, other: PlacedNode): boolean {
  return node.role === 'slave' && other.role === 'master' && node.broker?.brokerName === other.broker?.brokerName;
}
