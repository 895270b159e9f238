import * as vscode from 'vscode';

import { systemClock } from './base/clock.ts';
import type { Event } from './base/emitter.ts';
import { ClusterClient } from './client/clusterClient.ts';
import { EndpointClient } from './client/grpc/endpointClient.ts';
import type { EndpointClientOptions } from './client/grpc/endpointClient.ts';
import { ComposeRuns } from './host/apache/composeRuns.ts';
import { ContainerLogs } from './host/apache/containerLogs.ts';
import { Distributions } from './host/apache/distributions.ts';
import { startBrokerProcess } from './host/brokerProcess.ts';
import { tellClusterEnds } from './host/cluster/clusterLog.ts';
import { startClusterProcess } from './host/cluster/clusterProcess.ts';
import { LocalClusters } from './host/cluster/localClusters.ts';
import { ClusterClients } from './host/clusterClients.ts';
import type { EndpointConnection } from './host/connectionList.ts';
import { EndpointClients } from './host/endpointClients.ts';
import { Secrets } from './host/secrets.ts';
import { registerCommands } from './host/commands/commandTable.ts';
import { openTail } from './host/commands/panels.ts';
import { Connections } from './host/connections.ts';
import { toPageError } from './host/errorMessages.ts';
import { ExplorerTree } from './host/explorer/explorerTree.ts';
import { registerSnippetCompletion } from './host/language/snippetCompletion.ts';
import { LocalBroker } from './host/localBroker.ts';
import { keepContextKeys, tellCrashes, whenWindowIsUp } from './host/localBrokerEvents.ts';
import { LogDocuments } from './host/logDocuments.ts';
import { channelLogger } from './host/logging.ts';
import type { PanelServices } from './host/panels/panelServices.ts';
import { SendPanels } from './host/panels/sendPanel.ts';
import { TailPanels } from './host/panels/tailPanel.ts';
import { PromptSeam } from './host/prompts.ts';
import { findRunningBroker } from './host/runningBroker.ts';
import { Settings, SETTINGS_SECTION } from './host/settings.ts';
import { snippetContext } from './host/snippetContext.ts';
import { createStatusBar } from './host/statusBar.ts';
import type { ExtensionApi } from './host/testApi.ts';

const REQUEST_TIMEOUT = 'requestTimeoutMs';

let stopWhatRuns: () => Promise<unknown> = () => Promise.resolve();

