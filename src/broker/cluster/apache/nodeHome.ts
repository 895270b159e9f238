import path from 'node:path';
import type { ClusterRole } from '../../control.ts';

/** The directory of a node, which stands for the home of a user there. */
export function nodeHome({ conf }: { readonly conf: string }): string {
  return path.dirname(conf);
}

const names: Readonly<Record<ClusterRole, string>> = {
  namesrv: 'namesrv.log',
  master: 'broker.log',
  slave: 'broker.log',
  proxy: 'proxy.log',
};

/** The log that Apache's servers write below the home. Source: rmq.broker.logback.xml and its kind. */
export function apacheLog(home: string, role: ClusterRole): string {
  return path.join(home, 'logs', 'rocketmqlogs', names[role]);
}
