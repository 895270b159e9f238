import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { startListening } from '../../remoting/startListening.ts';
import type { ControlAccess } from '../control.ts';
import { ControlError } from './controlError.ts';
import { checkCaller } from './httpGate.ts';

/** Answers a request that may be made; what it resolves with becomes JSON. */
export type ControlHandler = (call: ControlCall) => unknown;

export interface ControlCall {
  readonly request: IncomingMessage;
  /** What stands in the path for `:name`. */
  readonly name: string;
  readonly query: URLSearchParams;
  /** Is the caller gone? */
  readonly signal: AbortSignal;
}

/** `GET /topics/:name` and its handler. */
export type ControlRoute = readonly [pattern: string, handler: ControlHandler];

export interface ControlServer {
  readonly access: ControlAccess;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const READ_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 256;

/**
 * Serves JSON over HTTP to programs of this machine that know the token.
 * @throws CodedError `port-in-use`, `port-not-permitted`
 */
export async function serveControl({
  port,
  listen,
  routes,
  logger,
}: {
  readonly port: number;
  readonly listen: typeof startListening;
  readonly routes: readonly ControlRoute[];
  readonly logger: Logger;
}): Promise<ControlServer> {
  const token = randomBytes(32).toString('base64url');
  let listening = port;
  const server = createServer(
    { requestTimeout: READ_TIMEOUT_MS, headersTimeout: READ_TIMEOUT_MS },
    (request, response) => {
      answer(request, response, routes, () => checkCaller(request, token, listening)).catch((error: unknown) => {
        logger.error(`${request.method ?? ''} of the control interface is not answered: ${errorText(error)}`);
        response.destroy();
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  listening = await listen(server, { host: HOST, port });
  server.on('error', (error) => logger.error('the control interface failed', error));
  return {
    access: { url: `http://${HOST}:${listening}`, token },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    table: readonly ControlRoute[],
    check: () => void,
  ): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      check();
      const { handler, ...found } = find(table, request);
      write(response, 200, await handler({ request, ...found, signal: gone.signal }));
    } catch (error) {
      if (!(error instanceof ControlError)) logger.error(`${request.method ?? ''} ${pathOf(request)} failed`, error);
      const status = error instanceof ControlError ? error.status : 500;
      // The rest of a body that nobody reads would come before the next request.
      if (!request.complete) response.setHeader('connection', 'close');
      const allowed = error instanceof ControlError ? error.allowed : undefined;
      write(response, status, { error: { message: errorText(error), allowed } });
    }
  }
}

function find(
  routes: readonly ControlRoute[],
  request: IncomingMessage,
): { readonly handler: ControlHandler; readonly name: string; readonly query: URLSearchParams } {
  const path = pathOf(request);
  const query = new URLSearchParams((request.url ?? '').split('?')[1]);
  const ofPath: string[] = [];
  for (const [pattern, handler] of routes) {
    const [method = '', shape = ''] = pattern.split(' ');
    const name = nameIn(shape, path);
    if (name === undefined) continue;
    if (method === request.method) return { handler, name, query };
    ofPath.push(method);
  }
  if (ofPath.length > 0) throw new ControlError(405, `${request.method ?? ''} is not for ${path}`, ofPath);
  throw new ControlError(
    404,
    `there is no ${path.slice(0, 80)}`,
    routes.map(([pattern]) => pattern),
  );
}

/** Empty where the shape has no `:name`; undefined where the path is another. */
function nameIn(shape: string, path: string): string | undefined {
  const at = shape.indexOf(':');
  if (at < 0) return path === shape ? '' : undefined;
  const rest = path.slice(at);
  if (!path.startsWith(shape.slice(0, at)) || rest === '' || rest.includes('/')) return undefined;
  try {
    return decodeURIComponent(rest);
  } catch {
    return undefined;
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/\?.*$/s, '');
}

function write(response: ServerResponse, status: number, value: unknown): void {
  if (response.destroyed) return;
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
