import * as vscode from 'vscode';

import type { FaultKind } from '../../broker/control.ts';
import { faultLabel, faultTargetText } from '../control/faultWords.ts';
import type { FaultTarget, FaultWish } from '../control/localFaults.ts';
import { BESIDE } from '../explorer/looks.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import type { PickItem } from '../prompts.ts';
import { askInTurn, pickQuestion, textQuestion } from '../wizard.ts';
import type { Question } from '../wizard.ts';
import {
  kindItems,
  nameProblem,
  numberProblem,
  OTHER,
  refusalItems,
  requestProblem,
  responseProblem,
  targetItems,
  versionProblem,
  wholeProblem,
} from './faultQuestions.ts';
import { isControlled } from './localControl.ts';
import type { LocalControlContext } from './localControl.ts';

const { t } = vscode.l10n;

const MAX_MS = 600_000;
const MAX_COUNT = 1e9;
const MAX_SECONDS = 86_400;

type Whom = 'everybody' | 'topic' | 'group' | 'clientId';

/** What was answered so far. */
interface Draft {
  kind: FaultKind;
  target: FaultTarget | typeof OTHER;
  request: string;
  code: string;
  otherCode: string;
  ms: string;
  version: string;
  whom: Whom;
  name: string;
  percent: string;
  count: string;
  seconds: string;
}

/** Asks what shall go wrong, where, how often and how long, and sets it. @throws CodedError as `isControlled` and `LocalFaults.set` */
export async function setFault(context: LocalControlContext): Promise<void> {
  if (!(await isControlled(context))) return;
  const draft: Draft = {
    ...{ kind: 'refuse', target: {}, request: '', code: 'SYSTEM_BUSY', otherCode: '', ms: '', version: '' },
    ...{ whom: 'everybody', name: '', percent: '100', count: '', seconds: '' },
  };
  if (!(await askInTurn(() => questions(context, draft)))) return;
  const set = await context.localFaults.set(wishOf(draft));
  await context.prompts.tell('info', t('The local broker fails now: {0}, {1}.', faultLabel(set), faultTargetText(set)));
}

/** The fault of the node, or one that a person picks. @throws CodedError as `LocalFaults.clear` */
export async function clearFault(context: LocalControlContext, node: ExplorerNode | undefined): Promise<void> {
  const { localFaults, prompts } = context;
  if (node?.kind === 'fault') return localFaults.clear(node.fault.id);
  await localFaults.look();
  const items = localFaults.list.map((fault) => ({
    label: faultLabel(fault),
    description: [faultTargetText(fault), fault.topic, fault.group, fault.clientId].filter(Boolean).join(BESIDE),
    value: fault.id,
  }));
  if (items.length === 0) {
    await prompts.tell('info', t('The local broker has no fault.'));
    return;
  }
  const id = await prompts.pick({ title: t('Clear Fault'), placeholder: t('Choose a fault'), items });
  if (id !== undefined) await localFaults.clear(id);
}

/** Those that the answers so far ask for. */
function questions(context: LocalControlContext, draft: Draft): readonly Question[] {
  const { prompts, localBroker } = context;
  const { state } = localBroker;
  const title = t('Set Fault');
  const pick = <T>(placeholder: string, items: readonly PickItem<T>[], keep: (choice: T) => void) =>
    pickQuestion(prompts, () => ({ title, placeholder, items }), keep);
  const text = (name: keyof Draft & FieldOfText, prompt: string, validate: (value: string) => string | undefined) =>
    textQuestion(
      prompts,
      () => ({ title, prompt, value: draft[name], validate }),
      (answer) => (draft[name] = answer),
    );

  const targets = targetItems(draft.kind, state.kind === 'running' && state.info.grpc !== null);
  const asked = [
    pick(t('What happens'), kindItems(), (kind) => {
      if (kind !== draft.kind) draft.target = {};
      draft.kind = kind;
    }),
  ];
  if (targets.length > 1) {
    asked.push(pick(t('To which requests'), targets, (target) => (draft.target = target)));
    if (draft.target === OTHER) asked.push(text('request', t('Name or number of the request code'), requestProblem));
  }
  asked.push(...measureQuestions(draft, { pick, text }));
  asked.push(pick(t('Whose requests'), whomItems(draft), (whom) => keepWhom(draft, whom)));
  if (draft.whom !== 'everybody') asked.push(text('name', namePrompt(draft.whom), nameProblem));
  asked.push(
    text('percent', t('How many of 100 requests'), (value) => numberProblem(value, 0.01, 100)),
    text('count', t('How many times at most; empty for no end'), (value) => wholeProblem(value, 1, MAX_COUNT, true)),
    text('seconds', t('For how many seconds; empty until it is cleared'), (value) =>
      numberProblem(value, 0.001, MAX_SECONDS, true),
    ),
  );
  return asked;
}

