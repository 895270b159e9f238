import type { DisposableStore } from '../base/disposable.ts';
import { errorText } from '../base/errors.ts';
import type { RemotingServer } from '../remoting/server.ts';
import type { BrokerContext } from './brokerContext.ts';
import { closeAll } from './brokerPorts.ts';
import type { HaListener } from './ha/haListener.ts';
import type { GrpcEndpoint } from './grpc/endpoint.ts';
import type { TransactionCheck } from './transactions/transactionCheck.ts';

/** Every step is taken, also when one fails; the first error is thrown at the end. */
export async function stopBroker(parts: {
  readonly context: BrokerContext;
  readonly servers: readonly RemotingServer[];
  readonly haListener: HaListener | undefined;
  readonly owned: DisposableStore;
  readonly transactionCheck: TransactionCheck;
  readonly grpc: GrpcEndpoint | undefined;
}): Promise<void> {
  const { context, servers, haListener, owned, transactionCheck, grpc } = parts;
  const steps: readonly (() => unknown)[] = [
    () => context.registration.stop(),
    () => grpc?.stop(),
    () => closeAll(servers),
    () => context.pops.stop(),
    () => context.lite?.stop(),
    () => context.delayLevels.stop(),
    () => context.timers?.stop(),
    () => transactionCheck.stop(),
    () => context.replication.dispose(),
    () => haListener?.close(),
    () => owned.dispose(),
    () => context.store.close(),
  ];
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      context.logger.error(`a part of broker ${context.config.brokerName} does not stop: ${errorText(error)}`);
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  context.logger.info(`broker ${context.config.brokerName} stopped`);
}
