import path from 'node:path';

import * as vscode from 'vscode';

import type { ClusterMode } from '../../broker/control.ts';
import type { Distributions } from '../apache/distributions.ts';
import { directoryQuestion, modeItems, startInDirectory } from './localCluster.ts';
import type { LocalClusterCommandContext } from './localCluster.ts';
import { askInTurn } from '../wizard.ts';
import { openComposeFile, startNewCompose } from './composeFile.ts';
import type { ComposeCommandContext, Shape } from './composeFile.ts';

export interface ApacheCommandContext extends LocalClusterCommandContext, ComposeCommandContext {
  readonly distributions: Distributions;
}

const { t } = vscode.l10n;

/** Asks where Apache RocketMQ is to come from, and starts it. */
export async function startApacheRocketmq(context: ApacheCommandContext): Promise<void> {
  const { prompts } = context;
  const title = t('Start Apache RocketMQ');
  const source = await prompts.pick({ title, placeholder: t('What runs it'), items: sourceItems() });
  if (source === undefined) return;
  if (source === 'composeFile') return openComposeFile(context);
  const shape = await askShape(context, title);
  if (shape === undefined) return;
  if (source === 'compose') return startNewCompose(context, shape);
  const home = await askHome(context, title);
  if (home === undefined) return;
  const { mode, proxy } = shape;
  let directory = '';
  const first = path.join(context.apacheDirectory, proxy ? `${mode}-proxy` : mode);
  const question = directoryQuestion(
    context,
    title,
    () => first,
    (chosen) => (directory = chosen),
  );
  if (!(await askInTurn([question]))) return;
  await startInDirectory(context, { mode, directory, apache: { home, proxy } }, () => context.distributions.used(home));
}

function sourceItems() {
  return [
    {
      label: t('An unpacked distribution'),
      detail: t('Servers in Java 8 or newer, with small heaps. They end with this window.'),
      value: 'distribution' as const,
    },
    {
      label: t('Docker: a new compose file'),
      detail: t(
        'Written where you choose, and started where Docker answers. The containers go on without this window.',
      ),
      value: 'compose' as const,
    },
    {
      label: t('Docker: a compose file written before'),
      value: 'composeFile' as const,
    },
  ];
}

async function askShape({ prompts }: ApacheCommandContext, title: string): Promise<Shape | undefined> {
  const [single, ...others] = modeItems().map((item) => ({ ...item, value: { mode: item.value, proxy: false } }));
  const mode: ClusterMode = 'single';
  const withProxy = {
    label: t('One master, with a proxy'),
    description: mode,
    detail: t('For clients of RocketMQ 5 that speak gRPC.'),
    value: { mode, proxy: true },
  };
  return prompts.pick({
    title,
    placeholder: t('How many masters and slaves, and how they copy'),
    items: [...(single === undefined ? [] : [single]), withProxy, ...others],
  });
}

async function askHome({ prompts, distributions }: ApacheCommandContext, title: string): Promise<string | undefined> {
  const { items } = distributions;
  const other = { label: t('$(folder-opened) Choose a folder…'), value: '' };
  const home =
    items.length === 0
      ? ''
      : await prompts.pick({ title, placeholder: t('The unpacked distribution'), items: [...items, other] });
  if (home !== '') return home;
  return prompts.path({
    kind: 'folder',
    title: t('Folder with bin, conf and lib of Apache RocketMQ'),
    button: t('Start'),
  });
}
