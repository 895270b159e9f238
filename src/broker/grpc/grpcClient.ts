import type { Clock } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Event } from '../../base/emitter.ts';
import { CodedError } from '../../base/errors.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { VERSION, request, response } from '../../protocol/command.ts';
import type { RemotingCommand, RequestParts, ResponseParts } from '../../protocol/command.ts';
import { decodeFields } from '../../protocol/fields.ts';
import { ClientType } from '../../protocol/grpc/definition_pb.ts';
import type { Resource, Settings, SubscriptionEntry } from '../../protocol/grpc/definition_pb.ts';
import type { RpcResponse } from '../../protocol/grpc/rpc.ts';
import { decodeMessage } from '../../protocol/message.ts';
import { checkTransactionState } from '../../protocol/requests/transaction.ts';
import type { Peer } from '../../remoting/peer.ts';
import type { GrpcSession } from '../../remoting/grpc/grpcCall.ts';
import { ClientQuestions, runningInfo } from './clientQuestions.ts';
import { messageOut } from './messageOut.ts';
import type { OpenTransactions } from './openTransactions.ts';

/** How long it may think about a question. Source: ProxyConfig.java, grpcProxyRelayRequestTimeoutInSeconds. */
const ANSWER_MS = 5000;

/** Group and subscriptions of a client, as its receives name them. */
export interface ImpliedSubscription {
  readonly group: Resource;
  readonly subscriptions: SubscriptionEntry[];
}

/** Are messages brought to it? */
export function isPushConsumer(clientType: ClientType): boolean {
  return clientType === ClientType.PUSH_CONSUMER || clientType === ClientType.LITE_PUSH_CONSUMER;
}

/** Where commands for a client are written. */
export interface TelemetryStream {
  write(command: RpcResponse<'telemetry'>): void;
  /** Resolves when the client reads on, or the stream is over. */
  drained(): Promise<void>;
}

/**
 * A client of the gRPC endpoint, as the rest of the broker knows it: a member of groups that is asked and told things
 * in the words of the remoting protocol, which become commands of its telemetry stream. It outlives its streams and
 * connections. Source: GrpcClientChannel.java.
 */
export class GrpcClient implements Peer {
  readonly clientId: string;
  readonly language: string;
  /** Clients of gRPC count their releases by themselves. Source: ClientActivity.java, parseClientVersion. */
  readonly version: number = VERSION;
  readonly remoteAddress: string;
  /** As the client sent them last. */
  settings: Settings | undefined;
  /** What it consumes by all that it does, while it has given no settings. */
  implied: ImpliedSubscription | undefined;
  /** Topics it produces for; each is a producer group, since gRPC has none. */
  readonly producedTopics = new Set<string>();
  /** Connections over which it was heard, that are still open. */
  readonly sessions = new Set<GrpcSession>();
  /** What it was asked and has not answered yet. */
  readonly questions: ClientQuestions;
  readonly #clock: Clock;
  readonly #transactions: OpenTransactions;
  #stream: TelemetryStream | undefined;
  #clientType = ClientType.CLIENT_TYPE_UNSPECIFIED;
  readonly #closed = new Emitter<CodedError | undefined>();
  #isDisposed = false;

  constructor(parts: {
    readonly clientId: string;
    readonly language: string;
    readonly remoteAddress: string;
    readonly clock: Clock;
    readonly transactions: OpenTransactions;
  }) {
    this.#clock = parts.clock;
    this.#transactions = parts.transactions;
    this.questions = new ClientQuestions(parts.clock);
    this.clientId = parts.clientId;
    this.language = parts.language;
    this.remoteAddress = parts.remoteAddress;
  }

  /** Can it be told anything now? */
  get isOpen(): boolean {
    return this.#stream !== undefined;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** What it is: its settings say it, or else its heartbeats. */
  get clientType(): ClientType {
    return this.settings?.clientType ?? this.#clientType;
  }

  /** From a heartbeat. */
  noteType(clientType: ClientType): void {
    if (clientType !== ClientType.CLIENT_TYPE_UNSPECIFIED) this.#clientType = clientType;
  }

  get onClose(): Event<CodedError | undefined> {
    return this.#closed.event;
  }

  /** The newest stream is the one that commands go to. */
  attach(stream: TelemetryStream): void {
    this.#stream = stream;
  }

  /** That stream is over; the client stays a member of its groups. */
  detach(stream: TelemetryStream): void {
    if (this.#stream === stream) this.#stream = undefined;
  }

  /** Nothing is written while the client has no stream. */
  tell(command: RpcResponse<'telemetry'>): void {
    this.#stream?.write(command);
  }

  /**
   * GET_CONSUMER_RUNNING_INFO 307 and CONSUME_MESSAGE_DIRECTLY 309. Without a wish for stacks the first is answered with
   * what the broker knows, where Apache's proxy lets it time out.
   * @throws CodedError `request-timeout` for what a client of gRPC cannot be asked, too
   */
  async request(parts: RequestParts, timeoutMs: number): Promise<RemotingCommand> {
    return response(request(0, parts), await this.#ask(parts, timeoutMs));
  }

  async #ask({ code, extFields = {}, body }: RequestParts, timeoutMs: number): Promise<ResponseParts> {
    const of = { address: this.remoteAddress, requestCode: code, timeoutMs: Math.min(timeoutMs, ANSWER_MS) };
    if (code === RequestCode.GET_CONSUMER_RUNNING_INFO) {
      if (extFields['jstackEnable'] !== 'true') return { code: ResponseCode.SUCCESS, body: runningInfo(this.#known()) };
      return this.questions.ask(of, (nonce) =>
        this.tell({ command: { case: 'printThreadStackTraceCommand', value: { nonce } } }),
      );
    }
    if (code === RequestCode.CONSUME_MESSAGE_DIRECTLY && body !== undefined) {
      const message = messageOut(decodeMessage(body), { nowMs: this.#clock.now() });
      return this.questions.ask(of, (nonce) =>
        this.tell({ command: { case: 'verifyMessageCommand', value: { nonce, message } } }),
      );
    }
    throw new CodedError('request-timeout', of);
  }

  /** Names as in ConsumerRunningInfo.java. */
  #known(): Record<string, string> {
    return {
      PROP_CLIENT_VERSION: this.settings?.userAgent?.version ?? '',
      PROP_CONSUME_TYPE: isPushConsumer(this.clientType) ? 'CONSUME_PASSIVELY' : 'CONSUME_ACTIVELY',
    };
  }

  /** What has no command of its own, such as a change of a group's members, the client does without. */
  oneway({ code, extFields = {}, body }: RequestParts): Promise<void> {
    if (code === RequestCode.CHECK_TRANSACTION_STATE && body !== undefined) {
      const { transactionId = '', ...place } = decodeFields(checkTransactionState, extFields);
      const half = decodeMessage(body);
      this.#transactions.opened(half.topic, transactionId, place);
      const message = messageOut(half, { nowMs: this.#clock.now() });
      this.tell({ command: { case: 'recoverOrphanedTransactionCommand', value: { message, transactionId } } });
    }
    return this.#stream?.drained() ?? Promise.resolve();
  }

  /** It never asks in the words of remoting. */
  respond(): void {
    return;
  }

  /** It is gone: its memberships end. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#stream = undefined;
    this.questions.fail(this.remoteAddress);
    this.sessions.clear();
    this.#closed.fire(undefined);
    this.#closed.dispose();
  }
}
