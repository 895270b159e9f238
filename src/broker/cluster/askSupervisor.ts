import { connect } from 'node:net';
import type { ClusterAnswer, ClusterRequest, ClusterStatus } from '../control.ts';
import { clusterProblem } from './clusterProblem.ts';
import { isStillAlive } from './isAlive.ts';
import type { SupervisorLine } from './supervisorServer.ts';
import type { SupervisorFile } from './supervisorFile.ts';

/** More than a node takes to start. */
const TIMEOUT_MS = 120_000;
/** Keeps a stranger on the port from filling the memory. */
const MAX_ANSWER = 1_000_000;

/**
 * Asks the supervisor of a cluster.
 * @returns undefined when it is gone: its process has ended, or none listens there, or none answers in time
 * @throws CodedError `usage` with what it says when it refuses
 */
export async function askSupervisor(
  { port, token, ...owner }: SupervisorFile,
  request: ClusterRequest,
  timeoutMs = TIMEOUT_MS,
): Promise<ClusterStatus | undefined> {
  // Its port may be a stranger's by now, and its id another's.
  if (!isStillAlive(owner)) return undefined;
  const answer = await exchange(port, { ...request, token }, timeoutMs);
  if (answer === undefined || answer.ok) return answer?.status;
  throw clusterProblem(answer.reason, answer.next);
}

function exchange(port: number, line: SupervisorLine, timeoutMs: number): Promise<ClusterAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_ANSWER) socket.destroy();
    });
    socket.setTimeout(timeoutMs, () => socket.destroy());
    // Refused, or ended in the middle: in both cases nobody is there any more.
    socket.on('error', () => undefined);
    socket.on('connect', () => socket.write(`${JSON.stringify(line)}\n`));
    socket.on('close', () => {
      if (text === '') return resolve(undefined);
      try {
        resolve(JSON.parse(text) as ClusterAnswer);
      } catch (error) {
        reject(
          clusterProblem('whoever listens for the supervisor says what is no answer', 'start the cluster again', {
            cause: error,
          }),
        );
      }
    });
  });
}
