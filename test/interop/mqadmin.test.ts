import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { runScenario } from '../support/apache/javaScenario.ts';
import { startApacheRocketmq } from '../support/apacheRocketmq.ts';
import { startLocalBroker } from '../support/localBroker.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { normalised, steps } from './mqadminCommands.ts';
import type { Cluster } from './mqadminCommands.ts';

/** Without these the broker of Apache keeps no users. */
const AUTH = {
  authenticationMetadataProvider:
    'org.apache.rocketmq.auth.authentication.provider.LocalAuthenticationMetadataProvider',
  authorizationMetadataProvider: 'org.apache.rocketmq.auth.authorization.provider.LocalAuthorizationMetadataProvider',
};

/** Longer than any command takes that ends by itself. */
const COMMAND_LIMIT_MS = 20_000;
const RUN_TIMEOUT_MS = 600_000;

/** Every command of mqadmin, on a cluster of ours and one of Apache's that were prepared alike. */
describe('mqadmin on both brokers', function () {
  this.timeout(RUN_TIMEOUT_MS);
  const dir = makeTempDir('mqadmin');
  const stops: (() => Promise<void>)[] = [];
  let ours = new Map<string, string>();
  let apaches = new Map<string, string>();

  before(async function () {
    requireTools(this, 'java', 'javac', 'mvn');
    const apache = await startApacheRocketmq({ brokerConfig: { traceTopicEnable: true, ...AUTH } });
    stops.push(() => apache.stop());
    const local = await startLocalBroker();
    stops.push(() => local.stop());
    [ours, apaches] = await Promise.all([
      outputs({ name: 'ours', nameServer: local.namesrv, broker: local.broker }),
      outputs({ name: 'apache', nameServer: apache.nameServer, broker: apache.brokerAddress }),
    ]);
  });
  after(async () => {
    await Promise.all(stops.map((stop) => stop()));
    dir.remove();
  });

  /** What each command printed, by its name in the table. */
  async function outputs(cluster: Cluster): Promise<Map<string, string>> {
    const lists = path.join(dir.path, cluster.name);
    const lines = steps(cluster, lists).map(({ words }) => words.join('\t'));
    const file = path.join(dir.path, `${cluster.name}.txt`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    const printed = await runScenario('Tools', [String(COMMAND_LIMIT_MS), file], {
      release: '5',
      nameServer: cluster.nameServer,
      jvmArgs: ['-Xmx256m', '-Djava.security.manager=allow'],
      timeoutMs: RUN_TIMEOUT_MS,
    });
    const commands = printed.filter(({ event }) => event === 'command');
    assert.equal(commands.length, lines.length, `${cluster.name}: every command was run`);
    return new Map(steps(cluster, lists).map(({ name }, index) => [name, String(commands[index]?.['output'])]));
  }

  for (const step of steps({ name: '', nameServer: '', broker: '' }, '')) {
    it(step.name, () => {
      if (step.compare === undefined) return assert.deepEqual([ours.get(step.name), apaches.get(step.name)], ['', '']);
      const [mine, theirs] = [ours, apaches].map((found) => normalised(step, found.get(step.name) ?? 'not run'));
      if (step.compare !== 'names') assert.equal(mine, theirs);
      else
        assert.deepEqual(
          theirs?.split('\n').filter((name) => !mine?.split('\n').includes(name)),
          [],
        );
    });
  }
});
