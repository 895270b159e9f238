import * as vscode from 'vscode';

import { CodedError, isCodedError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { CommandId } from './commandIds.ts';
import { errorMessage } from './errorMessages.ts';
import type { Prompts } from './prompts.ts';

/** Tells a person what went wrong, with the command that helps as a button. */
export async function tellError(error: unknown, prompts: Prompts, logger: Logger): Promise<void> {
  if (isCodedError(error, 'cancelled')) return;
  logger.error('a command failed', error);
  const remedy = error instanceof CodedError ? remedyOf(error) : undefined;
  if (remedy === undefined) {
    await prompts.tell('error', errorMessage(error));
    return;
  }
  const chosen = await prompts.tell('error', errorMessage(error), remedy.label);
  if (chosen === remedy.label) await vscode.commands.executeCommand(remedy.command);
}

function remedyOf(error: CodedError): { readonly label: string; readonly command: CommandId } | undefined {
  switch (error.code) {
    case 'store-full':
      return { label: vscode.l10n.t('Reset Data…'), command: 'rocketmq.localBroker.reset' };
    case 'broker-start-timeout':
    case 'broker-ended':
    case 'store-damaged':
      return { label: vscode.l10n.t('Show Log'), command: 'rocketmq.localBroker.showLog' };
    default:
      return undefined;
  }
}
