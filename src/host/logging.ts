import type { LogOutputChannel } from 'vscode';

import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';

/** The output channel "RocketMQ". */
export function channelLogger(channel: LogOutputChannel): Logger {
  return {
    debug: (text) => channel.debug(text),
    info: (text) => channel.info(text),
    warn: (text) => channel.warn(text),
    error: (text, error) => channel.error(error === undefined ? text : `${text}: ${errorText(error)}`),
  };
}
