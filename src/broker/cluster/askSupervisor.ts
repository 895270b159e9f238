import { connect } from 'node:net';
import type { ClusterAnswer, ClusterRequest, ClusterStatus } from '../control.ts';
import { clusterProblem } from './clusterProblem.ts';
import type { SupervisorLine } from './supervisorServer.ts';
import type { SupervisorFile } from './supervisorFile.ts';

/** More than a node takes to start. */
const TIMEOUT_MS = 120_000;

/**
 * Asks the supervisor of a cluster.
 * @returns undefined when none listens there: it is gone
 * @throws CodedError `usage` with what it says when it refuses
 */
export async function askSupervisor(
  { port, token }: SupervisorFile,
  request: ClusterRequest,
): Promise<ClusterStatus | undefined> {
  const answer = await exchange(port, { ...request, token });
  if (answer === undefined || answer.ok) return answer?.status;
  throw clusterProblem(answer.reason, answer.next);
}

function exchange(port: number, line: SupervisorLine): Promise<ClusterAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
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
