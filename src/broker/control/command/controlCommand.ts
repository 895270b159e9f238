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
    if (values.help === true || positionals.length === 0) {
      const commands = CONTROL_COMMANDS.map((command) => `  rocketmq-local control ${command}\n`).join('');
      print.out(
        `Asks a broker that was started with --control-port; --url and --token are those of its ready line.\n\n${commands}`,
      );
      return 0;
    }
    const url = values.url ?? env['ROCKETMQ_LOCAL_CONTROL_URL'] ?? '';
    const token = values.token ?? env['ROCKETMQ_LOCAL_CONTROL_TOKEN'] ?? '';
    const { method, path, body } = controlRequest(positionals);
    if (url === '' || token === '') {
      throw badRequest(
        'where is the broker? Give --url and --token of its ready line, or ROCKETMQ_LOCAL_CONTROL_URL and ROCKETMQ_LOCAL_CONTROL_TOKEN',
      );
    }
    if (!URL.canParse(url) || !/^https?:\/\//.test(url)) {
      throw badRequest(`"${url}" is no URL: give the one of the ready line, such as http://127.0.0.1:40126`);
    }
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body }),
    }).catch((error: unknown) => {
      // A time-out has words of its own.
      if (!(error instanceof TypeError)) throw error;
      const why = errorText(error.cause ?? error);
      throw badRequest(
        `no broker answers at ${url} (${why}); start one with --control-port, or give the url of its ready line`,
      );
    });
    const text = await answer.text();
    if (answer.ok) {
      print.out(text);
      return 0;
    }
    print.error(
      `rocketmq-local: ${messageIn(text) ?? `what answers at ${url} is no control interface (status ${answer.status})`}\n`,
    );
  } catch (error) {
    print.error(`rocketmq-local: ${errorText(error)}\n`);
  }
  return 1;
}

function messageIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { readonly error?: { readonly message?: string } }).error?.message;
  } catch {
    return undefined;
  }
}
