import * as vscode from 'vscode';

/** What went wrong and what to do about it, in the language of VS Code. */
export interface ErrorWords {
  readonly cause: string;
  readonly nextStep: string;
}

/** A detail of an error, without the end of its sentence: it stands within one of ours. `?` when there is none. */
export type Detail = (name: string) => string | number | boolean;

export function say(cause: string, nextStep: string): ErrorWords {
  return { cause, nextStep };
}

export function reportIt(): string {
  return vscode.l10n.t('Try again; the output channel "RocketMQ" has the details for a report.');
}
