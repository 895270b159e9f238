import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { startListening } from '../../remoting/startListening.ts';
import type { ClusterAnswer, ClusterRequest, NodeAction } from '../control.ts';

/** One line of JSON each way, the first with the token; then the connection ends. */
export type SupervisorLine = ClusterRequest & { readonly token: string };

export interface SupervisorServer {
  readonly port: number;
  close(): void;
}

const MAX_LINE = 4096;
const PATIENCE_MS = 5000;
const ACTIONS: Readonly<Record<NodeAction, true>> = { start: true, stop: true, kill: true, pause: true, resume: true };

/** Where other processes of this machine, who know the token, ask the supervisor of a cluster. */
export async function serveSupervisor(
  token: string,
  answer: (request: ClusterRequest) => Promise<ClusterAnswer>,
): Promise<SupervisorServer> {
  /** Who said nothing yet. */
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.once('close', () => waiting.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= MAX_LINE) return;
      socket.removeAllListeners('data');
      socket.resume();
      socket.setTimeout(0);
      waiting.delete(socket);
      const request = end < 0 ? undefined : readRequest(text.slice(0, end), token);
      const ask = request === undefined ? Promise.resolve(notUnderstood) : answer(request);
      void ask.then((reply) => {
        socket.setTimeout(PATIENCE_MS);
        socket.end(`${JSON.stringify(reply)}\n`);
      });
    });
  });
  const port = await startListening(server, { host: '127.0.0.1', port: 0 });
  return {
    port,
    close: () => {
      server.close();
      // Who asked still gets the answer.
      for (const socket of waiting) socket.destroy();
    },
  };
}

const notUnderstood: ClusterAnswer = {
  ok: false,
  reason: 'the supervisor does not understand the request, or the token is wrong',
  next: 'use the rocketmq-local that started it',
};

function readRequest(line: string, token: string): ClusterRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { token: given, action, node } = value as Record<string, unknown>;
  if (typeof given !== 'string' || !isSame(given, token)) return undefined;
  if (action !== undefined && !isAction(action)) return undefined;
  if (node !== undefined && typeof node !== 'string') return undefined;
  return { ...(action === undefined ? {} : { action }), ...(node === undefined ? {} : { node }) };
}

function isAction(value: unknown): value is NodeAction {
  return typeof value === 'string' && Object.hasOwn(ACTIONS, value);
}

function isSame(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
