import * as vscode from 'vscode';

import type { EndpointProbe, ProbeResult } from '../../client/doctor.ts';
import type { ClusterClient } from '../../client/clusterClient.ts';
import { parseNameServers } from '../../remoting/nameServerList.ts';
import { isKept } from '../connectionList.ts';
import type { ClusterConnection, ConnectionScope } from '../connectionList.ts';
import { describeError } from '../errorMessages.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import type { PickItem } from '../prompts.ts';
import type { ClusterSetting } from '../settings.ts';
import { askInTurn, textQuestion } from '../wizard.ts';
import { chooseConnection } from './choose.ts';
import { addEndpoint, editEndpoint } from './endpointWizard.ts';
import type { EndpointWizardContext } from './endpointWizard.ts';
import { probeEndpoint } from './endpointProbe.ts';
import { placeOf, placeQuestions } from './placeQuestions.ts';
import { resultItem } from './resultItem.ts';
import type { ChooseContext } from './choose.ts';

export interface ConnectionCommandContext extends ChooseContext, EndpointWizardContext {
  readonly createClient: (nameServers: string) => ClusterClient;
}

const { t } = vscode.l10n;

export async function addConnection(context: ConnectionCommandContext): Promise<void> {
  const title = t('Add Connection');
  const kind = await context.prompts.pick({
    title,
    placeholder: t('What to connect to'),
    items: [
      {
        label: t('NameServer'),
        detail: t('Everything of a cluster: its brokers, topics and groups'),
        value: 'nameServer' as const,
      },
      {
        label: t('gRPC endpoint'),
        detail: t('A proxy that is all you can reach: topics that you name, nothing that is listed'),
        value: 'endpoint' as const,
      },
    ],
  });
  if (kind === 'endpoint') await addEndpoint(context, title);
  if (kind !== 'nameServer') return;
  const draft = await askConnection(context, title, undefined);
  if (draft !== undefined) await context.connections.add(draft.scope, draft.setting);
}

export async function editConnection(context: ConnectionCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const title = t('Edit Connection');
  const connection = await chooseConnection(context, node, title, 'kept');
  if (connection === undefined || !isKept(connection)) return;
  if (connection.endpoint !== undefined) {
    await editEndpoint(context, title, connection);
    return;
  }
  const draft = await askConnection(context, title, connection);
  if (draft !== undefined) await context.connections.replace(connection.scope, connection.name, draft.setting);
}

export async function removeConnection(
  context: ConnectionCommandContext,
  node: ExplorerNode | undefined,
): Promise<void> {
  const connection = await chooseConnection(context, node, t('Remove Connection'), 'kept');
  if (connection === undefined || !isKept(connection)) return;
  const sure = await context.prompts.confirm(
    t('Remove the connection {0}?', connection.name),
    t('The cluster itself is not touched.'),
    t('Remove'),
  );
  if (!sure) return;
  await context.connections.remove(connection.scope, connection.name);
  if (connection.endpoint !== undefined) await context.secrets.forget(connection.id);
}

/** Shows how every NameServer and every broker that they know answered. */
export async function testConnection(context: ConnectionCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const connection = await chooseConnection(context, node, t('Test Connection'));
  if (connection === undefined) return;
  const { isGood, items } =
    connection.endpoint === undefined
      ? clusterResult(await probe(context, connection.nameServers))
      : endpointResult(await probeEndpoint(context, connection));
  const title = isGood ? t('{0} answers', connection.name) : t('{0} does not answer as it should', connection.name);
  await context.prompts.pick({ title, placeholder: t('Escape closes this list'), items });
}

interface Draft {
  readonly scope: ConnectionScope;
  readonly setting: ClusterSetting;
}

/** Asks for addresses, name and (for a new one) where to keep it, and tests before it is kept. */
async function askConnection(
  context: ConnectionCommandContext,
  title: string,
  old: ClusterConnection | undefined,
): Promise<Draft | undefined> {
  const { prompts } = context;
  const place = placeOf(old);
  let nameServers = old?.nameServers ?? '';
  const askNameServers = textQuestion(
    prompts,
    () => ({
      title,
      prompt: t('NameServer addresses, separated by semicolons'),
      value: nameServers,
      placeholder: '127.0.0.1:9876;127.0.0.1:9877',
      validate: nameServersProblem,
    }),
    (text) => (nameServers = text),
  );
  const suggestName = () => nameServers.split(/[;,\s]/)[0] ?? '';
  const questions = [askNameServers, ...placeQuestions(context, { title, old, suggestName }, place)];
  for (;;) {
    if (!(await askInTurn(questions))) return undefined;
    const decision = await testBeforeKeeping(context, title, nameServers);
    if (decision === 'keep') return { scope: place.scope, setting: { name: place.name, nameServers } };
    if (decision === undefined) return undefined;
  }
}

type Decision = 'keep' | 'change';

async function testBeforeKeeping(
  context: ConnectionCommandContext,
  title: string,
  nameServers: string,
): Promise<Decision | undefined> {
  const result = clusterResult(await probe(context, nameServers));
  if (result.isGood) return 'keep';
  const decisions: PickItem<Decision>[] = [
    { label: t('$(edit) Change the addresses'), value: 'change' },
    { label: t('$(save) Keep the connection nevertheless'), value: 'keep' },
  ];
  // Who chooses an address that does not answer wants to correct it.
  const items = [...result.items.map((item) => ({ ...item, value: 'change' as const })), ...decisions];
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

interface TestResult {
  readonly isGood: boolean;
  readonly items: readonly PickItem<undefined>[];
}

function clusterResult(result: ProbeResult): TestResult {
  const { nameServers, brokers } = result;
  const isGood = brokers.length > 0 && [...nameServers, ...brokers].every(({ problem }) => problem === undefined);
  return { isGood, items: resultItems(result) };
}

function endpointResult(probed: EndpointProbe): TestResult {
  return { isGood: probed.problem === undefined, items: [resultItem(probed, t('gRPC endpoint'))] };
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

function nameServersProblem(text: string): string | undefined {
  try {
    parseNameServers(text);
    return undefined;
  } catch (error) {
    const { cause, nextStep } = describeError(error);
    return text.trim() === '' ? nextStep : `${cause} ${nextStep}`;
  }
}
