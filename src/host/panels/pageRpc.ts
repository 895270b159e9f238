import type { HostMessage, PageCall, PageContract, PageError } from '../../contract/rpc.ts';

/** One function a call of the contract. */
export type PageHandlers<C extends PageContract> = {
  readonly [M in keyof C['calls']]: (
    params: C['calls'][M]['params'],
  ) => C['calls'][M]['result'] | Promise<C['calls'][M]['result']>;
};

/** An error whose words were chosen where it was thrown. `message` is what people read. */
export class PageProblem extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'PageProblem';
    this.code = code;
  }
}

/**
 * Answers what a page sent: every call with a value or an error. Undefined when it was no call and there is nobody to
 * answer. Never rejects.
 */
export async function answerPage<C extends PageContract>(
  message: unknown,
  handlers: PageHandlers<C>,
  toPageError: (error: unknown) => PageError,
): Promise<HostMessage | undefined> {
  if (!isPageCall(message)) return undefined;
  const { id, method, params } = message;
  try {
    if (!Object.hasOwn(handlers, method)) throw new Error(`the page called "${method}", which its host does not know`);
    const handler: (params: unknown) => unknown = handlers[method as keyof C['calls']];
    return { kind: 'value', id, value: await handler(params) };
  } catch (error) {
    const told = error instanceof PageProblem ? { code: error.code, message: error.message } : toPageError(error);
    return { kind: 'error', id, error: told };
  }
}

function isPageCall(message: unknown): message is PageCall {
  if (typeof message !== 'object' || message === null) return false;
  const { kind, id, method } = message as Partial<Record<keyof PageCall, unknown>>;
  return kind === 'call' && typeof id === 'number' && typeof method === 'string';
}
