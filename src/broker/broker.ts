import { DisposableStore } from '../base/disposable.ts';
import { ResponseCode } from '../protocol/codes.ts';
import type { RequestHandler } from '../remoting/peer.ts';
import type { RemotingServer } from '../remoting/server.ts';
import type { BrokerContext } from './brokerContext.ts';
import { closeAll, listenBoth } from './brokerPorts.ts';
import { brokerRouter } from './brokerRouter.ts';
import type { GrpcEndpoint } from './grpc/endpoint.ts';
import { listenForSlaves } from './ha/haListener.ts';
import type { HaListener } from './ha/haListener.ts';
import type { Replication } from './ha/replication.ts';
import { slaveRouter } from './ha/slaveRouter.ts';
import { startFollowing } from './ha/startFollowing.ts';
import { clientIdOf, expireMembers } from './membership.ts';
import { openContext } from './openContext.ts';
import type { ContextOptions } from './openContext.ts';
import type { RequestFaults } from './requestFaults.ts';
import { guarded } from './security/guard.ts';
import { clientTls } from './security/tls.ts';
import { startGrpc } from './startGrpc.ts';
import type { GrpcOptions } from './startGrpc.ts';
import { stopBroker } from './stopBroker.ts';
import { TransactionCheck } from './transactions/transactionCheck.ts';

export interface BrokerOptions extends ContextOptions {
  /** How gRPC is served, which is loaded only where `grpcServerPort` asks for it; without this it is not. */
  readonly grpc?: GrpcOptions | undefined;
  /** Stand before the handlers. */
  readonly faults?: RequestFaults | undefined;
  /** Is the port two below its own served where it is free? Default: yes. */
  readonly hasVip?: boolean | undefined;
}

export interface Broker {
  /** `host:port` that clients are told. */
  readonly address: string;
  /** The same for gRPC; null where it is off. */
  readonly grpcAddress: string | null;
  /** Is the port two below its own served? */
  readonly hasVip: boolean;
  /** Where slaves are served; undefined where none is. */
  readonly haPort: number | undefined;
  readonly context: BrokerContext;
  /** Answers as to a client, past access control and faults. */
  readonly answer: RequestHandler;
  /** Takes leave of the NameServers, answers no more, and has everything on disk afterwards. */
  stop(): Promise<void>;
}

/**
 * A broker that accepts sends and is registered, when a NameServer could be reached.
 * @throws CodedError `port-in-use`, `port-not-permitted`, `address-unresolved`, `config-invalid`, `store-damaged`
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { clock, steadyClock = clock, logger, store } = options;
  const owned = new DisposableStore();
  const servers: RemotingServer[] = [];
  let grpc: GrpcEndpoint | undefined;
  let haListener: HaListener | undefined;
  try {
    let handle: RequestHandler = notYet;
    const { faults } = options;
    servers.push(
      ...(await listenBoth({ ...options, clock: steadyClock, answering: faults?.answering }, (request) =>
        handle(request),
      )),
    );
    const port = servers[0]?.port ?? options.config.listenPort;
    let acceptSlave: Replication['accept'] = (stream) => stream.destroy();
    haListener = await listenForSlaves({
      config: options.config,
      brokerPort: port,
      accept: (stream, slave) => acceptSlave(stream, slave),
      logger,
    });
    const replica = options.config.brokerRole === 'SLAVE' ? store.follow() : undefined;
    const haListenPort = haListener?.port ?? Math.min(port + 1, 65535);
    const context = await openContext(options, { listenPort: port, haListenPort }, owned);
    const { config, address, delayLevels, pops, security, timers } = context;
    owned.add(store.onArrival((arrival) => context.heldPulls.wake(arrival)));
    if (timers !== undefined) owned.add(store.onArrival((arrival) => timers.wake(arrival)));
    if (replica === undefined) {
      owned.add(store.onArrival((arrival) => delayLevels.wake(arrival)));
      owned.add(store.onArrival((arrival) => pops.arrived(arrival)));
    }
    owned.add(expireMembers(context));
    acceptSlave = (stream, slave) => context.replication.accept(stream, slave);
    const router = brokerRouter(context);
    const answer = replica === undefined ? router : slaveRouter(config, router);
    const checked = guarded(answer, { config, security, clock: steadyClock, logger });
    handle = faults?.around('broker', checked, (connection) => clientIdOf(context, connection)) ?? checked;
    const transactionCheck = new TransactionCheck(context);
    if (replica === undefined) {
      delayLevels.start();
      timers?.start();
      pops.start();
      grpc = await startGrpc(context, options);
    } else timers?.follow();
    await context.registration.start();
    if (replica === undefined) transactionCheck.start();
    else owned.add(startFollowing(context, replica, clientTls(config)));
    logger.info(`broker ${config.brokerName} of cluster ${config.brokerClusterName} serves ${address}`);
    const parts = { context, servers, haListener, owned, transactionCheck, grpc };
    return {
      address,
      grpcAddress: grpc?.address ?? null,
      hasVip: servers.length > 1,
      haPort: haListener?.port,
      context,
      answer,
      stop: () => stopBroker(parts),
    };
  } catch (error) {
    await grpc?.stop();
    owned.dispose();
    await closeAll(servers);
    await haListener?.close();
    await store.close();
    throw error;
  }
}

const notYet: RequestHandler = () => ({
  code: ResponseCode.SYSTEM_ERROR,
  remark: 'broker unable to service, it is starting',
});
