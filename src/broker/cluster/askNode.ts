import type { Clock } from '../../base/clock.ts';
import { CodedError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { responseCodeName } from '../../protocol/codes.ts';
import { dial } from '../../remoting/dial.ts';

export interface AskParts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The body that a node answers with. @throws CodedError when it gives none */
export async function askNode(
  address: string,
  requestCode: number,
  { clock, logger }: AskParts,
  timeoutMs: number,
  extFields: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const connection = await dial(address, { clock, logger, timeoutMs });
  try {
    const { code, remark = '', body } = await connection.request({ code: requestCode, extFields }, timeoutMs);
    if (code === 0) return body;
    throw new CodedError('response-error', { address, requestCode, responseCode: responseCodeName(code), remark });
  } finally {
    connection.dispose();
  }
}
