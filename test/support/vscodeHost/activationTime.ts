import { parseArgs } from 'node:util';

import { errorText } from '../../../src/base/errors.ts';
import { waitFor } from '../waitFor.ts';
import { openWorkbench } from './driveWorkbench.ts';
import type { WorkbenchOptions } from './driveWorkbench.ts';
import { parseVersions } from './versions.ts';

const USAGE = `Prints how long an extension takes to activate, in milliseconds, as VS Code measures it.

  npm run bench:activation -- --extension=publisher.name (--vsix=FILE | --extensionPath=DIR)
      [--view=TITLE] [--command=TITLE] [--workspace=DIR] [--runs=3] [--max=MS] [--vscode=VERSION]

Without --view or --command the extension has to activate by itself. With --max the exit code is 1 when the median is
above it. Measure the packaged .vsix on an idle machine: that is what users load.`;

export interface ActivationOptions extends WorkbenchOptions {
  readonly extension: string;
  /** Title of the activity bar entry whose opening activates the extension. */
  readonly view?: string | undefined;
  /** Title of the command that activates it. */
  readonly command?: string | undefined;
  readonly runs?: number | undefined;
}

export interface ActivationRun {
  readonly loadCodeMs: number;
  readonly callActivateMs: number;
  readonly finishActivateMs: number;
  readonly totalMs: number;
  readonly event: string;
}

/** Opens VS Code anew for every run. */
export async function measureActivation(options: ActivationOptions): Promise<ActivationRun[]> {
  const results: ActivationRun[] = [];
  for (let run = 0; run < (options.runs ?? 3); run++) results.push(await measureOnce(options));
  return results;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function measureOnce(options: ActivationOptions): Promise<ActivationRun> {
  const { extension, view, command } = options;
  const workbench = await openWorkbench(options);
  try {
    if (view !== undefined) await workbench.openActivity(view);
    if (command !== undefined) await workbench.runCommand(command);
    await workbench.untilActivated(extension);
    // The figures appear when the promise of activate() has settled.
    const figures = await waitFor(
      `the activation of ${extension} to end`,
      async () => (await workbench.activationTimes()).get(extension.toLowerCase()),
      { timeoutMs: 60_000 },
    );
    const { loadCode, callActivate, finishActivate, event } = figures;
    return {
      loadCodeMs: loadCode,
      callActivateMs: callActivate,
      finishActivateMs: finishActivate,
      totalMs: loadCode + callActivate + finishActivate,
      event,
    };
  } finally {
    await workbench.close();
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      extension: { type: 'string' },
      vsix: { type: 'string', multiple: true },
      extensionPath: { type: 'string' },
      view: { type: 'string' },
      command: { type: 'string' },
      workspace: { type: 'string' },
      vscode: { type: 'string', default: 'oldest' },
      runs: { type: 'string', default: '3' },
      max: { type: 'string' },
    },
  });
  const { extension, vscode, runs, max, ...options } = values;
  if (extension === undefined || (options.vsix ?? options.extensionPath) === undefined) {
    throw new Error(USAGE);
  }
  const [vscodeVersion] = parseVersions(vscode);
  const results = await measureActivation({ ...options, extension, vscodeVersion, runs: Number(runs) });
  console.table(results);
  const middle = median(results.map((result) => result.totalMs));
  console.log(`median ${middle} ms`);
  return max !== undefined && middle > Number(max) ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) {
  main().then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      console.error(errorText(error));
      process.exitCode = 2;
    },
  );
}
