import * as vscode from 'vscode';

import type { EndpointProbe, ProbeResult } from '../../client/doctor.ts';
import type { ClusterClient } from '../../client/clusterClient.ts';
import { parseNameServers } from '../../remoting/nameServerList.ts';
import type { ConnectionInfo, ConnectionScope } from '../connectionList.ts';
import { connectionId } from '../connectionList.ts';
import { describeError, errorMessage } from '../errorMessages.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import type { PickItem } from '../prompts.ts';
import type { ConnectionSetting } from '../settings.ts';
import { askInTurn } from '../wizard.ts';
import type { Question } from '../wizard.ts';
import { chooseConnection } from './choose.ts';
import type { ChooseContext } from './choose.ts';

export interface ConnectionCommandContext extends ChooseContext {
  readonly createClient: (nameServers: string) => ClusterClient;
}

const { t } = vscode.l10n;

export async function addConnection(context: ConnectionCommandContext): Promise<void> {
  const draft = await askConnection(context, t('Add Connection'), undefined);
  if (draft !== undefined) await context.connections.add(draft.scope, draft.setting);
}

export async function editConnection(context: ConnectionCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const title = t('Edit Connection');
  const connection = await chooseConnection(context, node, title, 'kept');
  if (connection === undefined || connection.scope === 'local') return;
  const draft = await askConnection(context, title, connection);
  if (draft !== undefined) await context.connections.replace(connection.scope, connection.name, draft.setting);
}

export async function removeConnection(
  context: ConnectionCommandContext,
  node: ExplorerNode | undefined,
): Promise<void> {
  const connection = await chooseConnection(context, node, t('Remove Connection'), 'kept');
  if (connection === undefined || connection.scope === 'local') return;
  const sure = await context.prompts.confirm(
    t('Remove the connection {0}?', connection.name),
    t('The cluster itself is not touched.'),
    t('Remove'),
  );
  if (sure) await context.connections.remove(connection.scope, connection.name);
}

/** Shows how every NameServer and every broker that they know answered. */
export async function testConnection(context: ConnectionCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const connection = await chooseConnection(context, node, t('Test Connection'));
  if (connection === undefined) return;
  const result = await probe(context, connection.nameServers);
  const title = isGood(result)
    ? t('{0} answers', connection.name)
    : t('{0} does not answer as it should', connection.name);
  await context.prompts.pick({ title, placeholder: t('Escape closes this list'), items: resultItems(result) });
}

interface Draft {
  readonly scope: ConnectionScope;
  readonly setting: ConnectionSetting;
}

/** Asks for addresses, name and (for a new one) where to keep it, and tests before it is kept. */
async function askConnection(
  context: ConnectionCommandContext,
  title: string,
  old: ConnectionInfo | undefined,
): Promise<Draft | undefined> {
  const { prompts } = context;
  let nameServers = old?.nameServers ?? '';
  let name = old?.name ?? '';
  let scope: ConnectionScope = old?.scope === 'workspace' ? 'workspace' : 'user';

  const askNameServers: Question = async (turn) => {
    const answer = await prompts.input({
      title,
      ...turn,
      prompt: t('NameServer addresses, separated by semicolons'),
      value: nameServers,
      placeholder: '127.0.0.1:9876;127.0.0.1:9877',
      validate: nameServersProblem,
    });
    nameServers = answer?.trim() ?? nameServers;
    return answer !== undefined;
  };
  const askScope: Question = async (turn) => {
    const items = [
      { label: t('User'), description: t('in every window'), value: 'user' as const },
      {
        label: t('Workspace'),
        description: t('with this workspace, for everyone who shares it'),
        value: 'workspace' as const,
      },
    ];
    const answer = await prompts.pick({ title, ...turn, placeholder: t('Where to keep the connection'), items });
    scope = answer ?? scope;
    return answer !== undefined;
  };
  const askName: Question = async (turn) => {
    const answer = await prompts.input({
      title,
      ...turn,
      prompt: t('Name shown in the view'),
      value: name === '' ? (nameServers.split(/[;,\s]/)[0] ?? '') : name,
      validate: (text) => connectionNameProblem(context, scope, text, old),
    });
    name = answer?.trim() ?? name;
    return answer !== undefined;
  };

  const asksScope = old === undefined && context.connections.canKeepInWorkspace;
  const questions = asksScope ? [askNameServers, askScope, askName] : [askNameServers, askName];
  for (;;) {
    if (!(await askInTurn(questions))) return undefined;
    const decision = await testBeforeKeeping(context, title, nameServers);
    if (decision === 'keep') return { scope, setting: { name, nameServers } };
    if (decision === undefined) return undefined;
  }
}

type Decision = 'keep' | 'change';

async function testBeforeKeeping(
  context: ConnectionCommandContext,
  title: string,
  nameServers: string,
): Promise<Decision | undefined> {
  const result = await probe(context, nameServers);
  if (isGood(result)) return 'keep';
  const decisions: PickItem<Decision>[] = [
    { label: t('$(edit) Change the addresses'), value: 'change' },
    { label: t('$(save) Keep the connection nevertheless'), value: 'keep' },
  ];
  // Who chooses an address that does not answer wants to correct it.
  const items = [...resultItems(result).map((item) => ({ ...item, value: 'change' as const })), ...decisions];
  return context.prompts.pick({ title, placeholder: t('Not every address answers as it should'), items });
}

async function probe({ createClient }: ConnectionCommandContext, nameServers: string): Promise<ProbeResult> {
  const client = createClient(nameServers);
  try {
    return await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: t('Testing {0}…', nameServers) },
      () => client.probe(),
    );
  } finally {
    client.dispose();
  }
}

function isGood({ nameServers, brokers }: ProbeResult): boolean {
  return brokers.length > 0 && [...nameServers, ...brokers].every(({ problem }) => problem === undefined);
}

function resultItems({ nameServers, brokers }: ProbeResult): PickItem<undefined>[] {
  const items = [
    ...nameServers.map((endpoint) => resultItem(endpoint, t('NameServer'))),
    ...brokers.map((broker) => resultItem(broker, t('broker {0}, id {1}', broker.brokerName, broker.brokerId))),
  ];
  const anyNameServer = nameServers.some(({ problem }) => problem === undefined);
  if (brokers.length > 0 || !anyNameServer) return items;
  const label = t('$(warning) No broker is registered');
  return [...items, { label, detail: t('Start a broker that names this NameServer, then retry.'), value: undefined }];
}

function resultItem({ address, problem, elapsedMs, release }: EndpointProbe, what: string): PickItem<undefined> {
  if (problem !== undefined) {
    return { label: `$(error) ${address}`, description: what, detail: errorMessage(problem), value: undefined };
  }
  const answered = t('answered in {0} ms', Math.round(elapsedMs));
  const detail = release === undefined ? answered : `${answered}, ${release}`;
  return { label: `$(pass) ${address}`, description: what, detail, value: undefined };
}

function nameServersProblem(text: string): string | undefined {
  try {
    parseNameServers(text);
    return undefined;
  } catch (error) {
    const { cause, nextStep } = describeError(error);
    return text.trim() === '' ? nextStep : `${cause} ${nextStep}`;
  }
}

function connectionNameProblem(
  { connections }: ConnectionCommandContext,
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
