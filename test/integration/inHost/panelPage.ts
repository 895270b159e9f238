import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { Deferred } from '../../../src/base/deferred.ts';
import type { HostMessage, PageContract } from '../../../src/contract/rpc.ts';
import type { SendFormContract } from '../../../src/contract/sendForm.ts';
import type { TailContract } from '../../../src/contract/tail.ts';
import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { waitFor } from '../../support/waitFor.ts';

/**
 * A panel without a window: what stands behind a page is the extension's own, and the test speaks in the page's place.
 * That the page itself asks and shows the same is what the tests of the workbench prove.
 */
export class PanelPage<C extends PageContract> {
  readonly panel: vscode.WebviewPanel;
  readonly #asked = new vscode.EventEmitter<unknown>();
  readonly #disposed = new vscode.EventEmitter<void>();
  readonly #waiting = new Map<number, Deferred<HostMessage>>();
  #nextId = 1;

  constructor(viewType: string) {
    const nothing = new vscode.EventEmitter<never>();
    this.panel = {
      viewType,
      title: '',
      options: {},
      viewColumn: vscode.ViewColumn.One,
      active: true,
      visible: true,
      onDidChangeViewState: nothing.event,
      onDidDispose: this.#disposed.event,
      reveal: () => undefined,
      dispose: () => this.#disposed.fire(),
      webview: {
        options: {},
        html: '',
        cspSource: 'https://page.test',
        asWebviewUri: (uri) => uri,
        onDidReceiveMessage: this.#asked.event,
        postMessage: (message) => {
          this.#receive(message as HostMessage);
          return Promise.resolve(true);
        },
      },
    };
  }

  /** What the page would get; an error rejects with the words that people would read. */
  async call<M extends keyof C['calls'] & string>(
    method: M,
    params: C['calls'][M]['params'],
  ): Promise<C['calls'][M]['result']> {
    const id = this.#nextId++;
    const answer = new Deferred<HostMessage>();
    this.#waiting.set(id, answer);
    this.#asked.fire({ kind: 'call', id, method, params });
    const message = await answer.promise;
    if (message.kind === 'error') throw new Error(message.error.message);
    assert.ok(message.kind === 'value');
    return message.value;
  }

  dispose(): void {
    this.panel.dispose();
  }

  #receive(message: HostMessage): void {
    if (message.kind !== 'event') this.#waiting.get(message.id)?.resolve(message);
  }
}

/** The page of a send panel that came back after a reload. */
export async function sendPage(
  { sendPanels }: ExtensionApi,
  connectionId: string,
): Promise<PanelPage<SendFormContract>> {
  const page = new PanelPage<SendFormContract>('rocketmq.send');
  await sendPanels.deserializeWebviewPanel(page.panel, { identity: { connectionId } });
  return page;
}

/** The page of a tail panel that came back after a reload, of a group where there is one. */
export async function restoredTail(
  { tailPanels }: ExtensionApi,
  identity: { readonly connectionId: string; readonly topic: string; readonly group?: string },
): Promise<PanelPage<TailContract>> {
  const page = new PanelPage<TailContract>('rocketmq.tail');
  await tailPanels.deserializeWebviewPanel(page.panel, { identity });
  return page;
}

/** The same once it stands at the end of every queue. */
export async function tailPage(
  api: ExtensionApi,
  connectionId: string,
  topic: string,
): Promise<PanelPage<TailContract>> {
  const page = await restoredTail(api, { connectionId, topic });
  await waitFor('the tail to read', async () => (await page.call('ready', undefined)).reading);
  return page;
}
