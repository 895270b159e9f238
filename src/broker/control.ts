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
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly details: ErrorDetails; readonly message: string };

/** Sent by the parent. Losing the channel means the same as `stop`. */
export interface BrokerCommand {
  readonly kind: 'stop';
}

/** `running.json` in the store directory of a broker that is up, where `control` is null always; removed at its end. */
export type RunningBroker = BrokerReady;
