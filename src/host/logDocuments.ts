import * as vscode from 'vscode';

import type { Clock } from '../base/clock.ts';
import { DisposableStore } from '../base/disposable.ts';
import type { Disposable } from '../base/disposable.ts';
import { errorText } from '../base/errors.ts';
import { LogFollower } from './logFollower.ts';
import { reasonWords } from './reasonWords.ts';

const SCHEME = 'rocketmq-log';
const LANGUAGE = 'rocketmq-log';
/** About 2 000 lines: enough to see what went wrong, little enough to be redrawn while it grows. */
const MAX_BYTES = 256 * 1024;

/** The ends of logs in read-only editors that follow them while they are open. */
export class LogDocuments implements vscode.TextDocumentContentProvider, Disposable {
  readonly #clock: Clock;
  readonly #store = new DisposableStore();
  readonly #changes = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.#changes.event;
  /** By address of the document. */
  readonly #followers = new Map<string, LogFollower>();
  /** Editors that showed the end before the text grew: they go on showing it. Others were scrolled up by a person. */
  readonly #following = new Map<string, readonly vscode.TextEditor[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
    this.#store.add(vscode.workspace.onDidOpenTextDocument((document) => void colour(document)));
    this.#store.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#closed(uri)));
    this.#store.add(
      vscode.workspace.onDidChangeTextDocument(({ document: { uri } }) => {
        this.#following.get(uri.toString())?.forEach(revealEnd);
      }),
    );
  }

  async show(uri: vscode.Uri): Promise<void> {
    const document = await vscode.workspace.openTextDocument(uri);
    const editor = await vscode.window.showTextDocument(document, { preview: false });
    const end = document.lineAt(document.lineCount - 1).range.end;
    editor.selection = new vscode.Selection(end, end);
    revealEnd(editor);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    // The document may be closed while the file is read.
    const follower = this.#followers.get(uri.toString()) ?? this.#follow(uri);
    await follower.poll();
    return this.#content(follower);
  }

  dispose(): void {
    for (const key of [...this.#followers.keys()]) this.#unfollow(key);
    this.#store.dispose();
  }

  #follow(uri: vscode.Uri): LogFollower {
    const follower = new LogFollower({ file: uri.query, maxBytes: MAX_BYTES, clock: this.#clock });
    this.#followers.set(uri.toString(), follower);
    follower.onChange(() => this.#grew(uri));
    return follower;
  }

  #unfollow(key: string): void {
    this.#followers.get(key)?.dispose();
    this.#followers.delete(key);
    this.#following.delete(key);
  }

  #content({ text, problem }: LogFollower): string {
    if (problem !== undefined) {
      return text + vscode.l10n.t('The log cannot be read: {0}.', reasonWords(errorText(problem))) + '\n';
    }
    return text === '' ? vscode.l10n.t('There is no log yet: nothing has been started that writes it.') + '\n' : text;
  }

  #grew(uri: vscode.Uri): void {
    const key = uri.toString();
    const showing = vscode.window.visibleTextEditors.filter(({ document }) => document.uri.toString() === key);
    this.#following.set(key, showing.filter(showsEnd));
    this.#changes.fire(uri);
  }

  #closed(uri: vscode.Uri): void {
    const key = uri.toString();
    // A document whose language is set is closed and opened again under the same address.
    const isOpen = vscode.workspace.textDocuments.some((open) => open.uri.toString() === key && !open.isClosed);
    if (!isOpen) this.#unfollow(key);
  }
}

/** `title` is what the tab shows. */
export function logUri(file: string, title: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: `/${title}`, query: file });
}

async function colour(document: vscode.TextDocument): Promise<void> {
  if (document.uri.scheme !== SCHEME || document.languageId === LANGUAGE) return;
  await vscode.languages.setTextDocumentLanguage(document, LANGUAGE);
}

function showsEnd(editor: vscode.TextEditor): boolean {
  const lastVisible = Math.max(0, ...editor.visibleRanges.map((range) => range.end.line));
  return lastVisible >= editor.document.lineCount - 2;
}

function revealEnd(editor: vscode.TextEditor): void {
  const end = editor.document.lineAt(editor.document.lineCount - 1).range;
  editor.revealRange(end, vscode.TextEditorRevealType.Default);
}
