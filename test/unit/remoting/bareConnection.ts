import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { CodedError } from '../../../src/base/errors.ts';
import { isCodedError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { RemotingCommand } from '../../../src/protocol/command.ts';
import { FrameSplitter, decodeFrame } from '../../../src/protocol/frame.ts';
import { Connection } from '../../../src/remoting/connection.ts';
import type { ConnectionOptions } from '../../../src/remoting/connection.ts';
import type { RequestHandler } from '../../../src/remoting/peer.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { streamPair } from '../../support/streamPair.ts';

/** A connection on one end and the bare stream on the other. */
export function bare(handle?: RequestHandler, clock = new FakeClock(), options: Partial<ConnectionOptions> = {}) {
  const [near, far] = streamPair();
  const connection = new Connection(near, { remoteAddress: 'far:2', clock, logger: silentLogger, handle, ...options });
  const received: RemotingCommand[] = [];
  const splitter = new FrameSplitter();
  far.on('data', (chunk: Buffer) => received.push(...splitter.push(chunk).map((frame) => decodeFrame(frame).command)));
  const closed: (CodedError | undefined)[] = [];
  connection.onClose((error) => closed.push(error));
  return { connection, near, far, received, closed, clock };
}

export async function settle(): Promise<void> {
  for (let n = 0; n < 10; n += 1) await turn();
}

export function rejection(promise: Promise<unknown>): Promise<CodedError> {
  return promise.then(
    () => assert.fail('it should have failed'),
    (error: unknown) => {
      assert.ok(isCodedError(error), String(error));
      return error;
    },
  );
}
