import type { ClusterNodeStatus, ClusterStatus } from '../control.ts';

/** For people: a line a node. */
export function statusText({ mode, apache, dir, namesrv, pid, nodes }: ClusterStatus): string {
  const rows = [
    ['NODE', 'ROLE', 'ADDRESS', 'PID', 'STATE'],
    ...nodes.map((node) => [node.name, node.role, node.address, String(node.pid ?? '-'), stateText(node)]),
  ];
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, cell.length)), []);
  const lines = rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const of = apache === undefined ? '' : ` of Apache RocketMQ ${apache}`;
  return `Cluster ${mode}${of} in ${dir}, NameServers ${namesrv}, supervisor ${pid}.\n${lines.join('\n')}\n`;
}

function stateText({ state, ended, replication }: ClusterNodeStatus): string {
  if (ended !== null) return `${state} (${typeof ended === 'number' ? `exit code ${ended}` : ended})`;
  if (replication === null) return state;
  const { inSync, lagBytes, lagMessages } = replication;
  const messages = lagMessages === undefined ? '' : ` (${lagMessages} messages)`;
  return `${state}, ${inSync ? 'in sync' : 'not in sync'}, ${lagBytes} bytes${messages} behind`;
}
