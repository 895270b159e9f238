import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { Code } from '../../src/protocol/grpc/definition_pb.ts';
import { RPC_NAMES, decodeRequest, encodeResponse, rpcPath } from '../../src/protocol/grpc/rpc.ts';
import type { RpcName, RpcRequest, RpcResponse } from '../../src/protocol/grpc/rpc.ts';
import type { GrpcCall } from '../../src/remoting/grpc/grpcCall.ts';
import { serveGrpc } from '../../src/remoting/grpc/grpcServer.ts';
import type { GrpcServer } from '../../src/remoting/grpc/grpcServer.ts';

export const OK = { code: Code.OK, message: 'OK' };

/** Answers one RPC with these messages, or with none and holds the call. */
type Answer<N extends RpcName> = (
  request: RpcRequest<N>,
  call: GrpcCall,
) => readonly RpcResponse<N>[] | undefined | Promise<readonly RpcResponse<N>[] | undefined>;

export type Script = { readonly [N in RpcName]?: Answer<N> };

export interface SeenCall {
  readonly rpc: RpcName;
  readonly header: (name: string) => string | undefined;
  readonly request: unknown;
}

/** An endpoint that answers as a test says, and remembers what it was asked. A telemetry stream stays open. */
export class ScriptedEndpoint {
  readonly seen: SeenCall[] = [];
  readonly #server: GrpcServer;

  private constructor(server: GrpcServer, seen: SeenCall[]) {
    this.#server = server;
    this.seen = seen;
  }

  static async start(script: Script): Promise<ScriptedEndpoint> {
    const seen: SeenCall[] = [];
    const server = await serveGrpc({
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      logger: silentLogger,
      maxMessageBytes: 16 * 1024 * 1024,
      maxUnreadBytes: 64 * 1024 * 1024,
      idleTimeoutMs: 120_000,
      tls: undefined,
      handle: (call) => serve(call, script, seen),
    });
    return new ScriptedEndpoint(server, seen);
  }

  get address(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  requests<N extends RpcName>(rpc: N): readonly RpcRequest<N>[] {
    return this.seen.filter((call) => call.rpc === rpc).map(({ request }) => request as RpcRequest<N>);
  }

  stop(): Promise<void> {
    return this.#server.close();
  }
}

function serve(call: GrpcCall, script: Script, seen: SeenCall[]): void {
  const rpc = RPC_NAMES.find((name) => rpcPath(name) === call.path);
  if (rpc === undefined) throw new Error(`no RPC ${call.path}`);
  call.receive({
    message: (bytes) => {
      const request = decodeRequest(rpc, bytes);
      seen.push({ rpc, header: (name) => call.header(name), request });
      answer(call, rpc, script, request).catch((error: unknown) => call.fail(error));
    },
    halfClosed: () => {
      if (rpc === 'telemetry') call.end();
    },
  });
}

async function answer(call: GrpcCall, rpc: RpcName, script: Script, request: unknown): Promise<void> {
  const scripted = script[rpc] as Answer<RpcName> | undefined;
  const answers = scripted === undefined ? [{ status: OK }] : await scripted(request as never, call);
  if (answers === undefined) return;
  for (const message of answers) call.send(encodeResponse(rpc, message));
  if (rpc !== 'telemetry') call.end();
}
