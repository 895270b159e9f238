import * as vscode from 'vscode';

import { isCodedError } from '../../base/errors.ts';
import { checkTopicName } from '../../protocol/topicName.ts';
import type { EndpointConnection } from '../connectionList.ts';
import type { EndpointClients } from '../endpointClients.ts';
import { topicNameProblem } from '../errorMessages.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import { chooseConnection } from './choose.ts';
import type { ChooseContext } from './choose.ts';

export interface EndpointCommandContext extends ChooseContext {
  readonly endpoints: EndpointClients;
}

const { t } = vscode.l10n;

/** Shows a topic of an endpoint, which lists none by itself. It must be there. */
export async function addTopic(context: EndpointCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const title = t('Add Topic by Name');
  const connection = await chooseEndpoint(context, node, title);
  if (connection === undefined) return;
  const { topics } = connection.endpoint;
  const answer = await context.prompts.input({
    title,
    prompt: t('Name of a topic that the endpoint knows'),
    validate: (text) => nameProblem(text.trim(), topics),
  });
  if (answer === undefined) return;
  const topic = answer.trim();
  await context.endpoints.of(connection).route(topic);
  await showTopics(context, connection, [...topics, topic]);
}

/** The topic itself stays where it is. */
export async function removeTopic(context: EndpointCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const title = t('Remove Topic from View');
  const connection = await chooseEndpoint(context, node, title);
  if (connection === undefined) return;
  const { topics } = connection.endpoint;
  const items = topics.map((value) => ({ label: value, value }));
  const topic =
    node?.kind === 'endpointTopic'
      ? node.topicName
      : await context.prompts.pick({ title, placeholder: t('Choose a topic'), items });
  if (topic === undefined) return;
  const rest = topics.filter((name) => name !== topic);
  await showTopics(context, connection, rest);
}

async function chooseEndpoint(
  context: EndpointCommandContext,
  node: ExplorerNode | undefined,
  title: string,
): Promise<EndpointConnection | undefined> {
  const chosen = await chooseConnection(context, node, title, 'endpoint');
  // A node may be older than the settings.
  const connection = chosen === undefined ? undefined : context.connections.get(chosen.id);
  return connection?.endpoint === undefined ? undefined : connection;
}

function showTopics(
  { connections }: EndpointCommandContext,
  { scope, name, endpoint }: EndpointConnection,
  topics: readonly string[],
): Promise<void> {
  return connections.replace(scope, name, { name, ...endpoint, topics });
}

function nameProblem(topic: string, shown: readonly string[]): string | undefined {
  if (shown.includes(topic)) return t('It is shown already.');
  try {
    checkTopicName(topic);
    return undefined;
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return topicNameProblem(error.details['reason'] ?? '');
  }
}
