import { Deferred } from '../../base/deferred.ts';
import type { Clock } from '../../base/clock.ts';
import { CodedError } from '../../base/errors.ts';
import type { GrpcClientCall } from '../../remoting/grpc/grpcClientCall.ts';
import type { EndpointCalls } from './endpointCalls.ts';
import type { SettingsAnswer } from './wire.ts';

export interface Telemetry {
  /** What the endpoint decides. */
  readonly settings: SettingsAnswer;
  /** Rejects when the stream is lost. */
  readonly done: Promise<void>;
  /** Takes leave. */
  close(): void;
}

/**
 * Tells the endpoint our settings, and keeps the stream: it is who we are to it.
 * @throws CodedError as `EndpointCalls.ask`
 */
export async function openTelemetry(
  calls: EndpointCalls,
  settings: Uint8Array,
  {
    decode,
    clock,
    timeoutMs,
  }: {
    readonly decode: (bytes: Uint8Array) => SettingsAnswer | undefined;
    readonly clock: Clock;
    readonly timeoutMs: number;
  },
): Promise<Telemetry> {
  const answered = new Deferred<SettingsAnswer>();
  const call: GrpcClientCall = await calls.begin('Telemetry', {
    message: (bytes) => {
      const answer = decode(bytes);
      if (answer !== undefined) answered.resolve(answer);
    },
  });
  const { address } = calls;
  const timer = clock.after(timeoutMs, () =>
    answered.reject(new CodedError('grpc-timeout', { address, rpc: 'Telemetry', timeoutMs })),
  );
  call.done.then(
    () => answered.reject(new CodedError('connection-closed', { address })),
    (error: unknown) => answered.reject(error),
  );
  call.send(settings);
  try {
    const answer = await answered.promise;
    calls.check('Telemetry', answer);
    return { settings: answer, done: call.done, close: () => call.halfClose() };
  } catch (error) {
    call.cancel();
    throw error;
  } finally {
    timer.dispose();
  }
}
