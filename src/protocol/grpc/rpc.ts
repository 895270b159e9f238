import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMethod, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { MessagingService } from './service_pb.ts';

type Methods = typeof MessagingService.method;

/** `queryRoute`, `sendMessage`, … */
export type RpcName = keyof Methods;
export type RpcRequest<N extends RpcName> = MessageShape<Methods[N]['input']>;
/** What is left out has its default. */
export type RpcResponse<N extends RpcName> = MessageInitShape<Methods[N]['output']>;
/** The request as a client makes it: what is left out has its default. */
export type RpcCall<N extends RpcName> = MessageInitShape<Methods[N]['input']>;
/** The response as a client reads it. */
export type RpcAnswer<N extends RpcName> = MessageShape<Methods[N]['output']>;

type RpcOfKind<Kind extends DescMethod['methodKind']> = {
  [N in RpcName]: Methods[N]['methodKind'] extends Kind ? N : never;
}[RpcName];

/** Answered by one message. */
export type UnaryRpc = RpcOfKind<'unary'>;
/** Answered by a stream of messages. */
export type StreamRpc = RpcOfKind<'server_streaming'>;

export const RPC_NAMES = Object.keys(MessagingService.method) as RpcName[];

/** As it stands in `:path`. */
export function rpcPath(name: RpcName): string {
  return `/${MessagingService.typeName}/${MessagingService.method[name].name}`;
}

export function isUnary(name: RpcName): name is UnaryRpc {
  return MessagingService.method[name].methodKind === 'unary';
}

/** @throws Error when the bytes are no such message */
export function decodeRequest<N extends RpcName>(name: N, bytes: Uint8Array): RpcRequest<N> {
  return fromBinary(MessagingService.method[name].input, bytes) as RpcRequest<N>;
}

export function encodeResponse<N extends RpcName>(name: N, response: RpcResponse<N>): Uint8Array {
  const schema = MessagingService.method[name].output;
  return toBinary(schema, create(schema, response as never));
}

export function encodeRequest<N extends RpcName>(name: N, request: RpcCall<N>): Uint8Array {
  const schema = MessagingService.method[name].input;
  return toBinary(schema, create(schema, request as never));
}

/** @throws Error when the bytes are no such message */
export function decodeResponse<N extends RpcName>(name: N, bytes: Uint8Array): RpcAnswer<N> {
  return fromBinary(MessagingService.method[name].output, bytes) as RpcAnswer<N>;
}

/** One RPC in the words of grpc-js, whose clients take such tables. */
export interface GrpcJsMethod {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (message: never) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseSerialize: (message: never) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
}

/** The whole service for grpc-js. */
export function grpcJsService(): Record<RpcName, GrpcJsMethod> {
  const rows = RPC_NAMES.map((name): [RpcName, GrpcJsMethod] => {
    const { input, output, methodKind } = MessagingService.method[name];
    const bytes = (message: Uint8Array): Buffer => Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    return [
      name,
      {
        path: rpcPath(name),
        requestStream: methodKind === 'bidi_streaming',
        responseStream: methodKind !== 'unary',
        requestSerialize: (message) => bytes(toBinary(input, create(input, message))),
        requestDeserialize: (message) => fromBinary(input, message),
        responseSerialize: (message) => bytes(toBinary(output, create(output, message))),
        responseDeserialize: (message) => fromBinary(output, message),
      },
    ];
  });
  return Object.fromEntries(rows) as Record<RpcName, GrpcJsMethod>;
}
