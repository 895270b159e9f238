import type { Clock } from '../base/clock.ts';
import { CodedError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { formatAddress } from '../remoting/address.ts';
import { parseNameServers } from '../remoting/nameServerList.ts';
import { startListening } from '../remoting/startListening.ts';
import { startBroker } from './broker.ts';
import type { GrpcOptions } from './startGrpc.ts';
import type { CommandLine } from './commandLine.ts';
import type { ControlAccess } from './control.ts';
import type { RuntimePorts } from './control/restarts.ts';
import type { ControlledParts } from './control/startControlled.ts';
import { brokerConfig, nameServerConfig, readBrokerConf, readNameServerConf } from './config.ts';
import type { BrokerConfig, NameServerConfig, TlsConfig } from './config.ts';
import { startNameServer } from './nameServer/nameServer.ts';
import { openStore } from './openStore.ts';
import { isLoopback, reachableHost } from './reachableHost.ts';
import { startRuntime } from './runtime.ts';
import type { Runtime } from './runtime.ts';
import { GRPC_OFF } from './settings/grpcSettings.ts';
import { NO_SLAVES } from './settings/haSettings.ts';

export interface RoleParts {
  /** Content of the file given with -c, or nothing. */
  readonly confText: string;
  /** That file. */
  readonly confFile: string | undefined;
  /** Decides the directory, knowing what the file says (empty: nothing). */
  readonly storeDirectory: (fromConf: string) => string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told how many faults can strike, when that changed. */
  readonly faultsChanged: (count: number) => void;
}

export interface RunningRole {
  readonly storeDirectory: string;
  readonly ready: {
    readonly namesrv: string;
    readonly broker?: string;
    /** `host:port`; null where it is not served. */
    readonly grpc: string | null;
    readonly store: string;
    readonly control: ControlAccess | null;
  };
  /** For people. */
  readonly greeting: string;
  stop(): Promise<void>;
}

/** Starts what the command line asks for: its options win over the file, the file over the defaults. */
export function startRole(line: CommandLine, parts: RoleParts): Promise<RunningRole> {
  switch (line.role) {
    case 'start':
      return startBoth(line, parts);
    case 'namesrv':
      return startNameServerAlone(line, parts);
    case 'broker':
      return startBrokerAlone(line, parts);
  }
}

async function startBoth(line: CommandLine, parts: RoleParts): Promise<RunningRole> {
  const { settings: broker, grpc: grpcOptions } = brokerSettings(line, parts);
  const nameServer: Partial<NameServerConfig> = {
    ...tlsOf(broker),
    ...(broker.bindAddress === undefined ? {} : { bindAddress: broker.bindAddress }),
    ...(line.nameServerPort === undefined ? {} : { listenPort: line.nameServerPort }),
  };
  if (broker.brokerRole === 'SLAVE') {
    throw new CodedError('usage', {
      reason:
        'a slave follows a master that its NameServer knows, and "start" brings a NameServer of its own: ' +
        'start it with rocketmq-local broker -n HOST:PORT of the NameServer of its master, and the same -c',
    });
  }
  const { clock, logger, confFile } = parts;
  const storeDirectory = parts.storeDirectory(broker.storePathRootDir ?? '');
  const start = (controlled?: ControlledParts): Promise<Runtime> =>
    startRuntime({
      nameServer: { ...nameServer, ...(controlled?.ports && { listenPort: controlled.ports.nameServer }) },
      broker: { ...broker, ...(controlled?.ports && brokerPorts(controlled.ports)) },
      confFile,
      grpc: grpcOptions,
      faults: controlled?.faults,
      hasVip: controlled?.ports?.hasVip,
      storeDirectory,
      clock: controlled?.clock ?? clock,
      steadyClock: clock,
      logger,
    });
  const { runtime, control, stop } = await startMaybeControlled(line.controlPort, storeDirectory, start, parts);
  const { nameServerAddress: namesrv } = runtime;
  const { address, grpcAddress: grpc } = runtime.broker;
  return {
    storeDirectory,
    ready: { namesrv, broker: address, grpc, store: storeDirectory, control },
    greeting:
      (control === null ? '' : `Control: ${control.url} with the token ${control.token}\n`) +
      `RocketMQ is up. NameServer ${namesrv}, broker ${address}, messages in ${storeDirectory}.\n` +
      `Point your clients at NAMESRV_ADDR=${namesrv}${grpc === null ? '' : `, clients of gRPC at ${grpc}`}. Ctrl+C ends it.\n`,
    stop,
  };
}

/** The settings that make a broker listen where another did, and nowhere else. */
export function brokerPorts({ broker, grpc, ha }: RuntimePorts): Partial<BrokerConfig> {
  return { listenPort: broker, haListenPort: ha ?? NO_SLAVES, grpcServerPort: grpc ?? GRPC_OFF };
}

async function startMaybeControlled(
  port: number | undefined,
  storeDirectory: string,
  start: (controlled?: ControlledParts) => Promise<Runtime>,
  { clock, logger, faultsChanged }: RoleParts,
): Promise<{
  readonly runtime: Runtime;
  readonly control: ControlAccess | null;
  readonly stop: () => Promise<void>;
}> {
  if (port === undefined) {
    const runtime = await start();
    return { runtime, control: null, stop: () => runtime.stop() };
  }
  const { startControlled } = await import('./control/startControlled.ts');
  const controlled = await startControlled({
    ...{ port, storeDirectory, listen: startListening, clock, logger, faultsChanged, start },
  });
  return { runtime: controlled.runtime, control: controlled.access, stop: () => controlled.stop() };
}

/** In one process both speak TLS in the same way, as properties of a Java process would have it. */
function tlsOf(broker: Partial<BrokerConfig>): Partial<TlsConfig> {
  return Object.fromEntries(Object.entries(broker).filter(([key]) => key.startsWith('tls.')));
}

async function startNameServerAlone(line: CommandLine, parts: RoleParts): Promise<RunningRole> {
  const { clock, logger } = parts;
  const { settings, ignored, unknown } = readNameServerConf(parts.confText);
  nameIdle({ ignored, unknown }, logger);
  const port = line.port ?? line.nameServerPort;
  const config = nameServerConfig({
    ...settings,
    ...(line.host === undefined ? {} : { bindAddress: line.host }),
    ...(port === undefined ? {} : { listenPort: port }),
  });
  warnOfOpenHost(config.bindAddress, logger);
  const storeDirectory = parts.storeDirectory('');
  const nameServer = await startNameServer({ config, confFile: parts.confFile, storeDirectory, clock, logger });
  const namesrv = formatAddress({ host: reachableHost(config.bindAddress), port: nameServer.port });
  return {
    storeDirectory,
    ready: { namesrv, grpc: null, store: storeDirectory, control: null },
    greeting: `NameServer ${namesrv} is up. Start brokers with: rocketmq-local broker -n ${namesrv}\nCtrl+C ends it.\n`,
    stop: () => nameServer.stop(),
  };
}

async function startBrokerAlone(line: CommandLine, parts: RoleParts): Promise<RunningRole> {
  const { clock, logger, confFile } = parts;
  const { settings, grpc } = brokerSettings(line, parts);
  const config = brokerConfig(settings);
  const nameServerList = line.nameServers ?? config.namesrvAddr;
  if (nameServerList.trim() === '') {
    throw new CodedError('usage', {
      reason: 'the broker needs a NameServer: give it with -n, or as namesrvAddr in -c',
    });
  }
  const nameServers = parseNameServers(nameServerList).map(formatAddress);
  const storeDirectory = parts.storeDirectory(config.storePathRootDir);
  const store = await openStore(config, { directory: storeDirectory, clock, steadyClock: clock, logger });
  const broker = await startBroker({ config, confFile, store, nameServers, grpc, clock, steadyClock: clock, logger });
  const namesrv = nameServers.join(';');
  return {
    storeDirectory,
    ready: { namesrv, broker: broker.address, grpc: broker.grpcAddress, store: storeDirectory, control: null },
    greeting: `Broker ${broker.address} is up and registers with ${namesrv}, messages in ${storeDirectory}. Ctrl+C ends it.\n`,
    stop: () => broker.stop(),
  };
}

/** Who names no port for gRPC gets that of Apache's proxy, where it is free. */
const GRPC_PORT = 8081;

function brokerSettings(
  line: CommandLine,
  { confText, logger }: RoleParts,
): { readonly settings: Partial<BrokerConfig>; readonly grpc: GrpcOptions } {
  const { settings, ignored, unknown } = readBrokerConf(confText);
  nameIdle({ ignored, unknown }, logger);
  const bindAddress = line.host ?? settings.bindAddress;
  if (bindAddress !== undefined) warnOfOpenHost(bindAddress, logger);
  const grpcPort = line.grpcPort === 'off' ? GRPC_OFF : (line.grpcPort ?? settings.grpcServerPort);
  return {
    settings: {
      ...settings,
      ...(bindAddress === undefined ? {} : { bindAddress }),
      ...(line.port === undefined ? {} : { listenPort: line.port }),
      grpcServerPort: grpcPort ?? GRPC_PORT,
    },
    grpc: {
      load: async () => (await import('./grpc/endpoint.ts')).startGrpcEndpoint,
      isOptional: grpcPort === undefined,
    },
  };
}

function nameIdle(
  keys: { readonly ignored: readonly string[]; readonly unknown: readonly string[] },
  logger: Logger,
): void {
  const { ignored, unknown } = keys;
  if (ignored.length > 0) logger.warn(`these keys of the configuration are not obeyed: ${ignored.join(', ')}`);
  if (unknown.length > 0) {
    logger.warn(
      `these keys of the configuration are not obeyed, and unknown to Apache RocketMQ too: ${unknown.join(', ')}`,
    );
  }
}

function warnOfOpenHost(host: string, logger: Logger): void {
  if (!isLoopback(host)) logger.warn(`LISTENING ON ${host}: every machine that reaches it can read, write and delete`);
}
