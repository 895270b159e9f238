import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { isCodedError } from '../../base/errors.ts';
import { startListening } from '../../remoting/startListening.ts';
import type { ClusterRole } from '../control.ts';
import { clusterProblem } from './clusterProblem.ts';
import { haPortBeside, remotingPortBeside } from './nodeConf.ts';

/** Below those that systems give to sockets which ask for any. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_700;
const ATTEMPTS = 200;

/**
 * A broker listens two below its port for old clients, and one above it for slaves (source: broker sheet §20, 12); a
 * proxy one above it for clients that do not speak gRPC.
 */
export function portsOf(role: ClusterRole, port: number): readonly number[] {
  switch (role) {
    case 'namesrv':
      return [port];
    case 'proxy':
      return [port, remotingPortBeside(port)];
    case 'master':
    case 'slave':
      return [port - 2, port, haPortBeside(port)];
  }
}

/** Ports that nobody listens on, one for every role; all are held until the last is found. */
export async function choosePorts(roles: readonly ClusterRole[], host: string): Promise<number[]> {
  const held: Server[] = [];
  try {
    const ports: number[] = [];
    for (const role of roles) {
      const { port, servers } = await holdAny(role, host);
      held.push(...servers);
      ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(held.map(close));
  }
}

/** The first of these ports that somebody listens on. @throws CodedError `port-not-permitted`, `address-unresolved` */
export async function firstInUse(ports: readonly number[], host: string): Promise<number | undefined> {
  for (const port of ports) {
    const servers = await holdAll([port], host);
    if (servers === undefined) return port;
    await Promise.all(servers.map(close));
  }
  return undefined;
}

async function holdAny(role: ClusterRole, host: string): Promise<{ port: number; servers: readonly Server[] }> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const servers = await holdAll(portsOf(role, port), host);
    if (servers !== undefined) return { port, servers };
  }
  throw clusterProblem(`${host} has no free ports`, 'give some with --namesrv-port and --port');
}

/** Undefined when one of them is in use. */
async function holdAll(ports: readonly number[], host: string): Promise<Server[] | undefined> {
  const held: Server[] = [];
  try {
    for (const port of ports) {
      const server = createServer();
      await startListening(server, { host, port });
      held.push(server);
    }
    return held;
  } catch (error) {
    await Promise.all(held.map(close));
    if (isCodedError(error, 'port-in-use')) return undefined;
    throw error;
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
