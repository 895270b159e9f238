import type { Disposable } from '../base/disposable.ts';
import type { Event } from '../base/emitter.ts';
import type { CodedError } from '../base/errors.ts';
import type { RemotingCommand, RequestParts } from '../protocol/command.ts';

/** Whoever is at the other end: a connection, or what stands for a client of another protocol. */
export interface Peer extends Disposable {
  /** `ip:port` */
  readonly remoteAddress: string;
  readonly isOpen: boolean;
  /** Called once, when it is gone; undefined when either side simply ended it. */
  readonly onClose: Event<CodedError | undefined>;
  /** Resolves with the answer, whatever its code; rejects when none comes. */
  request(parts: RequestParts, timeoutMs: number): Promise<RemotingCommand>;
  oneway(parts: RequestParts): Promise<void>;
  /** Answers a request for which the handler returned `undefined`. */
  respond(to: RemotingCommand, reply: Reply): void;
  /** Reads nothing more of it until that is disposed; what stands for another protocol cannot. */
  stopReading?(): Disposable;
}

export interface Reply {
  readonly code: number;
  readonly extFields?: Readonly<Record<string, string>> | undefined;
  readonly remark?: string | undefined;
  /** Pieces are written one after the other without a copy; they may not change before they are written. */
  readonly body?: Buffer | readonly Buffer[] | undefined;
  /** Ordinal of the release that it pretends to come from. */
  readonly version?: number | undefined;
}

export interface IncomingRequest {
  readonly command: RemotingCommand;
  readonly connection: Peer;
}

/**
 * `undefined` means that nothing is written now: the request is one-way, or answered later through
 * `Peer.respond`. Throwing or rejecting answers code 1 with a remark.
 */
export type RequestHandler = (request: IncomingRequest) => Reply | undefined | Promise<Reply | undefined>;

/** Stands between an answer and the wire: `write` sends what it is given, now or later, as often as it is called. */
export type AnswerHook = (to: RemotingCommand, reply: Reply, write: (reply: Reply) => void) => void;
