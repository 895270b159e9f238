import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { CodedError, errorText, isCodedError } from '../../base/errors.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Logger } from '../../base/logger.ts';
import type { Credentials } from '../../protocol/acl.ts';
import { parseAddress } from '../../remoting/address.ts';
import { GrpcChannel } from '../../remoting/grpc/grpcChannel.ts';
import type { ChannelTls } from '../../remoting/grpc/grpcChannel.ts';
import type { EndpointProbe } from '../doctor.ts';
import { prepareProperties } from '../outgoing.ts';
import type { Tail } from '../tail.ts';
import { uniqueKeys } from '../uniqueKeys.ts';
import { CLIENT_VERSION, EndpointCalls } from './endpointCalls.ts';
import type { EndpointContext } from './endpointContext.ts';
import type { EndpointMessage, EndpointQueue, EndpointReceipt, EndpointSettings } from './endpointModel.ts';
import { naming, readRoute } from './endpointRoute.ts';
import { GroupTail } from './groupTail.ts';
import { openTelemetry } from './telemetry.ts';

export interface EndpointClientOptions {
  /** `host:port` */
  readonly address: string;
  readonly tls: ChannelTls;
  /** Signs every call; asked for at the first one. */
  readonly credentials?: AskCredentials | undefined;
  /** For one call, connecting included. Default 3000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** A body of 4 MiB and what stands around it, many times over: proxies stream one message at a time. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/**
 * Asks a proxy endpoint, which knows topics by their names only: it lists nothing. Connects when first asked; every
 * failure is a CodedError.
 */
export class EndpointClient implements Disposable {
  readonly #context: EndpointContext;
  readonly #channel: GrpcChannel;
  readonly #calls: EndpointCalls;
  readonly #nextKey: () => string;
  readonly #tails = new Set<GroupTail>();

  /** @throws CodedError `address-invalid` */
  constructor(options: EndpointClientOptions) {
    const { address, tls, timeoutMs = 3000, clock = systemClock, logger = silentLogger } = options;
    const at = parseAddress(address);
    this.#channel = new GrpcChannel({
      ...{ address, tls, clock, logger },
      connectTimeoutMs: timeoutMs,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    });
    const credentials = askedOnce(options.credentials ?? (() => Promise.resolve(undefined)));
    const callOptions = { channel: this.#channel, credentials, timeoutMs, clock, logger };
    this.#context = {
      newClient: () => new EndpointCalls(callOptions, newClientId()),
      wire: () => import('./wire.ts'),
      settingsOf: { at, requestTimeoutMs: timeoutMs, version: CLIENT_VERSION },
      ...{ timeoutMs, clock, logger },
    };
    this.#calls = this.#context.newClient();
    this.#nextKey = uniqueKeys(clock);
  }

  /** The queues of a topic. @throws CodedError `topic-name-invalid`, `topic-not-found` */
  route(topic: string): Promise<readonly EndpointQueue[]> {
    return readRoute(this.#context, this.#calls, topic);
  }

  /** What the endpoint tells a producer. */
  async settings(): Promise<EndpointSettings> {
    const { wire, settingsOf, clock, timeoutMs } = this.#context;
    const { encodeProducerSettings, decodeSettings } = await wire();
    const telemetry = await openTelemetry(this.#context.newClient(), encodeProducerSettings([], settingsOf), {
      ...{ decode: decodeSettings, clock, timeoutMs },
    });
    telemetry.done.catch(() => undefined);
    telemetry.close();
    const { maxBodyBytes, checksMessageType, maxAttempts } = telemetry.settings;
    return { maxBodyBytes, checksMessageType, maxAttempts };
  }

  /** Whether it answers a client as it should. Finds fault in the result; never rejects for it. */
  async probe(): Promise<EndpointProbe> {
    const { clock } = this.#context;
    const { address } = this.#channel;
    const startMs = clock.now();
    try {
      await this.settings();
      return { address, problem: undefined, elapsedMs: clock.now() - startMs, release: undefined };
    } catch (error) {
      if (!isCodedError(error)) throw error;
      return { address, problem: error, elapsedMs: clock.now() - startMs, release: undefined };
    }
  }

  /**
   * Sends once: what times out may have been stored all the same. The half of a transaction is ended at once.
   * @throws CodedError of `prepareProperties`; `topic-not-found`; as `EndpointCalls.ask`
   */
  async send(message: EndpointMessage): Promise<EndpointReceipt> {
    const { clock, wire } = this.#context;
    const { encodeSend, decodeSend, encodeEndTransaction, decodeEndTransaction } = await wire();
    const messageId = this.#nextKey();
    prepareProperties(message, messageId);
    const { topic, delivery } = message;
    const startMs = clock.now();
    const request = encodeSend(message, { messageId, bornAtMs: startMs, bornHost: hostname() });
    const sent = await naming(topic, this.#calls.ask('SendMessage', request, decodeSend));
    if (delivery.type === 'TRANSACTION') {
      const end = encodeEndTransaction(topic, sent, delivery.end);
      await this.#calls.ask('EndTransaction', end, decodeEndTransaction);
    }
    return {
      messageId: sent.messageId,
      offset: sent.offset,
      // Of every message some id is told.
      transactionId: delivery.type === 'TRANSACTION' ? sent.transactionId : undefined,
      recallHandle: sent.recallHandle === '' ? undefined : sent.recallHandle,
      elapsedMs: clock.now() - startMs,
    };
  }

  /**
   * Receives as a member of the group until the tail, or this client, is disposed. What it is given it acknowledges:
   * other members of the group do not get it.
   */
  tail(topic: string, group: string): Tail {
    const tail: GroupTail = new GroupTail(this.#context, { topic, group }, () => this.#tails.delete(tail));
    this.#tails.add(tail);
    return tail;
  }

  /** Tails take leave of their groups first, for as long as one call may take. */
  dispose(): void {
    const { clock, timeoutMs } = this.#context;
    const tails = [...this.#tails];
    const left = Promise.all(tails.map((tail) => tail.left));
    const timer = clock.after(timeoutMs, () => this.#channel.dispose());
    for (const tail of tails) tail.dispose();
    void left.then(() => {
      timer.dispose();
      this.#channel.dispose();
    });
  }
}

type AskCredentials = () => Promise<Credentials | undefined>;

/** Whoever cannot tell is asked again by the next call. */
function askedOnce(ask: AskCredentials): AskCredentials {
  let known: ReturnType<AskCredentials> | undefined;
  return () =>
    (known ??= ask().catch((error: unknown) => {
      known = undefined;
      throw isCodedError(error) ? error : new CodedError('internal', { reason: errorText(error) }, { cause: error });
    }));
}

/** Unlike that of anybody else, as the ids of the official clients are. */
function newClientId(): string {
  return `${hostname()}@${process.pid}@${randomBytes(8).toString('hex')}`;
}
