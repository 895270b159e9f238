import * as vscode from 'vscode';

import { DisposableStore } from '../../base/disposable.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { ReceivedMessage } from '../../client/receivedMessage.ts';
import { messageText } from './messageText.ts';

const SCHEME = 'rocketmq-message';

/** Whole messages as read-only documents. A text is held as long as its document is open. */
export class MessageDocuments implements Disposable, vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  readonly #subscriptions = new DisposableStore();

  register(): void {
    this.#subscriptions.add(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
    this.#subscriptions.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => void this.#texts.delete(uri.toString())),
    );
  }

  async show(message: ReceivedMessage): Promise<void> {
    const { extension, text } = messageText(message);
    const { topic, brokerName, queueId, offset, messageId } = message;
    const uri = vscode.Uri.from({
      scheme: SCHEME,
      path: `/${topic}/${brokerName}-${queueId}-${offset}.${extension}`,
      // Told apart from a message with the same place in another cluster.
      query: messageId,
    });
    this.#texts.set(uri.toString(), text);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.#texts.get(uri.toString()) ??
      vscode.l10n.t('This message is no longer held. Open it again from the tail of its topic.')
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
    this.#texts.clear();
  }
}
