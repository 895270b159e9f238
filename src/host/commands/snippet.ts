import * as vscode from 'vscode';

import { SNIPPETS } from '../../snippets/catalogue.ts';
import { fillWithTabStops, snippetSlots } from '../../snippets/fill.ts';
import { SNIPPET_LANGUAGES, SNIPPET_PATTERNS } from '../../snippets/snippet.ts';
import type { Snippet, SnippetLanguage, SnippetPattern } from '../../snippets/snippet.ts';
import { defaultGroup, snippetValues } from '../../snippets/values.ts';
import { errorMessage } from '../errorMessages.ts';
import { languageOfDocument, LANGUAGE_NAMES, patternDetail, patternTitle } from '../language/snippetNames.ts';
import type { Prompts } from '../prompts.ts';

/** What the selected connection, topic or group says about the code to be written. */
export interface SnippetContext {
  /** `host:port;host:port` */
  readonly nameServers?: string | undefined;
  readonly grpcEndpoint?: string | undefined;
  readonly topic?: string | undefined;
  readonly group?: string | undefined;
  /** Names to choose from; asks the cluster, so it may take time and fail. */
  readonly topics?: (() => Promise<readonly string[]>) | undefined;
}

/** Asks what is not known and inserts the code. Escape at any question ends it without a change. */
export async function insertSnippet(prompts: Prompts, context: SnippetContext): Promise<void> {
  const title = vscode.l10n.t('Insert Snippet');
  const editor = vscode.window.activeTextEditor;
  const ofEditor = editor === undefined ? undefined : languageOfDocument(editor.document.languageId);
  const language = ofEditor ?? (await pickLanguage(prompts, title));
  if (language === undefined) return;
  const pattern = await pickPattern(prompts, title);
  if (pattern === undefined) return;
  const snippet = SNIPPETS[language][pattern];

  const topic = await askTopic(prompts, title, context);
  if (topic === undefined) return;
  const group = snippetSlots(snippet).includes('group') ? await askGroup(prompts, title, snippet, topic, context) : '';
  if (group === undefined) return;

  const target = editor !== undefined && ofEditor === language ? editor : await openUntitled(language);
  const values = snippetValues(snippet, { ...context, topic, group, fileName: target.document.fileName });
  const inserted = await target.insertSnippet(new vscode.SnippetString(fillWithTabStops(snippet, values)));
  if (!inserted) {
    await prompts.tell(
      'warning',
      vscode.l10n.t('The code was not inserted: {0} is read-only.', target.document.fileName),
    );
  }
}

function pickLanguage(prompts: Prompts, title: string): Promise<SnippetLanguage | undefined> {
  return prompts.pick({
    title,
    placeholder: vscode.l10n.t('Language of the code, in a new file'),
    items: SNIPPET_LANGUAGES.map((value) => ({
      label: LANGUAGE_NAMES[value],
      description: SNIPPETS[value].producer.dependency,
      value,
    })),
  });
}

function pickPattern(prompts: Prompts, title: string): Promise<SnippetPattern | undefined> {
  return prompts.pick({
    title,
    placeholder: vscode.l10n.t('What the code should do'),
    items: SNIPPET_PATTERNS.map((value) => ({ label: patternTitle(value), detail: patternDetail(value), value })),
  });
}

/** From the topics of the cluster when they can be listed, else typed. The topic that is selected comes first. */
async function askTopic(prompts: Prompts, title: string, context: SnippetContext): Promise<string | undefined> {
  const { names, problem } = await listTopics(context);
  if (names.length > 0) {
    const first = context.topic === undefined ? [] : [context.topic];
    const items = [...new Set([...first, ...names])].map((name) => ({ label: name, value: { name } }));
    const answer = await prompts.pick<{ name: string | undefined }>({
      title,
      placeholder: vscode.l10n.t('Topic'),
      items: [...items, { label: vscode.l10n.t('Another topic…'), value: { name: undefined } }],
    });
    if (answer === undefined || answer.name !== undefined) return answer?.name;
  }
  return prompts.input({
    title,
    prompt: problem ?? vscode.l10n.t('Topic'),
    value: context.topic ?? 'TopicTest',
    validate: notEmpty,
  });
}

async function listTopics(context: SnippetContext): Promise<{ names: readonly string[]; problem?: string }> {
  const { topics } = context;
  if (topics === undefined) return { names: [] };
  const progress = { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Listing topics…') };
  try {
    return { names: await vscode.window.withProgress(progress, topics) };
  } catch (error) {
    // Not a reason to stop: the name can be typed, and the question says why there is no list.
    return { names: [], problem: vscode.l10n.t('Topic. The list is not available: {0}', errorMessage(error)) };
  }
}

function askGroup(
  prompts: Prompts,
  title: string,
  snippet: Snippet,
  topic: string,
  context: SnippetContext,
): Promise<string | undefined> {
  const isProducer = snippet.pattern === 'producer';
  return prompts.input({
    title,
    prompt: isProducer ? vscode.l10n.t('Producer group') : vscode.l10n.t('Consumer group'),
    // The selected group is a group of consumers.
    value: (isProducer ? undefined : context.group) ?? defaultGroup(snippet, topic),
    validate: notEmpty,
  });
}

function notEmpty(text: string): string | undefined {
  return text.trim() === '' ? vscode.l10n.t('A name is needed.') : undefined;
}

async function openUntitled(language: SnippetLanguage): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language, content: '' }));
}
