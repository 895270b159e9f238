import { errorText } from '../../../base/errors.ts';
import { readOptions } from '../../readOptions.ts';
import { badRequest } from '../controlError.ts';
import { CONTROL_COMMANDS, controlRequest } from './controlRequest.ts';

const options = {
  url: { type: 'string' },
  token: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** A wait may take ten minutes. */
const TIMEOUT_MS = 620_000;

/**
 * `rocketmq-local control …`: asks the control interface of a broker that runs, and prints its answer as JSON.
 * @returns the exit status
 */
export async function controlCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  print: { readonly out: (text: string) => void; readonly error: (text: string) => void },
): Promise<number> {
  try {
    const { values, positionals } = readOptions(args, options, badRequest);
    if (values.help === true) {
      const commands = CONTROL_COMMANDS.map((command) => `  rocketmq-local control ${command}\n`).join('');
      print.out(
        `Asks a broker that was started with --control-port; --url and --token are those of its ready line.\n\n${commands}`,
      );
      return 0;
    }
    const url = values.url ?? env['ROCKETMQ_LOCAL_CONTROL_URL'];
    const token = values.token ?? env['ROCKETMQ_LOCAL_CONTROL_TOKEN'];
    const { method, path, body } = controlRequest(positionals);
    if (url === undefined || token === undefined) {
      throw badRequest(
        'where is the broker? Give --url and --token of its ready line, or ROCKETMQ_LOCAL_CONTROL_URL and ROCKETMQ_LOCAL_CONTROL_TOKEN',
      );
    }
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    if (answer.ok) {
      print.out(text);
      return 0;
    }
    print.error(`rocketmq-local: ${messageIn(text)}\n`);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? ` (${errorText(error.cause)})` : '';
    print.error(`rocketmq-local: ${errorText(error)}${cause}\n`);
  }
  return 1;
}

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { readonly error: { readonly message: string } }).error.message;
  } catch {
    return text.slice(0, 500);
  }
}
