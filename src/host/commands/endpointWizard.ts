import * as vscode from 'vscode';

import type { Credentials } from '../../protocol/acl.ts';
import { parseAddress } from '../../remoting/address.ts';
import type { ChannelTls } from '../../remoting/grpc/grpcChannel.ts';
import { connectionId } from '../connectionList.ts';
import type { ConnectionScope, EndpointConnection } from '../connectionList.ts';
import type { EndpointClients } from '../endpointClients.ts';
import { describeError } from '../errorMessages.ts';
import type { PickItem } from '../prompts.ts';
import type { Secrets } from '../secrets.ts';
import type { EndpointSetting } from '../settings.ts';
import { askInTurn, pickQuestion, textQuestion } from '../wizard.ts';
import type { Question, Turn } from '../wizard.ts';
import type { ChooseContext } from './choose.ts';
import { probeEndpoint } from './endpointProbe.ts';
import type { EndpointProbeContext } from './endpointProbe.ts';
import { placeOf, placeQuestions } from './placeQuestions.ts';
import { resultItem } from './resultItem.ts';

export interface EndpointWizardContext extends ChooseContext, EndpointProbeContext {
  readonly endpoints: EndpointClients;
  readonly secrets: Secrets;
}

const { t } = vscode.l10n;

export async function addEndpoint(context: EndpointWizardContext, title: string): Promise<void> {
  const draft = await askEndpoint(context, title, undefined);
  if (draft === undefined) return;
  // No secret without a connection: settings may refuse to be written.
  await context.connections.add(draft.scope, draft.setting);
  await context.secrets.keep(connectionOf(draft), draft.credentials);
  if (draft.credentials !== undefined) context.endpoints.renew();
}

export async function editEndpoint(
  context: EndpointWizardContext,
  title: string,
  old: EndpointConnection,
): Promise<void> {
  const draft = await askEndpoint(context, title, old);
  if (draft === undefined) return;
  const connection = connectionOf(draft);
  await context.connections.replace(old.scope, old.name, draft.setting);
  await context.secrets.keep(connection, draft.credentials);
  if (connection.id !== old.id) await context.secrets.forget(old.id);
  context.endpoints.renew();
}

interface Draft {
  readonly scope: ConnectionScope;
  readonly setting: EndpointSetting;
  readonly credentials: Credentials | undefined;
}

function connectionOf({ scope, setting: { name, ...endpoint } }: Draft): EndpointConnection {
  return { id: connectionId(scope, name), name, scope, endpoint };
}

/** Asks for the address, how it is trusted, who asks and a name, and tests before it is kept. */
async function askEndpoint(
  context: EndpointWizardContext,
  title: string,
  old: EndpointConnection | undefined,
): Promise<Draft | undefined> {
  const { prompts, secrets } = context;
  const topics = old?.endpoint.topics ?? [];
  const place = placeOf(old);
  let grpcEndpoint = old?.endpoint.grpcEndpoint ?? '';
  let tls: ChannelTls = old?.endpoint.tls ?? 'verified';
  let credentials = old === undefined ? undefined : await secrets.read(old);

  const askAddress = textQuestion(
    prompts,
    () => ({
      title,
      prompt: t('Address of the gRPC endpoint, host:port'),
      value: grpcEndpoint,
      placeholder: '127.0.0.1:8081',
      validate: addressProblem,
    }),
    (text) => (grpcEndpoint = text),
  );
  const askTls = pickQuestion(
    prompts,
    () => ({ title, placeholder: t('How to speak to it'), items: tlsItems(tls) }),
    (choice) => (tls = choice),
  );
  const askCredentials: Question = async (turn) => {
    const answer = await askWho(context, title, turn, credentials);
    if (answer !== undefined) credentials = answer === 'nobody' ? undefined : answer;
    return answer !== undefined;
  };
  const suggestName = () => grpcEndpoint;
  const questions = [
    ...[askAddress, askTls, askCredentials],
    ...placeQuestions(context, { title, old, suggestName }, place),
  ];
  for (;;) {
    if (!(await askInTurn(questions))) return undefined;
    const setting = { name: place.name, grpcEndpoint, tls, topics };
    const draft = { scope: place.scope, setting, credentials };
    const decision = await testBeforeKeeping(context, title, draft);
    if (decision === 'keep') return draft;
    if (decision === undefined) return undefined;
  }
}

/** What was chosen before stands first. */
function tlsItems(current: ChannelTls): readonly PickItem<ChannelTls>[] {
  const items: readonly PickItem<ChannelTls>[] = [
    { label: t('TLS'), detail: t('Only with a certificate that this machine trusts'), value: 'verified' },
    {
      label: t('TLS, any certificate'),
      detail: t('For a certificate that the proxy made itself: whoever stands between can read along'),
      value: 'any-certificate',
    },
    { label: t('No TLS'), detail: t('Everything is sent in plain text'), value: 'off' },
  ];
  return [...items].sort((a, b) => Number(b.value === current) - Number(a.value === current));
}

/** Undefined when a question was dismissed. */
async function askWho(
  { prompts }: EndpointWizardContext,
  title: string,
  turn: Turn,
  old: Credentials | undefined,
): Promise<Credentials | 'nobody' | undefined> {
  const items: PickItem<'none' | 'old' | 'new'>[] = [
    ...(old === undefined ? [] : [{ label: t('Keep the access key {0}', old.accessKey), value: 'old' as const }]),
    { label: t('No credentials'), value: 'none' },
    {
      label: t('Access key and secret'),
      detail: t('The secret is kept in the secret storage of VS Code'),
      value: 'new',
    },
  ];
  const choice = await prompts.pick({ title, ...turn, placeholder: t('Who asks'), items });
  if (choice === 'old') return old;
  if (choice === 'none') return 'nobody';
  if (choice === undefined) return undefined;
  const notEmpty = (text: string): string | undefined => (text.trim() === '' ? t('This is empty.') : undefined);
  const accessKey = await prompts.input({ title, prompt: t('Access key'), validate: notEmpty });
  if (accessKey === undefined) return undefined;
  const secretKey = await prompts.input({ title, prompt: t('Secret'), validate: notEmpty, isSecret: true });
  return secretKey === undefined ? undefined : { accessKey: accessKey.trim(), secretKey: secretKey.trim() };
}

async function testBeforeKeeping(
  context: EndpointWizardContext,
  title: string,
  draft: Draft,
): Promise<'keep' | 'change' | undefined> {
  const probed = await probeEndpoint(context, connectionOf(draft), () => Promise.resolve(draft.credentials));
  if (probed.problem === undefined) return 'keep';
  const items: PickItem<'keep' | 'change'>[] = [
    { ...resultItem(probed, t('gRPC endpoint')), value: 'change' },
    { label: t('$(edit) Change the connection'), value: 'change' },
    { label: t('$(save) Keep the connection nevertheless'), value: 'keep' },
  ];
  return context.prompts.pick({ title, placeholder: t('The endpoint does not answer as it should'), items });
}

function addressProblem(text: string): string | undefined {
  try {
    parseAddress(text);
    return undefined;
  } catch (error) {
    return text.trim() === '' ? t('Write host:port.') : `${describeError(error).cause} ${t('Write host:port.')}`;
  }
}
