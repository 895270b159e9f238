import type { IncomingMessage } from 'node:http';
import { errorText } from '../../base/errors.ts';
import { ControlError, badRequest } from './controlError.ts';

const MAX_BYTES = 8 * 1024 * 1024;

/** @throws ControlError 413 */
export async function readText(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MAX_BYTES) throw new ControlError(413, `a body may have at most ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** @throws ControlError 400, 413 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`the body is no JSON: ${errorText(error).slice(0, 200)}`);
  }
}
