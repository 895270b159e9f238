import path from 'node:path';
import type { ClusterRole } from '../../control.ts';
import type { PlacedNode } from '../clusterDirectory.ts';
import { nodeHome } from './nodeHome.ts';

interface Server {
  readonly mainClass: string;
  /** Of the files in `conf` and, under the same name, in the jar. */
  readonly logback: string;
  /** Apache's own scripts take 4 to 8 GiB. */
  readonly memory: readonly string[];
  readonly confOption: string;
}

const broker: Server = {
  mainClass: 'org.apache.rocketmq.broker.BrokerStartup',
  logback: 'rmq.broker.logback.xml',
  memory: ['-Xms256m', '-Xmx512m', '-XX:MaxDirectMemorySize=512m'],
  confOption: '-c',
};

const servers: Readonly<Record<ClusterRole, Server>> = {
  namesrv: {
    mainClass: 'org.apache.rocketmq.namesrv.NamesrvStartup',
    logback: 'rmq.namesrv.logback.xml',
    memory: ['-Xms64m', '-Xmx128m'],
    confOption: '-c',
  },
  master: broker,
  slave: broker,
  proxy: {
    mainClass: 'org.apache.rocketmq.proxy.ProxyStartup',
    logback: 'rmq.proxy.logback.xml',
    memory: ['-Xms128m', '-Xmx512m', '-XX:MaxDirectMemorySize=512m'],
    confOption: '-pc',
  },
};

/** Beside others on one machine: the second compiler and parallel collectors cost more than they bring there. */
const FRUGAL = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];

/** The store casts to sun.nio.ch.DirectBuffer, and Netty looks into java.nio. */
const MODULES = [
  '--add-exports=java.base/sun.nio.ch=ALL-UNNAMED',
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
];

export interface JavaSurroundings {
  readonly javaVersion: number;
  /** Of the distribution. */
  readonly home: string;
  /** Names of the files in its `conf`. */
  readonly confFiles: readonly string[];
  /** Between the entries of a class path: `:`, and `;` on Windows. */
  readonly delimiter: string;
}

/** What Java is told to run a node as Apache's scripts would, but for the memory. */
export function javaArguments(
  node: PlacedNode,
  { javaVersion, home, confFiles, delimiter }: JavaSurroundings,
): string[] {
  const { mainClass, logback, memory, confOption } = servers[node.role];
  const logbackFile = confFiles.includes(logback) ? path.join(home, 'conf', logback) : logback;
  return [
    ...memory,
    ...FRUGAL,
    ...(javaVersion >= 9 ? MODULES : []),
    // Logs go below it, and whatever else Apache puts into the home of a user.
    `-Duser.home=${nodeHome(node)}`,
    `-Drmq.logback.configurationFile=${logbackFile}`,
    '-cp',
    [path.join(home, 'conf'), path.join(home, 'lib', '*')].join(delimiter),
    mainClass,
    confOption,
    node.conf,
  ];
}
