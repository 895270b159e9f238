import * as vscode from 'vscode';

import { DisposableStore } from '../../base/disposable.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { commandIds } from '../commandIds.ts';
import type { CommandId } from '../commandIds.ts';
import { isExplorerNode } from '../explorer/nodes.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import { tellError } from '../notify.ts';
import { snippetContext } from '../snippetContext.ts';
import { startApacheRocketmq } from './apacheRocketmq.ts';
import type { ApacheCommandContext } from './apacheRocketmq.ts';
import { cleanLocalCluster } from './cleanCluster.ts';
import * as clusterNode from './clusterNode.ts';
import type { ClusterNodeCommandContext } from './clusterNode.ts';
import * as composeFile from './composeFile.ts';
import * as connection from './connection.ts';
import type { ConnectionCommandContext } from './connection.ts';
import * as endpoint from './endpoint.ts';
import type { EndpointCommandContext } from './endpoint.ts';
import * as explorer from './explorer.ts';
import * as faults from './faults.ts';
import * as localBroker from './localBroker.ts';
import { moveClock } from './localClock.ts';
import * as localCluster from './localCluster.ts';
import * as localControl from './localControl.ts';
import type { LocalControlContext } from './localControl.ts';
import * as panels from './panels.ts';
import type { PanelCommandContext } from './panels.ts';
import { insertSnippet } from './snippet.ts';
import * as topic from './topic.ts';
import type { TopicCommandContext } from './topic.ts';

export interface CommandContext
  extends
    LocalControlContext,
    ApacheCommandContext,
    ClusterNodeCommandContext,
    ConnectionCommandContext,
    EndpointCommandContext,
    TopicCommandContext,
    PanelCommandContext {
  readonly logger: Logger;
}

/** `node` is what the command was called on in the tree; undefined from the palette. */
type Handler = (node: ExplorerNode | undefined) => Promise<void> | void;

function commandTable(context: CommandContext): Readonly<Record<CommandId, Handler>> {
  const { tree, prompts } = context;
  return {
    'rocketmq.localBroker.start': () => localBroker.startLocalBroker(context),
    'rocketmq.localBroker.stop': () => localBroker.stopLocalBroker(context),
    'rocketmq.localBroker.restart': () => localBroker.restartLocalBroker(context),
    'rocketmq.localBroker.reset': () => localBroker.resetLocalBroker(context),
    'rocketmq.localBroker.showLog': () => localBroker.showBrokerLog(context),
    'rocketmq.localBroker.copyControl': () => localControl.copyControl(context),
    'rocketmq.localBroker.clearFaults': () => localControl.clearFaults(context),
    'rocketmq.localBroker.moveClock': () => moveClock(context),
    'rocketmq.localBroker.menu': () => localBroker.openLocalBrokerMenu(context),
    'rocketmq.fault.set': () => faults.setFault(context),
    'rocketmq.fault.clear': (node) => faults.clearFault(context, node),
    'rocketmq.localCluster.start': () => localCluster.startLocalCluster(context),
    'rocketmq.localCluster.stop': (node) => localCluster.stopLocalCluster(context, node),
    'rocketmq.localCluster.showLog': (node) => localCluster.showClusterLog(context, node),
    'rocketmq.localCluster.clean': (node) => cleanLocalCluster(context, node),
    'rocketmq.apache.start': () => startApacheRocketmq(context),
    'rocketmq.containers.stop': (node) => composeFile.stopContainers(context, node),
    'rocketmq.containers.showLog': (node) => composeFile.showContainerLogs(context, node),
    'rocketmq.containers.clean': (node) => composeFile.cleanContainers(context, node),
    'rocketmq.node.start': (node) => clusterNode.actOnNode(context, 'start', node),
    'rocketmq.node.stop': (node) => clusterNode.actOnNode(context, 'stop', node),
    'rocketmq.node.kill': (node) => clusterNode.actOnNode(context, 'kill', node),
    'rocketmq.node.pause': (node) => clusterNode.actOnNode(context, 'pause', node),
    'rocketmq.node.resume': (node) => clusterNode.actOnNode(context, 'resume', node),
    'rocketmq.node.showLog': (node) => clusterNode.showNodeLog(context, node),
    'rocketmq.node.openConf': (node) => clusterNode.openNodeConf(context, node),
    'rocketmq.connection.add': () => connection.addConnection(context),
    'rocketmq.connection.edit': (node) => connection.editConnection(context, node),
    'rocketmq.connection.remove': (node) => connection.removeConnection(context, node),
    'rocketmq.connection.test': (node) => connection.testConnection(context, node),
    'rocketmq.endpoint.addTopic': (node) => endpoint.addTopic(context, node),
    'rocketmq.endpoint.removeTopic': (node) => endpoint.removeTopic(context, node),
    'rocketmq.refresh': () => tree.refresh(),
    'rocketmq.refreshNode': (node) => tree.refresh(node),
    'rocketmq.retryNode': (node) => tree.refresh(node),
    'rocketmq.showSystemTopics': () => explorer.showSystemTopics(true),
    'rocketmq.hideSystemTopics': () => explorer.showSystemTopics(false),
    'rocketmq.topic.create': (node) => topic.createTopic(context, node),
    'rocketmq.topic.delete': (node) => topic.deleteTopic(context, node),
    'rocketmq.copyName': (node) => explorer.copyName(node),
    'rocketmq.openSendPanel': (node) => panels.openSendPanel(context, node),
    'rocketmq.openTailPanel': (node) => panels.openTailPanel(context, node),
    'rocketmq.insertSnippet': (node) => insertSnippet(prompts, snippetContext(context, node)),
    'rocketmq.openWalkthrough': () => explorer.openWalkthrough(),
  };
}

/** Registers every command; one that fails tells why. */
export function registerCommands(context: CommandContext): Disposable {
  const store = new DisposableStore();
  const table = commandTable(context);
  for (const id of commandIds) {
    const run = async (target?: unknown) => {
      try {
        await table[id](isExplorerNode(target) ? target : undefined);
      } catch (error) {
        await tellError(error, context.prompts, context.logger);
      }
    };
    store.add(vscode.commands.registerCommand(id, run));
  }
  return store;
}
