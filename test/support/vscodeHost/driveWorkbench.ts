import fs from 'node:fs/promises';
import path from 'node:path';

import type { Browser, Frame, Locator, Page } from 'playwright-core';

import { isAlive } from '../cacheLock.ts';
import { waitFor } from '../waitFor.ts';
import { launchBrowser, newWorkbenchPage } from './browser.ts';
import type { PageSize } from './browser.ts';
import { activationPattern, newestHostLogDir, readExtensionLog, readHostLog } from './hostLog.ts';
import * as messages from './messages.ts';
import * as quickInput from './quickInput.ts';
import { startVsCodeServer } from './server.ts';
import type { ServerOptions, VsCodeServer } from './server.ts';
import { parseActivationStats } from './startupPerformance.ts';
import type { ActivationFigures } from './startupPerformance.ts';
import { escapeForRegExp } from './textPattern.ts';
import * as trees from './treeView.ts';
import * as webviews from './webviews.ts';
import { workbenchUrl } from './workbenchUrl.ts';

const START_TIMEOUT_MS = 120_000;
const STATE_FLUSH_MS = 6_000;
const CLOSE_TIMEOUT_MS = 8_000;
const DEFAULT_STEP_TIMEOUT_MS = 45_000;

export interface WorkbenchOptions extends Omit<ServerOptions, 'extensionDevelopmentPath'>, PageSize {
  readonly workspace?: string | undefined;
  /** A value of workbench.colorTheme, `Default High Contrast` for example. */
  readonly theme?: string | undefined;
  /** How long a single step may take. Default 20 s. */
  readonly timeoutMs?: number | undefined;
}

/** Opens a real VS Code in a browser without a display, to be driven the way a person does. Close it at the end. */
export async function openWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const { theme, timeoutMs = DEFAULT_STEP_TIMEOUT_MS } = options;
  const userSettings = { ...(theme === undefined ? {} : { 'workbench.colorTheme': theme }), ...options.userSettings };
  const server = await startVsCodeServer({ ...options, userSettings });
  let browser: Browser | undefined;
  try {
    browser = await launchBrowser();
    const page = await newWorkbenchPage(browser, server, options);
    page.setDefaultTimeout(timeoutMs);
    const workbench = new Workbench(server, browser, page, timeoutMs);
    await page.goto(workbenchUrl(server, options), { timeout: START_TIMEOUT_MS });
    await workbench.ready();
    return workbench;
  } catch (error) {
    await browser?.close();
    await server.stop();
    throw error;
  }
}

export class Workbench {
  /** For anything that this class does not cover. */
  readonly page: Page;
  readonly #server: VsCodeServer;
  readonly #browser: Browser;
  readonly #timeoutMs: number;

  constructor(server: VsCodeServer, browser: Browser, page: Page, timeoutMs: number) {
    this.#server = server;
    this.#browser = browser;
    this.page = page;
    this.#timeoutMs = timeoutMs;
  }

  /** Process group of the server, the extension host and all they start. */
  get serverPid(): number {
    return this.#server.pid;
  }

