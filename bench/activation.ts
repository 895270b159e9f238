import { measureActivation } from '../test/support/vscodeHost/activationTime.ts';
import type { Figure } from './figures.ts';

/** What VS Code says of the packaged extension in out/, opened anew for every run: loading its code, and `activate`. */
export async function measureExtension(runs: number): Promise<Figure[]> {
  const found = await measureActivation({
    extension: 'rocketmq-tools.vscode-rocketmq',
    vsix: ['out/vscode-rocketmq.vsix'],
    runs,
  });
  return [
    { name: 'activate()', unit: 'ms', ours: found.map(({ callActivateMs }) => callActivateMs), target: { atMost: 50 } },
    { name: 'activation, loading code included', unit: 'ms', ours: found.map(({ totalMs }) => totalMs) },
  ];
}
