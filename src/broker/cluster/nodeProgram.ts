import type { ChildProcess } from 'node:child_process';
import type { PlacedNode } from './clusterDirectory.ts';

/**
 * A node has a process group of its own: Ctrl+C in a terminal ends the supervisor, who ends the nodes in their order. On
 * Windows that would give it a window of its own.
 */
export const OWN_GROUP = process.platform !== 'win32';

/** What the nodes of a cluster run: `rocketmq-local`, or Apache's servers. */
export interface NodeProgram {
  /** Version of Apache RocketMQ, whose servers they are then. */
  readonly apache?: string;
  /** How long a node may take to say that it serves. */
  readonly startTimeoutMs: number;
  /** How long a broker may take from there until NameServers know it, and its slave follows it. */
  readonly serveTimeoutMs: number;
  /** How long an orderly end may take before it is killed. */
  readonly stopTimeoutMs: number;
  start(node: PlacedNode): NodeProcess;
}

/** It ends with this process. */
export interface NodeProcess {
  readonly child: ChildProcess;
  /** Settles when it says that it serves; never where it does not. */
  readonly ready: Promise<void>;
  /** Why it says that it does not start. */
  readonly lastWords: () => string;
  /** Where what it prints is kept, if not in its log, which it may end before. */
  readonly printed?: string;
  /** Asks it to end in order. */
  readonly stop: () => void;
}
