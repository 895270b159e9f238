import * as vscode from 'vscode';

import { systemClock } from './base/clock.ts';
import { ComposeRuns } from './host/apache/composeRuns.ts';
import { ContainerLogs } from './host/apache/containerLogs.ts';
import { Distributions } from './host/apache/distributions.ts';
import { startBrokerProcess } from './host/brokerProcess.ts';
import { answers, clientFactories, renewWithSettings } from './host/clientFactories.ts';
import { tellClusterEnds } from './host/cluster/clusterLog.ts';
import { startClusterProcess } from './host/cluster/clusterProcess.ts';
import { LocalClusters } from './host/cluster/localClusters.ts';
import { askControl } from './host/control/askControl.ts';
import { LocalFaults } from './host/control/localFaults.ts';
import { ClusterClients } from './host/clusterClients.ts';
import { registerCommands } from './host/commands/commandTable.ts';
import { Connections } from './host/connections.ts';
import { EndpointClients } from './host/endpointClients.ts';
import { ExplorerTree } from './host/explorer/explorerTree.ts';
import { registerSnippetCompletion } from './host/language/snippetCompletion.ts';
import { LocalBroker } from './host/localBroker.ts';
import { keepContextKeys, tellCrashes, whenWindowIsUp } from './host/localBrokerEvents.ts';
import { LogDocuments } from './host/logDocuments.ts';
import { channelLogger } from './host/logging.ts';
import { registerMessagePanels } from './host/panels/messagePanels.ts';
import { PromptSeam } from './host/prompts.ts';
import { findRunningBroker } from './host/runningBroker.ts';
import { Secrets } from './host/secrets.ts';
import { Settings, SETTINGS_SECTION } from './host/settings.ts';
import { snippetContext } from './host/snippetContext.ts';
import { createStatusBar } from './host/statusBar.ts';
import type { ExtensionApi } from './host/testApi.ts';

let stopWhatRuns: () => Promise<unknown> = () => Promise.resolve();

/** Builds the objects and registers the roots. Nothing is read, started or asked before the window is up. */
export function activate(context: vscode.ExtensionContext): ExtensionApi | undefined {
  const own = <T extends vscode.Disposable>(item: T): T => {
    context.subscriptions.push(item);
    return item;
  };
  const place = (name: string) => vscode.Uri.joinPath(context.globalStorageUri, name).fsPath;
  const { env } = process;
  const clock = systemClock;
  const logger = channelLogger(own(vscode.window.createOutputChannel('RocketMQ', { log: true })));
  const settings = new Settings((name) => vscode.workspace.getConfiguration(SETTINGS_SECTION).get(name));
  const prompts = new PromptSeam();
  const secrets = new Secrets(context.secrets);
  const { createClient, createEndpoint } = clientFactories(settings, secrets, { clock, logger });

  const modulePath = vscode.Uri.joinPath(context.extensionUri, 'dist', 'broker.cjs').fsPath;
  const localBroker = own(
    new LocalBroker({
      directory: context.globalStorageUri.fsPath,
      modulePath,
      isControlled: () => settings.boolean('localBroker.controlInterface'),
      startProcess: startBrokerProcess,
      findRunning: (storeDir) => findRunningBroker(storeDir, (nameServers) => answers(createClient(nameServers))),
      clock,
      logger,
    }),
  );
  const localFaults = own(new LocalFaults({ localBroker, ask: askControl, clock, logger }));
  const localClusters = own(new LocalClusters({ modulePath, startProcess: startClusterProcess, clock, logger }));
  stopWhatRuns = () => Promise.all([localBroker.end(), localClusters.end()]);

  const composeRuns = own(new ComposeRuns(context.globalState));
  const connections = own(new Connections(localBroker, localClusters, composeRuns));
  const clients = own(new ClusterClients(connections, createClient, logger));
  const endpoints = own(new EndpointClients(connections, createEndpoint));
  const tree = own(
    new ExplorerTree({ connections, localClusters, localFaults, clients, endpoints, settings, clock, logger }),
  );
  const treeView = own(
    vscode.window.createTreeView('rocketmq.explorer', { treeDataProvider: tree, showCollapseAll: true }),
  );
  own(treeView.onDidChangeVisibility(({ visible }) => localClusters.watch(visible)));
  own(treeView.onDidChangeVisibility(({ visible }) => localFaults.watch(visible)));
  const logDocuments = own(new LogDocuments(clock));
  const { sendPanels, tailPanels } = registerMessagePanels({
    ...{ context, own, connections, clients, endpoints, tree, settings, prompts, clock, logger },
  });

  const sources = { connections, clients, treeView, localBroker };
  own(registerSnippetCompletion(() => snippetContext(sources)));
  own(
    registerCommands({
      ...sources,
      ...{
        localClusters,
        localFaults,
        composeRuns,
        modulePath,
        createClient,
        createEndpoint,
        endpoints,
        secrets,
        tree,
      },
      ...{ sendPanels, tailPanels, logDocuments, settings, prompts, clock, logger, env },
      containerLogs: own(new ContainerLogs(env)),
      distributions: new Distributions(context.globalState, env),
      apacheDirectory: place('apacheRocketmq'),
      clusterDirectory: place('localClusters'),
    }),
  );
  own(renewWithSettings(clients, endpoints));
  own(createStatusBar(localBroker));
  own(keepContextKeys(localBroker, localFaults, connections));
  own(tellCrashes(localBroker, prompts));
  own(tellClusterEnds(localClusters, { logDocuments, prompts, logger }));
  own(clock.after(0, () => whenWindowIsUp(localBroker, settings)));

  if (context.extensionMode !== vscode.ExtensionMode.Test) return undefined;
  return {
    ...{
      clients,
      composeRuns,
      connections,
      createEndpoint,
      endpoints,
      localBroker,
      localClusters,
      localFaults,
      prompts,
      secrets,
    },
    ...{ sendPanels, tailPanels, tree, treeView },
  };
}

export async function deactivate(): Promise<void> {
  await stopWhatRuns();
}
