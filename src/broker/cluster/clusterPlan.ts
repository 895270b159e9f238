import type { ClusterMode, ClusterRole } from '../control.ts';

/** A node before anything of it exists: Apache's tutorial calls it by these names too. */
export interface PlannedNode {
  /** Unique in the cluster: `namesrv-1`, `broker-a`, `broker-a-s`, `proxy`. */
  readonly name: string;
  readonly role: ClusterRole;
  /** Of a broker; a master and its slave share the name. */
  readonly broker?: PlannedBroker;
}

export interface PlannedBroker {
  readonly brokerName: string;
  readonly brokerId: number;
  readonly brokerRole: 'ASYNC_MASTER' | 'SYNC_MASTER' | 'SLAVE';
  /** A slave, or a master with one: who reads is sent from one to the other. */
  readonly slaveRead: boolean;
}

interface ModeShape {
  readonly masters: readonly string[];
  readonly masterRole: 'ASYNC_MASTER' | 'SYNC_MASTER';
  readonly hasSlaves: boolean;
  /** When nobody says how many. */
  readonly nameServers: number;
}

const shapes: Readonly<Record<ClusterMode, ModeShape>> = {
  single: { masters: ['broker-a'], masterRole: 'ASYNC_MASTER', hasSlaves: false, nameServers: 1 },
  '2m-noslave': { masters: ['broker-a', 'broker-b'], masterRole: 'ASYNC_MASTER', hasSlaves: false, nameServers: 2 },
  '2m-2s-async': { masters: ['broker-a', 'broker-b'], masterRole: 'ASYNC_MASTER', hasSlaves: true, nameServers: 2 },
  '2m-2s-sync': { masters: ['broker-a', 'broker-b'], masterRole: 'SYNC_MASTER', hasSlaves: true, nameServers: 2 },
};

/** The nodes of a mode in the order in which they start: NameServers, masters, slaves, and Apache's proxy. */
export function planCluster(
  mode: ClusterMode,
  nameServers: number = shapes[mode].nameServers,
  hasProxy = false,
): PlannedNode[] {
  const { masters, masterRole, hasSlaves } = shapes[mode];
  return [
    ...Array.from({ length: nameServers }, (_, at) => ({ name: `namesrv-${at + 1}`, role: 'namesrv' as const })),
    ...masters.map((brokerName) => ({
      name: brokerName,
      role: 'master' as const,
      broker: { brokerName, brokerId: 0, brokerRole: masterRole, slaveRead: hasSlaves },
    })),
    ...(hasSlaves ? masters : []).map((brokerName) => ({
      name: `${brokerName}-s`,
      role: 'slave' as const,
      broker: { brokerName, brokerId: 1, brokerRole: 'SLAVE' as const, slaveRead: true },
    })),
    ...(hasProxy ? [{ name: 'proxy', role: 'proxy' as const }] : []),
  ];
}

export const CLUSTER_MODES = Object.keys(shapes) as readonly ClusterMode[];

export function isClusterMode(text: string): text is ClusterMode {
  return Object.hasOwn(shapes, text);
}
