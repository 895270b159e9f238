import { notSupported } from './notSupported.ts';
import type { RequestHandler } from './peer.ts';

/** Finds the handler of a request code; a code without one is answered with 3. */
export class Router {
  readonly #handlers = new Map<number, RequestHandler>();

  /** @throws Error when the code has a handler already */
  on(code: number, handler: RequestHandler): void {
    if (this.#handlers.has(code)) throw new Error(`request code ${code} has a handler already`);
    this.#handlers.set(code, handler);
  }

  readonly handle: RequestHandler = (request) => (this.#handlers.get(request.command.code) ?? notSupported)(request);
}
