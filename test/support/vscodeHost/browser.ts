import { accessSync, constants, existsSync } from 'node:fs';

import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

import { runProgram } from '../runProgram.ts';
import type { VsCodeServer } from './server.ts';

const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const PACKAGES = ['chromium', 'fonts-noto-cjk'];
const APT_TIMEOUT_MS = 10 * 60_000;

export interface PageSize {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly deviceScaleFactor?: number | undefined;
}

/** Starts an installed Chromium without a display. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await ensureChromium(),
    args: [
      ...(isRoot() ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-component-update',
      '--disable-background-networking',
      // A page depends on nothing but this machine.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    ],
  });
}

/** A page with storage of its own, empty at the start. */
export async function newPage(browser: Browser, size: PageSize = {}): Promise<Page> {
  const { width = 1400, height = 900, deviceScaleFactor = 1 } = size;
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor,
    locale: 'en-US',
    reducedMotion: 'reduce',
  });
  // tsx wraps named functions in this call, also in those that evaluate() sends to the page.
  await context.addInitScript('globalThis.__name ??= (target) => target');
  return context.newPage();
}

/** A page for the workbench. */
export async function newWorkbenchPage(browser: Browser, server: VsCodeServer, size?: PageSize): Promise<Page> {
  const page = await newPage(browser, size);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
  // The workbench seals stored secrets with a key it asks its server for; unanswered, a reload loses them.
  const key = Buffer.alloc(32, 1);
  await page.context().route(`${server.origin}/mint-key`, (route) => route.fulfill({ body: key }));
  return page;
}

/**
 * The path of a Chromium, installed with the system's packages when this is root on Debian.
 * @throws Error naming the one command to run where it cannot be installed
 */
export async function ensureChromium(log: (line: string) => void = () => undefined): Promise<string> {
  const found = findChromium();
  if (found !== undefined) return found;
  if (!isRoot() || !existsSync('/etc/debian_version')) {
    throw new Error(
      `no Chromium found: run "sudo apt-get install -y ${PACKAGES.join(' ')}", or name one in VSCODE_HOST_BROWSER`,
    );
  }
  log(`installing ${PACKAGES.join(', ')}`);
  await aptGet(['update']);
  await aptGet(['install', '-y', '--no-install-recommends', ...PACKAGES]);
  const installed = findChromium();
  if (installed === undefined) throw new Error('apt-get installed chromium, but no executable is where it should be');
  return installed;
}

async function aptGet(args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { code, output } = await runProgram('apt-get', args, { env, timeoutMs: APT_TIMEOUT_MS });
  if (code !== 0) throw new Error(`apt-get ${args.join(' ')} ended with ${String(code)}:\n${output.slice(-4_000)}`);
}

function findChromium(): string | undefined {
  const named = process.env['VSCODE_HOST_BROWSER'];
  return (named === undefined ? CANDIDATES : [named]).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
