import * as vscode from 'vscode';

import type { Disposable } from '../base/disposable.ts';

/** Place of a question in a row of questions. */
export interface PromptStep {
  readonly number: number;
  readonly total: number;
}

export interface InputPrompt {
  readonly title: string;
  readonly prompt: string;
  readonly value?: string;
  readonly placeholder?: string;
  readonly step?: PromptStep;
  /** Shows no letter of it. */
  readonly isSecret?: boolean;
  /** Words on why the text cannot be taken, or undefined when it can. */
  readonly validate?: (text: string) => string | undefined;
  /** Shows a Back button; called when it is used, and the answer is undefined then. */
  readonly onBack?: () => void;
}

export interface PickPrompt<T> {
  readonly title: string;
  readonly placeholder?: string;
  readonly items: readonly PickItem<T>[];
  readonly step?: PromptStep;
  readonly onBack?: () => void;
}

export interface PickItem<T> {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly value: T;
}

/** A folder or file that is there, or a file to be written. */
export interface PathPrompt {
  readonly kind: 'folder' | 'file' | 'save';
  readonly title: string;
  /** On the button that takes it. */
  readonly button: string;
  readonly value?: string;
}

export type Severity = 'info' | 'warning' | 'error';

/** Every question and message to the person; undefined is the answer of who dismissed it (Escape). */
export interface Prompts {
  input(prompt: InputPrompt): Promise<string | undefined>;
  pick<T>(prompt: PickPrompt<T>): Promise<T | undefined>;
  /** Absolute. */
  path(prompt: PathPrompt): Promise<string | undefined>;
  /** The action chosen. */
  tell(severity: Severity, message: string, ...actions: string[]): Promise<string | undefined>;
  /** Asks in the way of everything else before something that cannot be undone. */
  confirm(message: string, detail: string, action: string): Promise<boolean>;
}

/** VS Code's own, unless a test answers: VS Code refuses modal dialogs while tests run in it. */
export class PromptSeam implements Prompts {
  #answering: Prompts = vscodePrompts;

  answerWith(prompts: Prompts): Disposable {
    this.#answering = prompts;
    return { dispose: () => (this.#answering = vscodePrompts) };
  }

  input(prompt: InputPrompt): Promise<string | undefined> {
    return this.#answering.input(prompt);
  }

  pick<T>(prompt: PickPrompt<T>): Promise<T | undefined> {
    return this.#answering.pick(prompt);
  }

  path(prompt: PathPrompt): Promise<string | undefined> {
    return this.#answering.path(prompt);
  }

  tell(severity: Severity, message: string, ...actions: string[]): Promise<string | undefined> {
    return this.#answering.tell(severity, message, ...actions);
  }

  confirm(message: string, detail: string, action: string): Promise<boolean> {
    return this.#answering.confirm(message, detail, action);
  }
}

const vscodePrompts: Prompts = {
  input(prompt) {
    const box = vscode.window.createInputBox();
    const validate = () => (box.validationMessage = prompt.validate?.(box.value));
    prepare(box, prompt);
    box.prompt = prompt.prompt;
    box.value = prompt.value ?? '';
    box.password = prompt.isSecret ?? false;
    return shown(box, prompt, (accept) => {
      box.onDidChangeValue(validate);
      box.onDidAccept(() => {
        if (validate() === undefined) accept(box.value);
      });
    });
  },

  pick<T>(prompt: PickPrompt<T>) {
    const box = vscode.window.createQuickPick<vscode.QuickPickItem & { value: T }>();
    prepare(box, prompt);
    box.items = [...prompt.items];
    box.matchOnDescription = true;
    box.matchOnDetail = true;
    return shown<T>(box, prompt, (accept) => {
      box.onDidAccept(() => {
        const [chosen] = box.selectedItems;
        if (chosen !== undefined) accept(chosen.value);
      });
    });
  },

  async path({ kind, title, button, value }) {
    const start = value === undefined ? {} : { defaultUri: vscode.Uri.file(value) };
    if (kind === 'save') {
      return (await vscode.window.showSaveDialog({ title, saveLabel: button, ...start }))?.fsPath;
    }
    const isFolder = kind === 'folder';
    const chosen = await vscode.window.showOpenDialog({
      ...{ title, openLabel: button, canSelectFolders: isFolder, canSelectFiles: !isFolder },
      ...start,
    });
    return chosen?.[0]?.fsPath;
  },

  async tell(severity, message, ...actions) {
    switch (severity) {
      case 'info':
        return vscode.window.showInformationMessage(message, ...actions);
      case 'warning':
        return vscode.window.showWarningMessage(message, ...actions);
      case 'error':
        return vscode.window.showErrorMessage(message, ...actions);
    }
  },

  async confirm(message, detail, action) {
    return (await vscode.window.showWarningMessage(message, { modal: true, detail }, action)) === action;
  },
};

function prepare(
  box: vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>,
  prompt: InputPrompt | PickPrompt<unknown>,
) {
  box.title = prompt.title;
  box.placeholder = prompt.placeholder;
  box.step = prompt.step?.number;
  box.totalSteps = prompt.step?.total;
  box.buttons = prompt.onBack === undefined ? [] : [vscode.QuickInputButtons.Back];
  // Who looks something up in another window finds the half-answered question on return.
  box.ignoreFocusOut = true;
}

/** Shows the box until `accept` is called with an answer, Back is used or it is dismissed. */
function shown<T>(
  box: vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem & { value: T }>,
  prompt: { readonly onBack?: () => void },
  wire: (accept: (answer: T) => void) => void,
): Promise<T | undefined> {
  return new Promise<T | undefined>((resolve) => {
    const finish = (answer: T | undefined) => {
      resolve(answer);
      box.dispose();
    };
    wire(finish);
    box.onDidTriggerButton(() => {
      prompt.onBack?.();
      finish(undefined);
    });
    box.onDidHide(() => finish(undefined));
    box.show();
  });
}
