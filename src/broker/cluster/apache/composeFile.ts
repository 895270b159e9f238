import type { ClusterMode, ClusterRole, ComposeFile } from '../../control.ts';
import { planCluster } from '../clusterPlan.ts';
import type { PlannedNode } from '../clusterPlan.ts';
import { portsOf } from '../clusterPorts.ts';
import { brokerConf, nameServerConf, proxyConf } from '../nodeConf.ts';

export interface ComposeWish {
  readonly mode: ClusterMode;
  readonly nameServers: number | undefined;
  readonly proxy: boolean;
  /** Of apache/rocketmq. */
  readonly tag: string;
  readonly ports: ComposePorts;
}

/** Of the first of each; NameServers take the next ones, brokers are 10 apart. */
export interface ComposePorts {
  readonly nameServer: number;
  readonly broker: number;
  readonly proxy: number;
}

const PORT_STEP = 10;
const LOOPBACK = '127.0.0.1';
/** Where the network of all containers is. */
const NETWORK = 'network';

const HEAPS: Readonly<Record<ClusterRole, string>> = {
  namesrv: '-Xms64m -Xmx128m -Xmn64m',
  master: '-Xms256m -Xmx512m -Xmn128m -XX:MaxDirectMemorySize=512m -XX:-AlwaysPreTouch',
  slave: '-Xms256m -Xmx512m -Xmn128m -XX:MaxDirectMemorySize=512m -XX:-AlwaysPreTouch',
  proxy: '-Xms128m -Xmx512m -Xmn128m -XX:MaxDirectMemorySize=512m',
};

const STARTS: Readonly<Record<ClusterRole, { readonly script: string; readonly log: string }>> = {
  namesrv: { script: 'sh mqnamesrv -c', log: 'namesrv.log' },
  master: { script: 'sh mqbroker -c', log: 'broker.log' },
  slave: { script: 'sh mqbroker -c', log: 'broker.log' },
  proxy: { script: 'sh mqproxy -pc', log: 'proxy.log' },
};

type PortedNode = PlannedNode & { readonly port: number };

/** A file for `docker compose` in which Apache's containers run a mode, each with its configuration. */
export function composeFile({ mode, nameServers, proxy, tag, ports }: ComposeWish): ComposeFile {
  const planned = planCluster(mode, nameServers, proxy);
  const count = planned.filter(({ role }) => role === 'namesrv').length;
  const nodes = planned.map((node, at): PortedNode => ({ ...node, port: portAt(node.role, at, count, ports) }));
  const published = nodes.flatMap(({ role, port }) => portsOf(role, port));
  const namesrv = nodes
    .filter(({ role }) => role === 'namesrv')
    .map(({ port }) => `${LOOPBACK}:${port}`)
    .join(';');
  const grpc = nodes.find(({ role }) => role === 'proxy');
  const text = [
    ...head(proxy ? `${mode}-proxy` : mode, namesrv),
    'services:',
    ...networkService(tag, published),
    ...nodes.flatMap((node) => nodeService(node, tag, nodes)),
    '',
    'configs:',
    ...nodes.flatMap((node) => config(node, namesrv)),
    '',
    'volumes:',
    ...nodes.map(({ name }) => `  ${name}:`),
    '',
  ].join('\n');
  return { text, namesrv, grpc: grpc === undefined ? null : `${LOOPBACK}:${grpc.port}`, ports: published };
}

function portAt(role: ClusterRole, at: number, nameServers: number, ports: ComposePorts): number {
  switch (role) {
    case 'namesrv':
      return ports.nameServer + at;
    case 'proxy':
      return ports.proxy;
    case 'master':
    case 'slave':
      return ports.broker + PORT_STEP * (at - nameServers);
  }
}

function head(what: string, namesrv: string): string[] {
  return [
    `# Apache RocketMQ, ${what}, for development. Needs Docker Compose 2.23.1 or newer.`,
    `# Point your clients on this machine at NAMESRV_ADDR=${namesrv}`,
    '# Start: docker compose up -d    Stop: docker compose down    With all messages: docker compose down --volumes',
    '',
    `name: rocketmq-${what}`,
    '',
  ];
}

/** A broker tells clients one address, which must lead to it from the host and from every container. */
function networkService(tag: string, ports: readonly number[]): string[] {
  return [
    '  # Holds the network that all containers share: so 127.0.0.1 with one port leads to the same server from your',
    '  # machine and from each container, and any of the others may stop and come back.',
    `  ${NETWORK}:`,
    `    image: apache/rocketmq:${tag}`,
    '    command: sleep infinity',
    '    init: true',
    '    ports:',
    ...ports.map((port) => `      - "${LOOPBACK}:${port}:${port}"`),
  ];
}

function nodeService({ name, role }: PortedNode, tag: string, nodes: readonly PortedNode[]): string[] {
  const { script, log } = STARTS[role];
  return [
    '',
    `  ${name}:`,
    `    image: apache/rocketmq:${tag}`,
    `    network_mode: "service:${NETWORK}"`,
    '    # A new volume belongs to root.',
    '    user: root',
    "    # Apache's scripts pass no signal on.",
    '    stop_grace_period: 2s',
    '    environment:',
    `      JAVA_OPT_EXT: "-Duser.home=/data ${HEAPS[role]}"`,
    `    command: sh -c "tail -n 0 -F /data/logs/rocketmqlogs/${log} 2>/dev/null & exec ${script} /conf/${fileName(role)}"`,
    '    configs:',
    `      - source: ${name}`,
    `        target: /conf/${fileName(role)}`,
    '    volumes:',
    `      - ${name}:/data`,
    '    depends_on:',
    ...[NETWORK, ...before(role, nodes)].map((needed) => `      - ${needed}`),
  ];
}

/** What it asks when it starts. */
function before(role: ClusterRole, nodes: readonly PortedNode[]): string[] {
  const needed = nodes.filter((node) => {
    if (role === 'namesrv') return false;
    return node.role === 'namesrv' || (role === 'slave' && node.role === 'master');
  });
  return needed.map(({ name }) => name);
}

function fileName(role: ClusterRole): string {
  if (role === 'proxy') return 'rmq-proxy.json';
  return role === 'namesrv' ? 'namesrv.conf' : 'broker.conf';
}

/** Within the containers, where what Docker forwards comes from elsewhere: listening on the loopback would not do. */
function config({ name, role, broker, port }: PortedNode, namesrv: string): string[] {
  const place = { bindAddress: '0.0.0.0', host: LOOPBACK, port, storeDirectory: '/data/store' };
  const text =
    broker !== undefined
      ? brokerConf(broker, place, namesrv)
      : role === 'proxy'
        ? proxyConf(place, namesrv)
        : nameServerConf(place);
  return [
    `  ${name}:`,
    '    content: |',
    ...text
      .trimEnd()
      .split('\n')
      .map((line) => `      ${line}`),
  ];
}
