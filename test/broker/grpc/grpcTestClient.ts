import { Client, Metadata, credentials } from '@grpc/grpc-js';
import type { CallOptions, ClientDuplexStream, ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { grpcJsService } from '../../../src/protocol/grpc/rpc.ts';
import type {
  GrpcJsMethod,
  RpcName,
  RpcRequest,
  RpcResponse,
  StreamRpc,
  UnaryRpc,
} from '../../../src/protocol/grpc/rpc.ts';
import type { MessagingService } from '../../../src/protocol/grpc/service_pb.ts';
import { Deferred } from '../../../src/base/deferred.ts';

type In<N extends RpcName> = MessageInitShape<(typeof MessagingService.method)[N]['input']>;
/** What was read, every field there. */
type Out<N extends RpcName> = Extract<RpcResponse<N>, { $typeName: string }>;

const service = grpcJsService();
let count = 0;

export interface GrpcTestClientOptions {
  readonly clientId?: string;
  readonly tls?: boolean;
  /** More headers, or others. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Stands for a client of MessagingService v2, by grpc-js over a real socket. */
export class GrpcTestClient {
  readonly clientId: string;
  readonly #client: Client;
  readonly #metadata: Metadata;

  constructor(address: string, options: GrpcTestClientOptions = {}) {
    this.clientId = options.clientId ?? `test@1@${count++}`;
    const insecure = options.tls !== true;
    this.#client = new Client(
      address,
      insecure ? credentials.createInsecure() : credentials.createSsl(null, null, null, { rejectUnauthorized: false }),
      // One connection a client, as separate processes have.
      {
        'grpc.use_local_subchannel_pool': 1,
        'grpc.max_receive_message_length': -1,
        'grpc.ssl_target_name_override': 'localhost',
      },
    );
    this.#metadata = new Metadata();
    const headers = {
      'x-mq-client-id': this.clientId,
      'x-mq-language': 'JAVA',
      'x-mq-client-version': '5.0.8',
      ...options.metadata,
    };
    for (const [name, value] of Object.entries(headers)) this.#metadata.set(name, value);
  }

  /** Rejects with a ServiceError when the call itself fails. */
  call<N extends UnaryRpc>(name: N, request: In<N>, options: CallOptions = {}): Promise<Out<N>> {
    const { path, requestSerialize, responseDeserialize } = service[name];
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, response?: unknown): void => {
        if (error !== null) reject(error);
        else resolve(response as Out<N>);
      };
      const serialize = requestSerialize as (message: In<N>) => Buffer;
      this.#client.makeUnaryRequest(path, serialize, responseDeserialize, request, this.#metadata, options, done);
    });
  }

  /** Everything that a stream of answers brings, once it ended. */
  async read<N extends StreamRpc>(name: N, request: In<N>, options: CallOptions = {}): Promise<Out<N>[]> {
    const found: Out<N>[] = [];
    for await (const item of this.stream(name, request, options)) found.push(item as Out<N>);
    return found;
  }

  stream<N extends StreamRpc>(name: N, request: In<N>, options: CallOptions = {}): ClientReadableStream<Out<N>> {
    const { path, requestSerialize, responseDeserialize } = service[name];
    const deserialize = responseDeserialize as (bytes: Buffer) => Out<N>;
    const serialize = requestSerialize as (message: In<N>) => Buffer;
    return this.#client.makeServerStreamRequest(path, serialize, deserialize, request, this.#metadata, options);
  }

  telemetry(options: CallOptions = {}): TestTelemetry {
    const { path, requestSerialize, responseDeserialize }: GrpcJsMethod = service.telemetry;
    const deserialize = responseDeserialize as (bytes: Buffer) => RpcRequest<'telemetry'>;
    const serialize = requestSerialize as (message: In<'telemetry'>) => Buffer;
    return new TestTelemetry(this.#client.makeBidiStreamRequest(path, serialize, deserialize, this.#metadata, options));
  }

  close(): void {
    this.#client.close();
  }
}

/** A telemetry stream: commands are taken one after the other. */
export class TestTelemetry {
  /** Resolves with the status that ended the stream. */
  readonly ended: Promise<{ readonly code: number; readonly details: string }>;
  readonly #stream: ClientDuplexStream<In<'telemetry'>, RpcRequest<'telemetry'>>;
  readonly #commands: RpcRequest<'telemetry'>[] = [];
  #waiting: Deferred<RpcRequest<'telemetry'>>[] = [];

  constructor(stream: ClientDuplexStream<In<'telemetry'>, RpcRequest<'telemetry'>>) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => stream.on('status', resolve));
    // The status says it.
    stream.on('error', () => undefined);
    stream.on('data', (command: RpcRequest<'telemetry'>) => {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#commands.push(command);
      else waiting.resolve(command);
    });
  }

  /** Resolves when the headers of the answer are there. */
  headers(): Promise<void> {
    return new Promise((resolve) => this.#stream.once('metadata', () => resolve()));
  }

  write(command: In<'telemetry'>): void {
    this.#stream.write(command);
  }

  next(): Promise<RpcRequest<'telemetry'>> {
    const command = this.#commands.shift();
    if (command !== undefined) return Promise.resolve(command);
    const waiting = new Deferred<RpcRequest<'telemetry'>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Nothing is left that nobody took. */
  get isDrained(): boolean {
    return this.#commands.length === 0;
  }

  halfClose(): void {
    this.#stream.end();
  }

  cancel(): void {
    this.#stream.cancel();
  }
}
