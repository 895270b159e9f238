import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { Connection } from '../../remoting/connection.ts';
import type { Peer } from '../../remoting/peer.ts';
import { Router } from '../../remoting/router.ts';
import { listen } from '../../remoting/server.ts';
import { apacheNameServerSettings } from '../apacheSettings.ts';
import { readChangedNameServerConf } from '../config.ts';
import type { NameServerConfig } from '../config.ts';
import type { RequestFaults } from '../requestFaults.ts';
import { RunningSettings } from '../runningSettings.ts';
import { nameServerHandlers } from './handlers.ts';
import type { NameServerContext } from './handlers.ts';
import { serverTls } from '../security/tls.ts';
import { KvConfig } from './kvConfig.ts';
import { RegisteredTables } from './registeredTables.ts';
import { RouteInfo } from './routeInfo.ts';

export interface NameServerOptions {
  readonly config: NameServerConfig;
  /** Where settings that are changed at run time are kept. */
  readonly confFile?: string | undefined;
  readonly storeDirectory: string;
  /** Stand before the handlers. */
  readonly faults?: RequestFaults | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface NameServer {
  /** `host:port` it listens on. */
  readonly address: string;
  readonly port: number;
  readonly routes: RouteInfo;
  stop(): Promise<void>;
}

/** @throws CodedError `port-in-use`, `port-not-permitted`, `address-unresolved`, `store-damaged` */
export async function startNameServer(options: NameServerOptions): Promise<NameServer> {
  const { clock, logger, storeDirectory } = options;
  const kvPath =
    options.config.kvConfigPath === ''
      ? path.join(storeDirectory, 'namesrv', 'kvConfig.json')
      : options.config.kvConfigPath;
  const settings = new RunningSettings<NameServerConfig>({
    values: { ...options.config, kvConfigPath: kvPath },
    read: readChangedNameServerConf,
    apache: apacheNameServerSettings,
    fixed: ['configBlackList', 'configStorePath', 'kvConfigPath', 'rocketmqHome'],
    blackList: ({ configBlackList }) => configBlackList,
    confFile: options.confFile,
    clock,
    logger,
  });
  const config = settings.values;
  const routes = new RouteInfo(config);
  const kv = new KvConfig({ path: kvPath, clock, logger });
  const watched = new WeakSet<Peer>();
  const context: NameServerContext = {
    config,
    settings,
    startedMs: clock.now(),
    clock,
    logger,
    routes,
    kv,
    tables: new RegisteredTables(),
    watch(connection) {
      if (watched.has(connection)) return;
      watched.add(connection);
      connection.onClose(() => {
        for (const { brokerName, brokerAddr } of routes.ownerGone(connection)) {
          logger.warn(`broker ${brokerName} at ${brokerAddr} is gone: its connection closed`);
        }
      });
    },
  };
  const router = new Router();
  for (const [code, handler] of nameServerHandlers) router.on(code, (request) => handler(context, request));
  const { faults } = options;
  const server = await listen({
    host: config.bindAddress,
    port: config.listenPort,
    handle: faults?.around('nameServer', router.handle, () => undefined) ?? router.handle,
    answering: faults?.answering,
    clock,
    logger,
    idleTimeoutMs: config.serverChannelMaxIdleTimeSeconds * 1000,
    tls: serverTls(config, { clock, logger }),
  });
  settings.found({ listenPort: server.port });
  const scan = clock.every(config.scanNotActiveBrokerInterval, () => {
    for (const { identity, owner } of routes.expire(clock.now())) {
      logger.warn(`broker ${identity.brokerName} at ${identity.brokerAddr} is gone: it was silent for too long`);
      if (owner instanceof Connection) owner.dispose();
    }
  });
  logger.info(`NameServer serves ${server.address}`);
  return {
    address: server.address,
    port: server.port,
    routes,
    async stop() {
      scan.dispose();
      kv.dispose();
      await server.close();
      logger.info('NameServer stopped');
    },
  };
}
