import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import type { Browser, Page } from 'playwright-core';
import type { PageContract, PageIdentity } from '../../src/contract/rpc.ts';
import { pageHtml } from '../../src/host/panels/pageHtml.ts';
import { PageProblem, answerPage } from '../../src/host/panels/pageRpc.ts';
import type { PageHandlers } from '../../src/host/panels/pageRpc.ts';
import { repository } from '../support/repository.ts';
import { newPage } from '../support/vscodeHost/browser.ts';
import { THEMES } from './themes.ts';
import type { ThemeName } from './themes.ts';

export interface FakeHostOptions<C extends PageContract> {
  readonly browser: Browser;
  readonly page: 'send' | 'tail';
  readonly identity: PageIdentity;
  readonly handlers: PageHandlers<C>;
  readonly theme?: ThemeName;
  readonly language?: string;
  readonly l10nBundle?: Readonly<Record<string, string>>;
  readonly width?: number;
  readonly height?: number;
}

/** What the test puts into the page. */
interface PageBridge {
  readonly tellTest: (message: unknown) => Promise<void>;
  readonly complain: (text: string) => Promise<void>;
}

/** A real page bundle in a real browser, under the real policy, with the calls answered by the test. */
export class FakeHost<C extends PageContract> {
  readonly page: Page;
  /** Every call of the page, in order. */
  readonly calls: { readonly method: string; readonly params: unknown }[] = [];
  /** What no page may do: break the policy, throw, write errors. */
  readonly complaints: string[] = [];
  readonly #server: Server;
  readonly #handlers: PageHandlers<C>;

  constructor(page: Page, server: Server, handlers: PageHandlers<C>) {
    this.page = page;
    this.#server = server;
    this.#handlers = handlers;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
  }

  async receive(message: unknown): Promise<void> {
    const { method, params } = message as { method: string; params: unknown };
    this.calls.push({ method, params });
    const answer = await answerPage(message, this.#handlers, (error) => ({ code: 'internal', message: String(error) }));
    if (answer !== undefined) await this.#post(answer);
  }

  async tell<E extends keyof C['events'] & string>(event: E, data: C['events'][E]): Promise<void> {
    await this.#post({ kind: 'event', event, data });
  }

  paramsOf(method: keyof C['calls'] & string): unknown[] {
    return this.calls.filter((call) => call.method === method).map(({ params }) => params);
  }

  /** Leaves a picture to look at in the folder that WEBVIEW_SCREENSHOTS names. */
  async screenshot(name: string): Promise<void> {
    const folder = process.env['WEBVIEW_SCREENSHOTS'];
    if (folder !== undefined) await this.page.screenshot({ path: path.join(folder, `${name}.png`) });
  }

  async close(): Promise<void> {
    await this.page.context().close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #post(message: unknown): Promise<void> {
    if (this.page.isClosed()) return;
    await this.page.evaluate((data) => window.postMessage(data, '*'), message);
  }
}

export async function openFakeHost<C extends PageContract>(options: FakeHostOptions<C>): Promise<FakeHost<C>> {
  const server = await serve(options);
  const origin = originOf(server);
  const page = await newPage(options.browser, { width: options.width ?? 900, height: options.height ?? 700 });
  // Half of a test's time: what never comes is named by Playwright, not by a test that ran out of time.
  page.setDefaultTimeout(15_000);
  const host = new FakeHost<C>(page, server, options.handlers);
  await page.exposeFunction('tellTest', (message: unknown) => host.receive(message));
  await page.exposeFunction('complain', (text: string) => void host.complaints.push(text));
  const { bodyClass, colors } = THEMES[options.theme ?? 'dark'];
  await page.addInitScript(
    (theme) => {
      document.addEventListener('securitypolicyviolation', (event) => {
        void (globalThis as unknown as PageBridge).complain(`${event.violatedDirective} refused ${event.blockedURI}`);
      });
      Reflect.set(globalThis, 'acquireVsCodeApi', () => ({
        postMessage: (message: unknown) =>
          void (globalThis as unknown as PageBridge).tellTest(structuredClone(message)),
        // Over a reload, as VS Code keeps it.
        getState: (): unknown => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
        setState: (state: unknown) => sessionStorage.setItem('state', JSON.stringify(state)),
      }));
      new MutationObserver((_, observer) => {
        if (document.querySelector('body') === null) return;
        observer.disconnect();
        document.body.classList.add(theme.bodyClass);
        for (const [name, value] of Object.entries(theme.colors)) {
          document.documentElement.style.setProperty(`--vscode-${name}`, value);
        }
      }).observe(document, { childList: true, subtree: true });
    },
    { bodyClass, colors },
  );
  await slowDown(page);
  await page.goto(origin);
  return host;
}

/** Where WEBVIEW_SLOWNESS says so, to that part of the processor's speed: frames are late, as on a busy machine. */
async function slowDown(page: Page): Promise<void> {
  const rate = Number(process.env['WEBVIEW_SLOWNESS'] ?? 1);
  if (rate <= 1) return;
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate });
}

export function problem(message: string): PageProblem {
  return new PageProblem('test', message);
}

async function serve<C extends PageContract>(options: FakeHostOptions<C>): Promise<Server> {
  const bundles = path.join(repository, 'dist', 'webview');
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/') {
      response.setHeader('content-type', 'text/html');
      response.end(
        pageHtml({
          viewType: `rocketmq.${options.page}`,
          title: 'Page under test',
          language: options.language ?? 'en',
          nonce: 'bm9uY2U',
          cspSource: originOf(server),
          scriptUri: `/${options.page}.js`,
          styleUri: `/${options.page}.css`,
          identity: options.identity,
          l10nBundle: options.l10nBundle ?? {},
        }),
      );
      return;
    }
    if (pathname === '/favicon.ico') {
      response.writeHead(204).end();
      return;
    }
    readFile(path.join(bundles, path.basename(pathname))).then(
      (content) => {
        const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.ttf': 'font/ttf' };
        response.setHeader('content-type', types[path.extname(pathname)] ?? 'application/octet-stream');
        response.end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