type FieldOfText = { [K in keyof Draft]: string extends Draft[K] ? K : never }[keyof Draft];

interface Asking {
  readonly pick: <T>(placeholder: string, items: readonly PickItem<T>[], keep: (choice: T) => void) => Question;
  readonly text: (name: FieldOfText, prompt: string, validate: (value: string) => string | undefined) => Question;
}

/** What only some kinds have. */
function measureQuestions(draft: Draft, { pick, text }: Asking): readonly Question[] {
  switch (draft.kind) {
    case 'delay':
      return [text('ms', t('How late, in milliseconds'), (value) => wholeProblem(value, 1, MAX_MS))];
    case 'stopReading':
      return [
        text('ms', t('How long, in milliseconds; empty until it is cleared'), (value) =>
          wholeProblem(value, 1, MAX_MS, true),
        ),
      ];
    case 'pretendVersion':
      return [text('version', t('Which release'), versionProblem)];
    case 'refuse': {
      const code = pick(t('With what'), refusalItems(isGrpc(draft)), (choice) => (draft.code = choice));
      return draft.code === OTHER
        ? [code, text('otherCode', t('Name or number of the response code'), responseProblem)]
        : [code];
    }
    default:
      return [];
  }
}

function whomItems({ whom, name }: Draft): readonly PickItem<Whom>[] {
  const items: readonly PickItem<Whom>[] = [
    { label: t('Everybody'), value: 'everybody' },
    { label: t('One topic…'), detail: t('Requests that name it; * stands for any text'), value: 'topic' },
    { label: t('One group…'), detail: t('Of producers or consumers; * stands for any text'), value: 'group' },
    { label: t('One client…'), detail: t('By its id, once it has sent a heartbeat'), value: 'clientId' },
  ];
  // What was chosen before a step back comes first.
  const first = items.filter(({ value }) => value === whom && name !== '');
  return [
    ...first.map((item) => ({ ...item, description: name })),
    ...items.filter(({ value }) => !first.some((item) => item.value === value)),
  ];
}

function keepWhom(draft: Draft, whom: Whom): void {
  if (whom !== draft.whom) draft.name = '';
  draft.whom = whom;
}

function namePrompt(whom: Exclude<Whom, 'everybody'>): string {
  const prompts = { topic: t('Name of the topic'), group: t('Name of the group'), clientId: t('Id of the client') };
  return prompts[whom];
}

function isGrpc({ target }: Draft): boolean {
  return target !== OTHER && (target.server === 'grpc' || target.rpc !== undefined);
}

function wishOf(draft: Draft): FaultWish {
  const { kind, target, whom, name, percent, count, seconds } = draft;
  return {
    kind,
    ...(target === OTHER ? { request: draft.request } : target),
    ...measureOf(draft),
    ...(whom === 'everybody' ? {} : { [whom]: name }),
    probability: Number(percent) / 100,
    ...(count === '' ? {} : { count: Number(count) }),
    ...(seconds === '' ? {} : { forMs: Math.round(Number(seconds) * 1000) }),
  };
}

function measureOf({ kind, ms, version, code, otherCode }: Draft): Partial<FaultWish> {
  switch (kind) {
    case 'delay':
    case 'stopReading':
      return ms === '' ? {} : { ms: Number(ms) };
    case 'pretendVersion':
      return { version };
    case 'refuse':
      return { code: code === OTHER ? otherCode : code };
    default:
      return {};
  }
}
