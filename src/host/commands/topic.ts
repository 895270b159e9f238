import * as vscode from 'vscode';

import type { MessageType } from '../../client/model.ts';
import { isSystemTopic, topicNameProblem as problemOf } from '../../protocol/topicName.ts';
import { topicNameProblem } from '../errorMessages.ts';
import type { ExplorerTree } from '../explorer/explorerTree.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import { askInTurn } from '../wizard.ts';
import { chooseCluster, chooseConnection, chooseTopic } from './choose.ts';
import type { ChooseContext } from './choose.ts';

export interface TopicCommandContext extends ChooseContext {
  readonly tree: ExplorerTree;
  readonly treeView: vscode.TreeView<ExplorerNode>;
}

const { t } = vscode.l10n;
const DEFAULT_QUEUES = 8;
const MAX_QUEUES = 1_024;

/** Bits of a topic's permission. Source: PermName.java. */
const READ = 4;
const WRITE = 2;

export async function createTopic(context: TopicCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const { clients, prompts, tree, treeView } = context;
  const title = t('Create Topic');
  const connection = await chooseConnection(context, node, title, 'cluster');
  if (connection === undefined) return;
  const clusterName = await chooseCluster(context, connection, node, title);
  if (clusterName === undefined) return;
  const spec = await askTopic(context, title);
  if (spec === undefined) return;
  const { queues, ...rest } = spec;
  await clients.of(connection).createTopic(clusterName, { ...rest, readQueueNums: queues, writeQueueNums: queues });
  const created = await tree.findTopic(connection.id, clusterName, spec.topic);
  if (created === undefined) {
    await prompts.tell(
      'warning',
      t('Topic {0} was created, but the NameServer does not list it yet. Refresh the view.', spec.topic),
    );
    return;
  }
  await treeView.reveal(created, { select: true, focus: true });
}

export async function deleteTopic(context: TopicCommandContext, node: ExplorerNode | undefined): Promise<void> {
  const { clients, prompts, tree } = context;
  const title = t('Delete Topic');
  const connection = await chooseConnection(context, node, title, 'cluster');
  if (connection === undefined) return;
  const clusterName = await chooseCluster(context, connection, node, title);
  if (clusterName === undefined) return;
  const topic = await chooseTopic(context, connection, node, title, ({ kind }) => kind !== 'system');
  if (topic === undefined) return;
  const typed = await prompts.input({
    title,
    prompt: t('All messages of {0} are lost. Type its name to delete it.', topic),
    placeholder: topic,
    validate: (text) => (text === topic ? undefined : t('This is not the name of the topic.')),
  });
  if (typed !== topic) return;
  await clients.of(connection).deleteTopic(clusterName, topic);
  tree.refresh(node?.kind === 'topic' ? node.parent : undefined);
}

interface TopicAnswers {
  readonly topic: string;
  readonly queues: number;
  readonly perm: number;
  readonly messageType: MessageType;
}

async function askTopic({ prompts }: TopicCommandContext, title: string): Promise<TopicAnswers | undefined> {
  let topic = '';
  let queues = DEFAULT_QUEUES;
  let perm = READ | WRITE;
  let messageType: MessageType = 'NORMAL';
  const answered = await askInTurn([
    async (turn) => {
      const answer = await prompts.input({
        title,
        ...turn,
        prompt: t('Name of the topic'),
        value: topic,
        validate: topicProblem,
      });
      topic = answer ?? topic;
      return answer !== undefined;
    },
    async (turn) => {
      const answer = await prompts.input({
        title,
        ...turn,
        prompt: t('Queues on each broker'),
        value: String(queues),
        validate: queuesProblem,
      });
      queues = Number(answer ?? queues);
      return answer !== undefined;
    },
    async (turn) => {
      const placeholder = t('What clients may do with it');
      const answer = await prompts.pick({ title, ...turn, placeholder, items: permissions() });
      perm = answer ?? perm;
      return answer !== undefined;
    },
    async (turn) => {
      const placeholder = t('Which messages it takes');
      const answer = await prompts.pick({ title, ...turn, placeholder, items: messageTypes() });
      messageType = answer ?? messageType;
      return answer !== undefined;
    },
  ]);
  return answered ? { topic, queues, perm, messageType } : undefined;
}

/** Why a broker would refuse the name, in words. */
function topicProblem(name: string): string | undefined {
  const problem = isSystemTopic(name) ? 'reserved' : problemOf(name);
  return problem === undefined ? undefined : topicNameProblem(problem);
}

function queuesProblem(text: string): string | undefined {
  const valid = /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_QUEUES;
  return valid ? undefined : t('A number from 1 to {0}.', MAX_QUEUES);
}

function permissions() {
  return [
    { label: t('Read and write'), description: t('the usual'), value: READ | WRITE },
    { label: t('Read only'), description: t('consumers empty it, producers are refused'), value: READ },
    { label: t('Write only'), description: t('producers fill it, consumers get nothing'), value: WRITE },
  ];
}

function messageTypes(): { label: string; description: string; value: MessageType }[] {
  return [
    { label: t('Normal'), description: t('any order'), value: 'NORMAL' },
    { label: t('FIFO'), description: t('in order within a message group'), value: 'FIFO' },
    { label: t('Delay'), description: t('delivered at a given time'), value: 'DELAY' },
    { label: t('Transaction'), description: t('delivered once the producer commits'), value: 'TRANSACTION' },
    { label: t('Mixed'), description: t('all of them; for 4.x clients'), value: 'MIXED' },
  ];
}
