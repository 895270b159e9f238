import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import { Code } from '../../protocol/grpc/definition_pb.ts';
import type { Settings } from '../../protocol/grpc/definition_pb.ts';
import { GrpcError, GrpcStatus } from '../../protocol/grpc/grpcStatus.ts';
import { encodeResponse } from '../../protocol/grpc/rpc.ts';
import type { RpcRequest, RpcResponse } from '../../protocol/grpc/rpc.ts';
import { isOpenToAll } from './access.ts';
import type { CallContext } from './callContext.ts';
import { checkClientProperties } from './clientProperties.ts';
import type { GrpcClient, TelemetryStream } from './grpcClient.ts';
import type { Conversation } from './grpcClients.ts';
import { checkClientType } from './lite/liteClient.ts';
import { joinAsConsumer, joinAsProducer } from './membership.ts';
import { OK, Refusal } from './refusal.ts';
import { mergedSettings } from './settings.ts';
import { checkGroup, checkTopic } from './validate.ts';

/** Some clients miss settings that come at once, while they wait for a route; they are told once more. */
const REPEAT_MS = 1000;
/** Commands can bear a message each; so much may wait for a client that does not read them. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

/**
 * Telemetry: a client's settings, and what it answers to commands of ours. Source: ClientActivity.java, telemetry;
 * gRPC sheet §3.2, §3.3.
 */
export class TelemetryCall implements TelemetryStream, Conversation {
  readonly #context: CallContext;
  #client: GrpcClient | undefined;
  #repeat: Disposable | undefined;

  constructor(context: CallContext) {
    this.#context = context;
    const { call, clients, clientId, broker, session } = context;
    if (isOpenToAll(broker)) {
      // A client of Python that lost its stream opens another, and gives no settings for minutes.
      this.#client = clients.heard(clientId, session);
      this.#client?.attach(this);
    }
    // Some clients wait for the headers before they write.
    call.open();
    call.onClose(() => {
      this.#repeat?.dispose();
      this.#client?.detach(this);
      clients.takesLeave(clientId, this);
    });
  }

  write(command: RpcResponse<'telemetry'>): void {
    const { call } = this.#context;
    if (call.unreadBytes > MAX_UNREAD_BYTES) {
      call.fail(new GrpcError(GrpcStatus.RESOURCE_EXHAUSTED, 'too many commands are not read'));
    } else call.send(encodeResponse('telemetry', command));
  }

  drained(): Promise<void> {
    return this.#context.call.drained();
  }

  /** @throws GrpcError for settings that cannot be: clients know no other refusal here */
  take(said: RpcRequest<'telemetry'>): void {
    const { command } = said;
    if (command.case !== 'settings') {
      this.#client?.questions.answer(said);
      return;
    }
    try {
      this.#takeSettings(command.value);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // Later than the rest, and to be told by its own code.
      if (error.code === Code.INVALID_CLIENT_PROPERTIES) this.write({ status: error.status });
      const isClientsFault = error.code >= Code.BAD_REQUEST && error.code < Code.INTERNAL_ERROR;
      throw new GrpcError(
        isClientsFault ? GrpcStatus.INVALID_ARGUMENT : GrpcStatus.INTERNAL,
        `process client telemetryCommand failed. ${errorText(error)}`,
      );
    }
  }

  resume(client: GrpcClient): void {
    const before = this.#client;
    client.settings = before?.settings;
    for (const topic of before?.producedTopics ?? []) client.producedTopics.add(topic);
    client.attach(this);
    this.#client = client;
  }

  /** The client has no more to say; so have we. */
  halfClosed(): void {
    this.#context.call.end();
  }

  #takeSettings(settings: Settings): void {
    const { broker, clients } = this.#context;
    const { pubSub } = settings;
    if (pubSub.case === undefined) {
      throw new GrpcError(GrpcStatus.INVALID_ARGUMENT, 'there is no publishing or subscription data in settings');
    }
    checkClientProperties(settings);
    checkClientType(broker, settings.clientType);
    if (pubSub.case === 'subscription') checkGroup(pubSub.value.group);
    const topics = pubSub.case === 'publishing' ? pubSub.value.topics.map(checkTopic) : [];
    const client = clients.obtain(this.#context);
    client.settings = settings;
    client.implied = undefined;
    if (pubSub.case === 'publishing') joinAsProducer(broker, client, topics);
    else joinAsConsumer(broker, client);
    client.attach(this);
    this.#client = client;
    clients.conversing(client.clientId, this);
    this.#tellSettings(client);
    this.#repeat ??= broker.steadyClock.after(REPEAT_MS, () => this.#tellSettings(client));
  }

  #tellSettings({ settings }: GrpcClient): void {
    if (settings === undefined) return;
    this.write({ status: OK, command: { case: 'settings', value: mergedSettings(this.#context.broker, settings) } });
  }
}
