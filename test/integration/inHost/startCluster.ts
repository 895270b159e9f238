import assert from 'node:assert/strict';

import type { LocalCluster } from '../../../src/host/cluster/localCluster.ts';
import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { runAnswering } from './extension.ts';
import type { ScriptedPrompts } from './scriptedPrompts.ts';

/** Starts the one cluster of the window by a command, which must say `<what> runs` and where. */
export async function startCluster(
  api: ExtensionApi,
  script: ScriptedPrompts,
  command: string,
  what: string,
): Promise<LocalCluster> {
  await runAnswering(api, script, command);
  const [cluster] = api.localClusters.list;
  assert.ok(cluster !== undefined, script.shown.join('; '));
  assert.equal(script.shown.at(-1), `info: ${what} runs. Point your clients at ${cluster.nameServers}.`);
  return cluster;
}

/** Of its supervisor and its nodes that run. */
export function pidsOf({ status }: LocalCluster): number[] {
  return [status.pid, ...status.nodes.map(({ pid }) => pid)].filter((pid) => pid !== null);
}