/** Builds the objects and registers the roots. Nothing is read, started or asked before the window is up. */
export function activate(context: vscode.ExtensionContext): ExtensionApi | undefined {
  const own = <T extends vscode.Disposable>(item: T): T => {
    context.subscriptions.push(item);
    return item;
  };
  const clock = systemClock;
  const logger = channelLogger(own(vscode.window.createOutputChannel('RocketMQ', { log: true })));
  const settings = new Settings((name) => vscode.workspace.getConfiguration(SETTINGS_SECTION).get(name));
  const prompts = new PromptSeam();
  const createClient = (nameServers: string) =>
    new ClusterClient({ nameServers, timeoutMs: settings.number(REQUEST_TIMEOUT), clock, logger });

  const secrets = new Secrets(context.secrets);
  const createEndpoint = (
    connection: EndpointConnection,
    credentials: EndpointClientOptions['credentials'] = () => secrets.read(connection),
  ) => {
    const { grpcEndpoint: address, tls } = connection.endpoint;
    return new EndpointClient({
      address,
      tls,
      credentials,
      timeoutMs: settings.number(REQUEST_TIMEOUT),
      clock,
      logger,
    });
  };

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
  const localClusters = own(new LocalClusters({ modulePath, startProcess: startClusterProcess, clock, logger }));
  stopWhatRuns = () => Promise.all([localBroker.end(), localClusters.end()]);
  const composeRuns = own(new ComposeRuns(context.globalState));
  const connections = own(new Connections(localBroker, localClusters, composeRuns));
  const clients = own(new ClusterClients(connections, createClient, logger));
  const endpoints = own(new EndpointClients(connections, createEndpoint));
  const tree = own(new ExplorerTree({ connections, localClusters, clients, endpoints, settings, clock, logger }));
  const treeView = own(
    vscode.window.createTreeView('rocketmq.explorer', { treeDataProvider: tree, showCollapseAll: true }),
  );
  const logDocuments = own(new LogDocuments(clock));
  own(treeView.onDidChangeVisibility(({ visible }) => localClusters.watch(visible)));

  const panelServices: PanelServices = {
    extensionUri: context.extensionUri,
    resolve: (connectionId) => {
      const connection = connections.get(connectionId);
      if (connection?.endpoint === undefined) return clients.byId(connectionId);
      return { name: connection.name, client: endpoints.forPanels(connection) };
    },
    onDidChangeClients: either(clients.onDidChange, endpoints.onDidChange),
    toPageError,
    logger,
    clock,
  };
  const sendPanels: SendPanels = own(
    new SendPanels({
      ...panelServices,
      workspaceState: context.workspaceState,
      sent: (connectionId, topic) => tree.messagesArrived(connectionId, topic),
      openTail: (connectionId, topic) => {
        const connection = connections.get(connectionId);
        if (connection !== undefined) void openTail({ prompts, tailPanels }, connection, topic);
      },
    }),
  );
  const tailPanels: TailPanels = own(
    new TailPanels({
      ...panelServices,
      capacity: () => settings.number('tail.capacity'),
      openSend: (connectionId, topic) => sendPanels.open(connectionId, topic),
    }),
  );
  sendPanels.register();
  tailPanels.register();

  const sources = { connections, clients, treeView, localBroker };
  own(registerSnippetCompletion(() => snippetContext(sources)));
  own(
    registerCommands({
      ...sources,
      ...{
        localClusters,
        composeRuns,
        containerLogs: own(new ContainerLogs(process.env)),
        distributions: new Distributions(context.globalState, process.env),
        modulePath,
        clock,
        env: process.env,
        apacheDirectory: vscode.Uri.joinPath(context.globalStorageUri, 'apacheRocketmq').fsPath,
        clusterDirectory: vscode.Uri.joinPath(context.globalStorageUri, 'localClusters').fsPath,
        logDocuments,
        settings,
        prompts,
        createClient,
        createEndpoint,
        endpoints,
        secrets,
        tree,
        sendPanels,
        tailPanels,
        logger,
      },
    }),
  );
  own(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${SETTINGS_SECTION}.${REQUEST_TIMEOUT}`)) {
        clients.renew();
        endpoints.renew();
      }
    }),
  );
  own(createStatusBar(localBroker));
  own(keepContextKeys(localBroker, connections));
  own(tellCrashes(localBroker, prompts));
  own(tellClusterEnds(localClusters, { logDocuments, prompts, logger }));
  own(clock.after(0, () => whenWindowIsUp(localBroker, settings)));

  if (context.extensionMode !== vscode.ExtensionMode.Test) return undefined;
  return {
    clients,
    composeRuns,
    connections,
    createEndpoint,
    endpoints,
    localBroker,
    localClusters,
    prompts,
    secrets,
    sendPanels,
    tailPanels,
    tree,
    treeView,
  };
}

export async function deactivate(): Promise<void> {
  await stopWhatRuns();
}

/** What either tells. */
function either(a: Event<undefined>, b: Event<undefined>): Event<undefined> {
  return (listener) => {
    const both = [a(listener), b(listener)];
    return { dispose: () => both.forEach((subscription) => subscription.dispose()) };
  };
}

async function answers(client: ClusterClient): Promise<boolean> {
  try {
    const { nameServers } = await client.probe();
    return nameServers.some(({ problem }) => problem === undefined);
  } finally {
    client.dispose();
  }
}
