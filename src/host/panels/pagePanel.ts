import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { PageContract, PageError, PageIdentity } from '../../contract/rpc.ts';
import { pageHtml } from './pageHtml.ts';
import type { PageHandlers } from './pageRpc.ts';
import { answerPage } from './pageRpc.ts';

export interface PagePanelOptions<C extends PageContract> {
  readonly panel: vscode.WebviewPanel;
  readonly extensionUri: vscode.Uri;
  /** Name of the bundle in `dist/webview` and of the tab's icons in `media/panel`. */
  readonly page: string;
  readonly title: string;
  readonly identity: PageIdentity;
  readonly handlers: PageHandlers<C>;
  readonly toPageError: (error: unknown) => PageError;
  readonly logger: Logger;
  readonly onDispose: () => void;
}

/** A webview panel with one of our pages in it. The page is made anew whenever the panel is shown again. */
export class PagePanel<C extends PageContract> {
  readonly #panel: vscode.WebviewPanel;
  readonly #logger: Logger;
  #isOpen = true;

  constructor(options: PagePanelOptions<C>) {
    const { panel, extensionUri, page, title, identity, handlers, toPageError, logger, onDispose } = options;
    this.#panel = panel;
    this.#logger = logger;
    const { webview } = panel;
    panel.title = title;
    const icon = (theme: 'light' | 'dark'): vscode.Uri =>
      vscode.Uri.joinPath(extensionUri, 'media', 'panel', `${page}-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    webview.options = webviewOptions(extensionUri);
    const listening = webview.onDidReceiveMessage(async (message: unknown) => {
      const answer = await answerPage(message, handlers, (error) => {
        logger.error(`${panel.viewType}: a call of the page failed`, error);
        return toPageError(error);
      });
      if (answer !== undefined) await this.#post(answer);
    });
    panel.onDidDispose(() => {
      this.#isOpen = false;
      listening.dispose();
      onDispose();
    });
    const bundle = (extension: string): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(bundleDirectory(extensionUri), `${page}.${extension}`)).toString();
    webview.html = pageHtml({
      viewType: panel.viewType,
      title,
      language: vscode.env.language,
      nonce: randomBytes(16).toString('base64url'),
      cspSource: webview.cspSource,
      scriptUri: bundle('js'),
      styleUri: bundle('css'),
      identity,
      l10nBundle: vscode.l10n.bundle ?? {},
    });
  }

  get isVisible(): boolean {
    return this.#isOpen && this.#panel.visible;
  }

  set title(title: string) {
    if (this.#isOpen) this.#panel.title = title;
  }

  /** A page that is hidden hears nothing; it asks for what it missed when it is made anew. */
  tell<E extends keyof C['events'] & string>(event: E, data: C['events'][E]): void {
    if (this.isVisible) void this.#post({ kind: 'event', event, data });
  }

  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    this.#panel.dispose();
  }

  async #post(message: unknown): Promise<void> {
    if (!this.#isOpen) return;
    try {
      await this.#panel.webview.postMessage(message);
    } catch (error) {
      // The panel was closed while the answer was on its way.
      this.#logger.debug(`${this.#panel.viewType}: an answer was not delivered: ${errorText(error)}`);
    }
  }
}

/** What `createWebviewPanel` gets: the page may load our bundles and nothing else. */
export function webviewOptions(extensionUri: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, enableForms: false, localResourceRoots: [bundleDirectory(extensionUri)] };
}

function bundleDirectory(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
}