  /** Waits until the page is drawn and the extensions that start at once are active. */
  async ready(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: START_TIMEOUT_MS });
    await this.untilHostLog(/Eager extensions activated/, START_TIMEOUT_MS);
  }

  /** Reloads the window; what the extension stored with VS Code is still there afterwards. */
  async reload(): Promise<void> {
    // The workbench writes changed state to the browser's storage every five seconds only.
    await this.page.waitForTimeout(STATE_FLUSH_MS);
    const before = await newestHostLogDir(this.#server.logsDir);
    await this.page.reload({ timeout: START_TIMEOUT_MS });
    const changed = async (): Promise<boolean> => (await newestHostLogDir(this.#server.logsDir)) !== before;
    await this.until('a new extension host', changed, START_TIMEOUT_MS);
    await this.ready();
  }

  /** Ends VS Code. The extension host gets the time to call deactivate() and to write its coverage. */
  async close(): Promise<void> {
    const pid = Number(/Extension host with pid (\d+) started/.exec(await this.hostLog())?.[1] ?? 0);
    await this.page.close().catch(() => undefined);
    const gone = (): boolean => pid === 0 || !isAlive(pid);
    // One that does not end by itself is killed with the server.
    await waitFor('the extension host to end', gone, { timeoutMs: CLOSE_TIMEOUT_MS }).catch(() => undefined);
    await this.#browser.close();
    await this.#server.stop();
  }

  /** `title` is what the command palette shows, with the category. */
  runCommand(title: string): Promise<void> {
    return quickInput.runCommand(this.page, title, this.#timeoutMs);
  }

  typeInput(text: string): Promise<void> {
    return quickInput.typeInput(this.page, text);
  }

  pick(label: string): Promise<void> {
    return quickInput.pick(this.page, label);
  }

  /** Shows a view container of the activity bar by its title. */
  async openActivity(title: string): Promise<void> {
    const name = new RegExp(`^${escapeForRegExp(title)}( \\(|$)`);
    const tab = this.page.locator('.activitybar').getByRole('tab', { name });
    const sideBar = this.page.locator('.part.sidebar');
    const selected = (await tab.getAttribute('aria-selected')) === 'true';
    if (!selected || !(await sideBar.isVisible())) await tab.click();
    await sideBar.locator('.composite.title').waitFor();
  }

  pane(title: string): Locator {
    return trees.pane(this.page, title);
  }

  treeItems(view: string): Promise<trees.TreeRow[]> {
    return trees.treeItems(this.page, view);
  }

  treeItem(view: string, labels: readonly string[]): Promise<Locator> {
    return trees.treeItem(this.page, view, labels, this.#timeoutMs);
  }

  async expandTreeItem(view: string, labels: readonly string[]): Promise<Locator> {
    const row = await this.treeItem(view, labels);
    await trees.expand(row);
    return row;
  }

  contextMenu(row: Locator, entry: string): Promise<void> {
    return trees.contextMenu(this.page, row, entry);
  }

  webview(viewType: string): Promise<Frame> {
    return webviews.webview(this.page, viewType, this.#timeoutMs);
  }

  webviews(): Promise<webviews.ShownWebview[]> {
    return webviews.webviews(this.page);
  }

  notifications(): Promise<messages.ShownNotification[]> {
    return messages.notifications(this.page);
  }

  notification(wanted: string | RegExp): Promise<messages.ShownNotification> {
    return messages.notification(this.page, wanted, this.#timeoutMs);
  }

  clearNotifications(): Promise<void> {
    return this.runCommand('Notifications: Clear All Notifications');
  }

  /** The modal dialog on screen, once there is one. */
  dialog(): Promise<messages.ShownDialog> {
    return messages.dialog(this.page);
  }

  answerDialog(button: string): Promise<void> {
    return messages.answerDialog(this.page, button);
  }

  statusBar(): Promise<string[]> {
    return messages.statusBar(this.page);
  }

  /** Changes user settings in the editor: a change of the file is not noticed. */
  async changeSettings(changes: Readonly<Record<string, unknown>>): Promise<void> {
    const file = path.join(this.#server.userDataDir, 'User', 'settings.json');
    const before = JSON.parse(await fs.readFile(file, 'utf8')) as Record<string, unknown>;
    const text = JSON.stringify({ ...before, ...changes });
    await this.runCommand('Preferences: Open User Settings (JSON)');
    const group = this.page.locator('.editor-group-container.active');
    await group.locator('.tab.active[data-resource-name="settings.json"]').waitFor();
    await group.locator('.view-lines').click();
    await this.page.keyboard.press('Control+A');
    // Pasted, because the editor would add closing brackets to text that is typed.
    await this.page.evaluate((pasted) => navigator.clipboard.writeText(pasted), text);
    await this.page.keyboard.press('Control+V');
    await this.page.keyboard.press('Control+S');
    await this.until('the settings to be saved', async () => (await fs.readFile(file, 'utf8')) === text);
    await this.runCommand('View: Close Editor');
  }

  /** Switches the colour theme and waits until it is drawn. */
  async useTheme(theme: string, kind: 'vs' | 'vs-dark' | 'hc-black' | 'hc-light'): Promise<void> {
    await this.changeSettings({ 'workbench.colorTheme': theme });
    await this.page.locator(`.monaco-workbench.${kind}`).waitFor();
  }

  /** VS Code's own figures by extension id, in lower case. */
  async activationTimes(): Promise<ReadonlyMap<string, ActivationFigures>> {
    await this.runCommand('Developer: Startup Performance');
    const lines = this.page.locator('.editor-group-container.active .view-lines');
    const report = await waitFor(
      'the startup performance report',
      async () => {
        await lines.click();
        await this.page.keyboard.press('Control+A');
        await this.page.keyboard.press('Control+C');
        const text = await this.page.evaluate(() => navigator.clipboard.readText());
        return text.includes('## Extension Activation Stats') ? text : undefined;
      },
      { timeoutMs: this.#timeoutMs, pollMs: 100 },
    );
    await this.runCommand('View: Close Editor');
    return parseActivationStats(report);
  }

  hostLog(): Promise<string> {
    return readHostLog(this.#server.logsDir);
  }

  extensionLog(extensionId: string, channel: string): Promise<string> {
    return readExtensionLog(this.#server.logsDir, extensionId, channel);
  }

  async untilHostLog(pattern: RegExp, timeoutMs = this.#timeoutMs): Promise<void> {
    const found = async (): Promise<boolean> => pattern.test(await this.hostLog());
    await this.until(`${String(pattern)} in the extension host's log`, found, timeoutMs);
  }

  /** Waits until the extension's activate() has been called. */
  untilActivated(extensionId: string): Promise<void> {
    return this.untilHostLog(activationPattern(extensionId));
  }

  async screenshot(file: string): Promise<void> {
    await fs.mkdir(path.dirname(path.resolve(file)), { recursive: true });
    await this.page.screenshot({ path: file, animations: 'disabled' });
  }

  async until(what: string, test: () => boolean | Promise<boolean>, timeoutMs = this.#timeoutMs): Promise<void> {
    await waitFor(what, test, { timeoutMs, pollMs: 100 });
  }
}
