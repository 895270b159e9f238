import * as vscode from 'vscode';

import { isCodedError } from '../../base/errors.ts';
import type { CommandId } from '../commandIds.ts';
import type { BrokerPorts, LocalBroker, LocalBrokerState } from '../localBroker.ts';
import { logUri } from '../logDocuments.ts';
import type { LogDocuments } from '../logDocuments.ts';
import { portHolder } from '../portHolder.ts';
import type { Prompts } from '../prompts.ts';
import { settingDefaults } from '../settings.ts';
import type { Settings } from '../settings.ts';

export interface LocalBrokerCommandContext {
  readonly localBroker: LocalBroker;
  readonly logDocuments: LogDocuments;
  readonly settings: Settings;
  readonly prompts: Prompts;
}

const { t } = vscode.l10n;

/** @throws CodedError see `LocalBroker.start`; a taken port is asked about instead */
export async function startLocalBroker(context: LocalBrokerCommandContext): Promise<void> {
  await askingForPorts(context, (...ports) => context.localBroker.start(...ports));
}

export async function stopLocalBroker({ localBroker }: LocalBrokerCommandContext): Promise<void> {
  await localBroker.stop();
}

export async function restartLocalBroker(context: LocalBrokerCommandContext): Promise<void> {
  await askingForPorts(context, (...ports) => context.localBroker.restart(...ports));
}

export async function resetLocalBroker(context: LocalBrokerCommandContext): Promise<void> {
  const { localBroker, prompts } = context;
  const sure = await prompts.confirm(
    t('Delete all messages, topics and offsets of the local broker?'),
    t('The directory {0} is deleted. This cannot be undone.', localBroker.storeDir),
    t('Reset Data'),
  );
  if (!sure) return;
  const wasUp = localBroker.state.kind === 'running' || localBroker.state.kind === 'starting';
  await localBroker.reset();
  if (wasUp) await startLocalBroker(context);
  await prompts.tell('info', t('The local broker is as new.'));
}

export async function showBrokerLog({ localBroker, logDocuments }: LocalBrokerCommandContext): Promise<void> {
  await logDocuments.show(logUri(localBroker.logFile, 'localBroker.log'));
}

/** What the status bar's item opens: the commands that make sense now. */
export async function openLocalBrokerMenu({ localBroker, prompts }: LocalBrokerCommandContext): Promise<void> {
  const items = menuOf(localBroker.state).map(([label, value]) => ({ label, value }));
  const command = await prompts.pick({ title: t('Local Broker'), items });
  if (command !== undefined) await vscode.commands.executeCommand(command);
}

function menuOf(state: LocalBrokerState): readonly (readonly [label: string, command: CommandId])[] {
  const start = [t('$(play) Start'), 'rocketmq.localBroker.start'] as const;
  const stop = [t('$(debug-stop) Stop'), 'rocketmq.localBroker.stop'] as const;
  const restart = [t('$(debug-restart) Restart'), 'rocketmq.localBroker.restart'] as const;
  const reset = [t('$(clear-all) Reset Data…'), 'rocketmq.localBroker.reset'] as const;
  const log = [t('$(output) Show Log'), 'rocketmq.localBroker.showLog'] as const;
  const fault = [t('$(bug) Set Fault…'), 'rocketmq.fault.set'] as const;
  const clock = [t('$(watch) Move Clock…'), 'rocketmq.localBroker.moveClock'] as const;
  switch (state.kind) {
    case 'stopped':
      return [start, log, reset];
    case 'starting':
      return [stop, log];
    case 'running':
      return [stop, restart, fault, clock, log, reset];
    case 'stopping':
    case 'external':
      return [log];
  }
}

/** Starts, and asks for other ports as often as one is taken. */
async function askingForPorts(
  context: LocalBrokerCommandContext,
  start: (ports: BrokerPorts, configured: BrokerPorts) => Promise<unknown>,
): Promise<void> {
  const configured = configuredPorts(context.settings);
  let ports: BrokerPorts | undefined = context.localBroker.portsFor(configured);
  while (ports !== undefined) {
    try {
      await start(ports, configured);
      return;
    } catch (error) {
      if (!isCodedError(error, 'port-in-use')) throw error;
      const taken = Number(error.details['port']);
      ports = freed(ports, configured, taken) ?? (await otherPorts(context, ports, taken));
    }
  }
}

/** Another free port where the settings want any; nobody need be asked. */
function freed(ports: BrokerPorts, configured: BrokerPorts, taken: number): BrokerPorts | undefined {
  const name = nameOf(ports, taken);
  return configured[name] === 0 && ports[name] !== 0 ? { ...ports, [name]: 0 } : undefined;
}

/** A broker also takes the port two below its own, so the port named may be none of the three. */
function nameOf(ports: BrokerPorts, taken: number): keyof BrokerPorts {
  if (taken === ports.nameServerPort) return 'nameServerPort';
  return taken === ports.grpcPort ? 'grpcPort' : 'brokerPort';
}

async function otherPorts(
  context: LocalBrokerCommandContext,
  ports: BrokerPorts,
  taken: number,
): Promise<BrokerPorts | undefined> {
  const holder = await portHolder(taken);
  const message =
    holder === undefined
      ? t('Port {0} is in use by another program.', taken)
      : t('Port {0} is in use by {1} (process {2}).', taken, holder.program, holder.pid);
  const free = t('Use Free Port');
  const choose = t('Choose Ports…');
  const answer = await context.prompts.tell('warning', message, free, choose);
  if (answer === free) return { ...ports, [nameOf(ports, taken)]: 0 };
  return answer === choose ? askPorts(context.prompts, ports) : undefined;
}

async function askPorts(prompts: Prompts, ports: BrokerPorts): Promise<BrokerPorts | undefined> {
  const nameServerPort = await askPort(prompts, t('Port of the NameServer'), ports.nameServerPort);
  if (nameServerPort === undefined) return undefined;
  const brokerPort = await askPort(prompts, t('Port of the broker'), ports.brokerPort);
  if (brokerPort === undefined) return undefined;
  if (typeof ports.grpcPort !== 'number') return { ...ports, nameServerPort, brokerPort };
  const grpcPort = await askPort(prompts, t('Port for gRPC clients'), ports.grpcPort);
  return grpcPort === undefined ? undefined : { nameServerPort, brokerPort, grpcPort };
}

async function askPort(prompts: Prompts, prompt: string, value: number): Promise<number | undefined> {
  const answer = await prompts.input({
    title: t('Start Local Broker'),
    prompt: t('{0} (0 takes any free one)', prompt),
    value: String(value),
    validate: (text) =>
      /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? undefined : t('A port is a number up to 65535.'),
  });
  return answer === undefined ? undefined : Number(answer);
}

function configuredPorts(settings: Settings): BrokerPorts {
  return {
    nameServerPort: settings.number('localBroker.nameServerPort'),
    brokerPort: settings.number('localBroker.port'),
    grpcPort: configuredGrpcPort(settings),
  };
}

/** The default port may be taken: a broker without gRPC is better than none. */
function configuredGrpcPort(settings: Settings): BrokerPorts['grpcPort'] {
  const port = settings.number('localBroker.grpcPort');
  if (port < 0) return 'off';
  return port === settingDefaults['localBroker.grpcPort'] ? undefined : port;
}
