import { randomBytes } from 'node:crypto';
import type { Disposable } from '../../base/disposable.ts';
import { isCodedError } from '../../base/errors.ts';
import type { ClusterAnswer, ClusterRequest } from '../control.ts';
import { startMarkOf } from '../processMark.ts';
import { askSupervisor } from './askSupervisor.ts';
import { clusterProblem } from './clusterProblem.ts';
import { clusterStep } from './clusterStep.ts';
import { serveSupervisor } from './supervisorServer.ts';
import { claimDirectory, leaveDirectory, readSupervisorFile, removeStaleFile } from './supervisorFile.ts';

const STARTING = 'the cluster is starting';
/** For an answer that takes no time, unless the supervisor hangs. */
const ALIVE_TIMEOUT_MS = 5000;

export interface Claim extends Disposable {
  /** The supervisor before this one was killed; its nodes may still be ending. */
  readonly isAfterKill: boolean;
  /** From now on requests are answered so. */
  serve(answer: (request: ClusterRequest) => Promise<ClusterAnswer>): void;
}

/**
 * Makes this process the supervisor of a directory, who can be asked through it.
 * @throws CodedError `cluster-running` when another one is
 */
export async function claimCluster(directory: string): Promise<Claim> {
  const token = randomBytes(24).toString('hex');
  let answer = (request: ClusterRequest): Promise<ClusterAnswer> => Promise.resolve(notYet(request));
  const control = await serveSupervisor(token, (request) => answer(request));
  const file = { pid: process.pid, startMark: startMarkOf(process.pid), port: control.port, token };
  try {
    const isAfterKill = await claim(directory, file);
    return {
      isAfterKill,
      serve: (served) => (answer = served),
      dispose: () => {
        leaveDirectory(directory, file);
        control.close();
      },
    };
  } catch (error) {
    control.close();
    throw error;
  }
}

/** @returns whether the file of one that was killed stood there */
async function claim(directory: string, file: Parameters<typeof claimDirectory>[1]): Promise<boolean> {
  if (claimDirectory(directory, file)) return false;
  const other = readSupervisorFile(directory);
  if (other === undefined || !(await isAnswered(other))) {
    removeStaleFile(directory);
    if (claimDirectory(directory, file)) return true;
  }
  const who = other === undefined ? '' : ` (pid ${other.pid})`;
  throw clusterProblem(
    `a cluster already runs in ${directory}${who}`,
    `see it with: ${clusterStep('status', directory)}, end it with: ${clusterStep('stop', directory)}, or choose another directory`,
    { code: 'cluster-running', details: { directory, ...(other === undefined ? {} : { pid: other.pid }) } },
  );
}

/** A stranger who has its port by now may answer as well, but neither with a status nor like one that starts. */
async function isAnswered(other: Parameters<typeof askSupervisor>[0]): Promise<boolean> {
  try {
    return (await askSupervisor(other, {}, ALIVE_TIMEOUT_MS)) !== undefined;
  } catch (error) {
    return isCodedError(error, 'usage') && error.details['reason'] === STARTING;
  }
}

const notYet = (request: ClusterRequest): ClusterAnswer => ({
  ok: false,
  reason: request.action === undefined ? STARTING : `${STARTING}: no ${request.action} yet`,
  next: 'ask again in a moment',
});
