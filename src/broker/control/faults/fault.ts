import type { RpcName } from '../../../protocol/grpc/rpc.ts';
import type { FaultKind } from '../../control.ts';
import type { ServerKind } from '../../requestFaults.ts';

export const FAULT_KINDS = [
  'delay',
  'refuse',
  'dropAnswer',
  'answerTwice',
  'deliverTwice',
  'closeConnection',
  'stopReading',
  'forgetRoute',
  'pretendVersion',
] as const satisfies readonly FaultKind[];

/** What shall go wrong, with which requests and how often. */
export interface Fault {
  readonly kind: FaultKind;
  readonly server: ServerKind;
  /** `*` stands for any text; absent means any. */
  readonly topic?: string | undefined;
  readonly group?: string | undefined;
  readonly clientId?: string | undefined;
  /** Request codes; absent means any. */
  readonly requests?: readonly number[] | undefined;
  /** Of the server `grpc`; absent means any. */
  readonly rpcs?: readonly RpcName[] | undefined;
  /** Of a request that matches, from 0 to 1. */
  readonly probability: number;
  /** After so many strikes it is spent. */
  readonly count?: number | undefined;
  /** It strikes so long, by the clock of the machine. */
  readonly forMs?: number | undefined;
  readonly seed: number;
  /** Of `delay` and `stopReading`. */
  readonly ms?: number | undefined;
  /** Of `refuse`; for gRPC a `Code` or a `GrpcStatus`. */
  readonly code?: number | undefined;
  readonly remark?: string | undefined;
  /** Of `pretendVersion`: the ordinal. */
  readonly version?: number | undefined;
}
