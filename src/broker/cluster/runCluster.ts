import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { Deferred } from '../../base/deferred.ts';
import { DisposableStore } from '../../base/disposable.ts';
import { CodedError, errorText } from '../../base/errors.ts';
import { LogFile, lineLogger } from '../logWriter.ts';
import type { ClusterAnswer, ClusterReady, ClusterRequest, ClusterStatus, NodeState } from '../control.ts';
import { findDistribution } from './apache/distribution.ts';
import { findJava } from './apache/findJava.ts';
import { javaProgram } from './apache/javaProgram.ts';
import { claimCluster } from './claimCluster.ts';
import type { StartCluster } from './clusterArguments.ts';
import type { ClusterLayout } from './clusterDirectory.ts';
import { clusterProblem } from './clusterProblem.ts';
import { statusText } from './clusterText.ts';
import { onEndWish } from './endWish.ts';
import type { NodeProgram } from './nodeProgram.ts';
import { ownProgram } from './ownProgram.ts';
import { serveParent, tellParent } from './parentChannel.ts';
import { directoryOf, makeDirectory, portsMustBeFree, prepareCluster } from './prepareCluster.ts';
import { Supervisor } from './supervisor.ts';

/** Nodes of a supervisor that was killed end as if they were asked to; that they saw it takes so much longer. */
const NOTICE_MS = 3000;

/**
 * Starts a cluster, and stays until somebody asks it to end; then everything that it started has ended.
 * @throws CodedError `usage` when it does not start
 */
export async function runCluster(wish: StartCluster, clock: Clock): Promise<void> {
  const directory = directoryOf(wish);
  makeDirectory(directory);
  const owned = new DisposableStore();
  const endAsked = new Deferred<string>();
  const ended = new Deferred<undefined>();
  try {
    const claim = owned.add(await claimCluster(directory));
    const log = owned.add(new LogFile(path.join(directory, 'supervisor.log')));
    const logger = lineLogger(log.write, () => clock.now());
    owned.add(
      onEndWish(clock, (why) => {
        logger.info(`ending: ${why}`);
        endAsked.resolve(why);
      }),
    );
    process.on('uncaughtException', (error) => {
      logger.error('an unexpected error ends the cluster', error);
      process.exitCode = 1;
      endAsked.resolve('an unexpected error');
    });
    const { layout, nodes } = await prepareCluster(directory, wish);
    const { mode } = layout;
    const program = await programOf(layout);
    await portsMustBeFree(nodes, claim.isAfterKill ? program.stopTimeoutMs + NOTICE_MS : 0);
    const onChange = (name: string, state: NodeState): void => tellParent({ kind: 'node', name, state });
    const supervisor = new Supervisor({ mode, directory, nodes, program, clock, logger, onChange });
    const answer = (request: ClusterRequest): Promise<ClusterAnswer> =>
      answerRequest(supervisor, request, async () => {
        endAsked.resolve('asked to stop');
        await ended.promise;
      });
    claim.serve(answer);
    serveParent(answer);
    try {
      await Promise.race([start(supervisor, wish.json), endAsked.promise]);
      await endAsked.promise;
    } finally {
      await supervisor.stop();
      ended.resolve(undefined);
    }
  } finally {
    owned.dispose();
  }
}

/** @throws CodedError when there is no such distribution, or no Java for it */
async function programOf({ apache }: ClusterLayout): Promise<NodeProgram> {
  if (apache === undefined) return ownProgram(process.argv[1] ?? '');
  return javaProgram(findDistribution(apache), await findJava(process.env, process.platform));
}

async function start(supervisor: Supervisor, json: boolean): Promise<void> {
  await supervisor.start();
  tellReady(await supervisor.status(), json);
}

async function answerRequest(
  supervisor: Supervisor,
  { action, node }: ClusterRequest,
  end: () => Promise<void>,
): Promise<ClusterAnswer> {
  try {
    if (action === 'stop' && node === undefined) await end();
    else if (action !== undefined) await supervisor.act(action, node ?? '');
    return { ok: true, status: await supervisor.status() };
  } catch (error) {
    const { reason, next, ...details } =
      error instanceof CodedError ? error.details : clusterProblem(errorText(error), 'see supervisor.log').details;
    return {
      ok: false,
      reason: String(reason ?? errorText(error)),
      next: String(next ?? 'see supervisor.log'),
      details,
    };
  }
}

function tellReady(status: ClusterStatus, json: boolean): void {
  const { pid, namesrv, dir, mode, apache } = status;
  const nodes = status.nodes.map(({ name, role, address, pid: nodePid }) => ({
    name,
    role,
    address,
    pid: nodePid ?? 0,
  }));
  const made = apache === undefined ? {} : { apache };
  const readyMs = Math.round(performance.now());
  const ready: ClusterReady = { ready: true, pid, namesrv, nodes, dir, mode, ...made, readyMs };
  tellParent({ kind: 'cluster-ready', info: ready });
  const text = `${statusText(status)}Point your clients at NAMESRV_ADDR=${namesrv}. Ctrl+C ends it.\n`;
  process.stdout.write(json ? `${JSON.stringify(ready)}\n` : text);
}
