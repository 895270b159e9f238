import * as vscode from 'vscode';

import { connectionId } from '../connectionList.ts';
import type { ConnectionInfo, ConnectionScope } from '../connectionList.ts';
import type { Connections } from '../connections.ts';
import type { PickItem } from '../prompts.ts';
import { pickQuestion, textQuestion } from '../wizard.ts';
import type { Question } from '../wizard.ts';
import type { ChooseContext } from './choose.ts';

const { t } = vscode.l10n;

/** Where a connection is kept, and what it is called there. */
export interface Place {
  scope: ConnectionScope;
  name: string;
}

export function placeOf(old: ConnectionInfo | undefined): Place {
  return { scope: old?.scope === 'workspace' ? 'workspace' : 'user', name: old?.name ?? '' };
}

/** The last questions about a connection of any kind: where to keep a new one, and its name. */
export function placeQuestions(
  { connections, prompts }: Pick<ChooseContext, 'connections' | 'prompts'>,
  { title, old, suggestName }: PlaceOptions,
  place: Place,
): readonly Question[] {
  const askScope = pickQuestion(
    prompts,
    () => ({ title, placeholder: t('Where to keep the connection'), items: scopeItems() }),
    (scope) => (place.scope = scope),
  );
  const askName = textQuestion(
    prompts,
    () => ({
      title,
      prompt: t('Name shown in the view'),
      value: place.name === '' ? suggestName() : place.name,
      validate: (text) => nameProblem(connections, place.scope, text, old),
    }),
    (name) => (place.name = name),
  );
  return old === undefined && connections.canKeepInWorkspace ? [askScope, askName] : [askName];
}

interface PlaceOptions {
  readonly title: string;
  readonly old: ConnectionInfo | undefined;
  readonly suggestName: () => string;
}

function scopeItems(): readonly PickItem<ConnectionScope>[] {
  return [
    { label: t('User'), description: t('in every window'), value: 'user' },
    { label: t('Workspace'), description: t('with this workspace, for everyone who shares it'), value: 'workspace' },
  ];
}

/** Why a connection cannot have this name, or undefined when it can. */
function nameProblem(
  connections: Pick<Connections, 'get'>,
  scope: ConnectionScope,
  text: string,
  old: ConnectionInfo | undefined,
): string | undefined {
  const name = text.trim();
  if (name === '') return t('The name is empty.');
  const id = connectionId(scope, name);
  return id !== old?.id && connections.get(id) !== undefined
    ? t('There is a connection {0} already.', name)
    : undefined;
}
