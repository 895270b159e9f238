import fs from 'node:fs/promises';
import path from 'node:path';
import { format } from 'node:util';

import type { Browser, Page } from 'playwright-core';

import { Deferred } from '../../../src/base/deferred.ts';
import { errorText } from '../../../src/base/errors.ts';
import { waitFor } from '../waitFor.ts';
import { launchBrowser, newWorkbenchPage } from './browser.ts';
import { readHostLog } from './hostLog.ts';
import { startVsCodeServer } from './server.ts';
import type { ServerOptions, VsCodeServer } from './server.ts';
import { workbenchUrl } from './workbenchUrl.ts';

const LOG_LINES_SHOWN = 15;
const TOLD_TO_END = /received terminate message from renderer/;
const END_TIMEOUT_MS = 10_000;

export interface RunOptions extends ServerOptions {
  readonly extensionDevelopmentPath: string;
  /** A CommonJS module that exports `run(): Promise<void>`. */
  readonly extensionTestsPath: string;
  readonly workspace?: string | undefined;
  /** For the whole run. */
  readonly timeoutMs: number;
  /** Receives screenshot.png and the logs of a run that did not succeed. */
  readonly artifactsDir: string;
  /** Receives what the tests print. */
  readonly print: (line: string) => void;
}

/**
 * Runs a compiled test runner in the extension host of a real VS Code.
 * Modal dialogs are refused there; drive those with openWorkbench.
 * @returns the exit code VS Code reports: 0 when run() resolved, 1 when it rejected
 * @throws Error when VS Code did not get as far as an exit code
 */
export async function runInVsCode(options: RunOptions): Promise<number> {
  await Promise.all([options.extensionDevelopmentPath, options.extensionTestsPath].map((file) => fs.access(file)));
  const server = await startVsCodeServer(options);
  const interrupted = new Deferred<never>();
  interrupted.promise.catch(() => undefined);
  const interrupt = (reason: string): void => interrupted.reject(new Error(reason));
  const timer = setTimeout(() => interrupt(`no result within ${options.timeoutMs / 1000} s`), options.timeoutMs);
  void server.exited.then((code) => interrupt(`the VS Code server ended with code ${String(code)}`));
  let browser: Browser | undefined;
  let page: Page | undefined;
  try {
    browser = await launchBrowser();
    browser.on('disconnected', () => interrupt('the browser ended'));
    page = await newWorkbenchPage(browser, server);
    page.on('crash', () => interrupt('the page crashed'));
    const exit = new Deferred<number>();
    await listen(page, options, exit);
    await page.goto(workbenchUrl(server, options), { timeout: options.timeoutMs });
    const code = await Promise.race([exit.promise, interrupted.promise]);
    // The workbench also reports 0 when the extension host dies under the tests.
    const inOrder = async (): Promise<boolean> => TOLD_TO_END.test(await readHostLog(server.logsDir));
    if (code === 0) await waitFor('an orderly end of the extension host', inOrder, { timeoutMs: END_TIMEOUT_MS });
    if (code !== 0) await keepEvidence(options.artifactsDir, page, server);
    return code;
  } catch (error) {
    await keepEvidence(options.artifactsDir, page, server);
    const tail = (await readHostLog(server.logsDir)).trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
    throw new Error(`${errorText(error)}\nsee ${options.artifactsDir}\nend of the extension host's log:\n${tail}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    await browser?.close();
    await server.stop();
  }
}

/** Opens the two doors through which the web workbench reports. */
async function listen(page: Page, options: RunOptions, exit: Deferred<number>): Promise<void> {
  await page.exposeFunction('codeAutomationExit', (code: number) => exit.resolve(code));
  await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
    if (isFromTheTests(type, args)) options.print(format(...args));
    else options.log?.(`[workbench] ${type} ${format(...args)}`);
  });
}

/**
 * VS Code sends what the tests print and what the workbench itself logs through one channel, without telling them
 * apart, so the workbench's own start-up lines are known by their text.
 */
const WORKBENCH_LINES = [
  'Resolv(?:ing|ed) connection token',
  'Creating a socket',
  'Creation of workbench contribution',
  'Updating additional builtin extensions cache',
  'ChatSessionStore:',
  'Overwriting extension <<',
  '\\[Service Worker\\]',
  '\\[driver\\]',
  'The web worker extension host',
  'Ignoring fetching additional builtin extensions',
  'No search provider registered for scheme',
  '\\[(?:AgentHost|AccountPolicyGate|ChatModelSelection|reconnection-grace-time)\\b',
  'Timed out waiting for authentication provider',
  'Canceled: Canceled',
];
const WORKBENCH_LINE = new RegExp(`^(?:${WORKBENCH_LINES.join('|')})`);

function isFromTheTests(type: string, args: readonly unknown[]): boolean {
  return type !== 'debug' && type !== 'trace' && !WORKBENCH_LINE.test(String(args[0]));
}

async function keepEvidence(dir: string, page: Page | undefined, server: VsCodeServer): Promise<void> {
  await fs.mkdir(dir, { recursive: true });
  // The page may be what failed.
  await page?.screenshot({ path: path.join(dir, 'screenshot.png'), timeout: 5_000 }).catch(() => undefined);
  await fs.cp(server.logsDir, path.join(dir, 'logs'), { recursive: true, force: true });
}
