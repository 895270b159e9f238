import type { ErrorCode, ErrorDetails } from '../base/errors.ts';

/** Where the control interface is, and who may ask it. */
export interface ControlAccess {
  readonly url: string;
  /** A secret: in no log and in no file. */
  readonly token: string;
}

/** The first line of `rocketmq-local start --json`, and the message to a parent process. */
export interface BrokerReady {
  readonly ready: true;
  readonly pid: number;
  /** `host:port` */
  readonly namesrv: string;
  readonly broker: string;
  readonly grpc: string | null;
  /** Absolute path of the store directory. */
  readonly store: string;
  /** From the start of the process to the first send that would be accepted. */
  readonly readyMs: number;
  /** Null where nobody asked for it. */
  readonly control: ControlAccess | null;
}

/** Sent by the broker process over the IPC channel of `fork`. */
export type BrokerEvent =
  | { readonly kind: 'ready'; readonly info: BrokerReady }
  /** How many faults can strike, when that changed. */
  | { readonly kind: 'faults'; readonly count: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly details: ErrorDetails; readonly message: string };

/** Sent by the parent. Losing the channel means the same as `stop`. */
export interface BrokerCommand {
  readonly kind: 'stop';
}

/** `running.json` in the store directory of a broker that is up, where `control` is null always; removed at its end. */
export type RunningBroker = BrokerReady;

export type FaultKind =
  | 'delay'
  | 'refuse'
  | 'dropAnswer'
  | 'answerTwice'
  | 'deliverTwice'
  | 'closeConnection'
  | 'stopReading'
  | 'forgetRoute'
  | 'pretendVersion';

/** One of `GET /faults` of the control interface. What is absent strikes anything, always, without end. */
export interface SetFault {
  readonly id: number;
  readonly kind: FaultKind;
  readonly server: 'broker' | 'nameServer' | 'grpc';
  readonly topic?: string | undefined;
  readonly group?: string | undefined;
  readonly clientId?: string | undefined;
  /** Names of request codes. */
  readonly requests?: readonly string[] | undefined;
  readonly rpcs?: readonly string[] | undefined;
  readonly probability: number;
  readonly count?: number | undefined;
  readonly forMs?: number | undefined;
  /** Of `forMs`. */
  readonly leftMs?: number | undefined;
  readonly ms?: number | undefined;
  /** The name of what it refuses with. */
  readonly code?: string | undefined;
  /** Of a release. */
  readonly version?: string | undefined;
  /** How often. */
  readonly struck: number;
  /** Whether it can strike again. */
  readonly live: boolean;
}

/** `GET /clock` of the control interface, and the answer to a move. */
export interface ClockState {
  readonly nowMs: number;
  /** 0 while it is frozen. */
  readonly rate: number;
}

/** How many masters and slaves a cluster on this machine has, and how they replicate: the four of Apache's tutorial. */
export type ClusterMode = 'single' | '2m-noslave' | '2m-2s-async' | '2m-2s-sync';

/** `proxy`: for clients of gRPC, beside the servers of Apache. */
export type ClusterRole = 'namesrv' | 'master' | 'slave' | 'proxy';

/** `died`: it ended and nobody asked for that. `stopped` and `killed` were asked for. */
export type NodeState = 'starting' | 'running' | 'paused' | 'stopping' | 'stopped' | 'killed' | 'died';

export interface Replication {
  readonly inSync: boolean;
  readonly lagBytes: number;
  /** Left out where its master does not tell: more than it counts, or a broker of Apache. */
  readonly lagMessages?: number;
}

export interface ClusterNodeStatus {
  readonly name: string;
  readonly role: ClusterRole;
  /** `host:port` */
  readonly address: string;
  /** Null while it has no process. */
  readonly pid: number | null;
  readonly state: NodeState;
  /** Of its last process, where that ended: its exit code, or the signal that ended it. */
  readonly ended: number | string | null;
  /** Of a slave, as its master says; null while the master does not answer or knows no slave. */
  readonly replication: Replication | null;
  readonly conf: string;
  readonly log: string;
}

/** What `rocketmq-local cluster status --json` prints. */
export interface ClusterStatus {
  readonly mode: ClusterMode;
  /** The version of Apache RocketMQ whose servers run; absent where they are ours. */
  readonly apache?: string;
  /** Of the supervisor, with which all nodes end. */
  readonly pid: number;
  /** `host:port;host:port` */
  readonly namesrv: string;
  readonly dir: string;
  readonly nodes: readonly ClusterNodeStatus[];
}

/** The first line of `rocketmq-local cluster start --json`: the first send to every master would be accepted. */
export interface ClusterReady {
  readonly ready: true;
  readonly pid: number;
  /** `host:port;host:port` */
  readonly namesrv: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly role: ClusterRole;
    readonly address: string;
    readonly pid: number;
  }[];
  /** Absolute path. */
  readonly dir: string;
  readonly mode: ClusterMode;
  /** As in `ClusterStatus`. */
  readonly apache?: string;
  /** From the start of the supervisor. */
  readonly readyMs: number;
}

export type NodeAction = 'start' | 'stop' | 'kill' | 'pause' | 'resume';

/** Asked of the supervisor of a cluster. Without an action it only tells how the cluster is; `stop` of no node ends it. */
export interface ClusterRequest {
  readonly action?: NodeAction;
  readonly node?: string;
}

/** Sent by the process of `cluster start` over the IPC channel of `fork`, beside `failed` of `BrokerEvent`. */
export type ClusterEvent =
  | { readonly kind: 'cluster-ready'; readonly info: ClusterReady }
  | { readonly kind: 'node'; readonly name: string; readonly state: NodeState }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: ClusterAnswer };

/** Sent by its parent, who is answered with the same id. `stop` of `BrokerCommand` ends the cluster. */
export interface ClusterQuestion {
  readonly kind: 'ask';
  readonly id: number;
  readonly request: ClusterRequest;
}

export type ClusterAnswer =
  | { readonly ok: true; readonly status: ClusterStatus }
  /** Why not, and what to do: two pieces of an English sentence. `details` are for who has words of his own, `problem` above all. */
  | { readonly ok: false; readonly reason: string; readonly next: string; readonly details?: ErrorDetails };

/** What `rocketmq-local cluster compose --json` prints. */
export interface ComposeFile {
  readonly text: string;
  /** `host:port;host:port`, as clients on this machine reach them. */
  readonly namesrv: string;
  /** `host:port` of the proxy. */
  readonly grpc: string | null;
  /** All that are published. */
  readonly ports: readonly number[];
}
