import * as vscode from 'vscode';

import type { Clock } from '../base/clock.ts';
import { DisposableStore } from '../base/disposable.ts';
import type { Disposable } from '../base/disposable.ts';
import { errorText } from '../base/errors.ts';
import { LogFollower } from './logFollower.ts';

const SCHEME = 'rocketmq-log';
const LANGUAGE = 'rocketmq-log';
const URI = vscode.Uri.from({ scheme: SCHEME, path: '/localBroker.log' });
/** About 2 000 lines: enough to see what went wrong, little enough to be redrawn while it grows. */
const MAX_BYTES = 256 * 1024;

/** The end of the local broker's log in a read-only editor that follows it while it is open. */
export class BrokerLog implements vscode.TextDocumentContentProvider, Disposable {
  readonly #logFile: string;
  readonly #clock: Clock;
  readonly #store = new DisposableStore();
  readonly #changes = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.#changes.event;
  #follower: LogFollower | undefined;
  /** Editors that showed the end before the text grew: they go on showing it. Others were scrolled up by a person. */
  #following: readonly vscode.TextEditor[] = [];

  constructor(logFile: string, clock: Clock) {
    this.#logFile = logFile;
    this.#clock = clock;
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
    this.#store.add(vscode.workspace.onDidOpenTextDocument((document) => void colour(document)));
    this.#store.add(vscode.workspace.onDidCloseTextDocument((document) => this.#closed(document)));
    this.#store.add(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme === SCHEME) this.#following.forEach(revealEnd);
      }),
    );
  }

  async show(): Promise<void> {
    const document = await vscode.workspace.openTextDocument(URI);
    const editor = await vscode.window.showTextDocument(document, { preview: false });
    const end = document.lineAt(document.lineCount - 1).range.end;
    editor.selection = new vscode.Selection(end, end);
    revealEnd(editor);
  }

  async provideTextDocumentContent(): Promise<string> {
    // The document may be closed while the file is read.
    const follower = (this.#follower ??= this.#follow());
    await follower.poll();
    return this.#content(follower);
  }

  dispose(): void {
    this.#unfollow();
    this.#store.dispose();
  }

  #follow(): LogFollower {
    const follower = new LogFollower({ file: this.#logFile, maxBytes: MAX_BYTES, clock: this.#clock });
    follower.onChange(() => this.#grew());
    return follower;
  }

  #unfollow(): void {
    this.#follower?.dispose();
    this.#follower = undefined;
  }

  #content({ text, problem }: LogFollower): string {
    if (problem !== undefined) {
      return text + vscode.l10n.t('The log cannot be read: {0}.', errorText(problem)) + '\n';
    }
    return text === '' ? vscode.l10n.t('There is no log yet: the local broker has not been started.') + '\n' : text;
  }

  #grew(): void {
    this.#following = vscode.window.visibleTextEditors.filter(
      (editor) => editor.document.uri.scheme === SCHEME && showsEnd(editor),
    );
    this.#changes.fire(URI);
  }

  #closed(document: vscode.TextDocument): void {
    // A document whose language is set is closed and opened again under the same address.
    const isOpen = vscode.workspace.textDocuments.some((open) => open.uri.scheme === SCHEME && !open.isClosed);
    if (document.uri.scheme !== SCHEME || isOpen) return;
    this.#unfollow();
  }
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
