import { formatProperties } from '../../base/properties.ts';
import type { PlannedBroker } from './clusterPlan.ts';

export interface NodePlace {
  /** Of this node alone; absolute. */
  readonly storeDirectory: string;
  readonly bindAddress: string;
  /** What clients and other nodes reach it by. */
  readonly host: string;
  readonly port: number;
}

const CLUSTER_NAME = 'DefaultCluster';

/** Slaves connect to the port above the broker's own. */
export const haPortBeside = (port: number): number => port + 1;

/** Of a proxy, which speaks gRPC on its own. */
export const remotingPortBeside = (port: number): number => port + 1;

/** A namesrv.conf for ours and Apache's NameServer. */
export function nameServerConf({ bindAddress, port, storeDirectory }: NodePlace): string {
  return formatProperties([
    ['bindAddress', bindAddress],
    ['listenPort', String(port)],
    // Apache's default is in the home directory, where NameServers of one machine would share it.
    ['kvConfigPath', `${storeDirectory}/kvConfig.json`],
  ]);
}

/** A broker.conf for ours and Apache's broker. */
export function brokerConf(
  { brokerName, brokerId, brokerRole, slaveRead }: PlannedBroker,
  { bindAddress, host, port, storeDirectory }: NodePlace,
  nameServers: string,
): string {
  return formatProperties([
    ['brokerClusterName', CLUSTER_NAME],
    ['brokerName', brokerName],
    ['brokerId', String(brokerId)],
    ['brokerRole', brokerRole],
    // Apache counts the master too, and waits for nobody when this is 1, its default.
    ...(brokerRole === 'SYNC_MASTER' ? ([['inSyncReplicas', '2']] as const) : []),
    // Without it Apache's slave refuses every pull, also while its master is dead, and its master sends nobody there who
    // is far behind. Source: PullMessageProcessor.java.
    ...(slaveRead ? ([['slaveReadEnable', 'true']] as const) : []),
    ['flushDiskType', 'ASYNC_FLUSH'],
    ['namesrvAddr', nameServers],
    ['bindAddress', bindAddress],
    ['brokerIP1', host],
    ['brokerIP2', host],
    ['listenPort', String(port)],
    ['haListenPort', String(haPortBeside(port))],
    ['storePathRootDir', storeDirectory],
    // Ours alone: an endpoint of one broker serves no cluster. Apache's broker passes the key over.
    ['grpcServerPort', 'off'],
    ['autoCreateTopicEnable', 'true'],
    ['deleteWhen', '04'],
    ['fileReservedTime', '48'],
  ]);
}

/** An rmq-proxy.json for Apache's proxy, a process of its own: within a broker it leaves consumers that are new unanswered. */
export function proxyConf({ host, port }: Pick<NodePlace, 'host' | 'port'>, nameServers: string): string {
  const settings = {
    proxyMode: 'cluster',
    rocketMQClusterName: CLUSTER_NAME,
    proxyName: 'proxy',
    namesrvAddr: nameServers,
    localServeAddr: host,
    grpcServerPort: port,
    remotingAccessAddr: host,
    remotingListenPort: remotingPortBeside(port),
  };
  return `${JSON.stringify(settings, undefined, 2)}\n`;
}
