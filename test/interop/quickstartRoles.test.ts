import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { mqadmin, runJava } from '../support/apache/java.ts';
import { startApacheRocketmq } from '../support/apacheRocketmq.ts';
import type { ApacheRocketmq } from '../support/apacheRocketmq.ts';
import { repository } from '../support/repository.ts';
import { startProcess } from '../support/runningProcess.ts';
import type { RunningProcess } from '../support/runningProcess.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

/** Each side's broker is registered with the other side's NameServer. */
describe('roles apart, mixed with Apache RocketMQ', () => {
  const dir = makeTempDir('roles');
  const processes: RunningProcess[] = [];
  let apache: ApacheRocketmq | undefined;
  let nameServer = '';
  let broker = '';

  const startRole = async (...args: string[]): Promise<{ readonly namesrv: string; readonly broker: string }> => {
    const command = [
      path.join(repository, 'dist', 'broker.cjs'),
      ...args,
      '--port',
      '0',
      '--grpc-port',
      'off',
      '--temp',
      '--json',
    ];
    const role = startProcess(process.execPath, command);
    processes.push(role);
    const [line] = await role.untilOutput(/^\{"ready":true.*\}$/m, 60_000);
    return JSON.parse(line) as { readonly namesrv: string; readonly broker: string };
  };

  before(async function () {
    requireTools(this, 'java', 'mvn');
    nameServer = (await startRole('namesrv')).namesrv;
    apache = await startApacheRocketmq({ brokerConfig: { namesrvAddr: nameServer } });
    const conf = path.join(dir.path, 'broker.conf');
    writeFileSync(conf, 'brokerName=broker-ours\n');
    broker = (await startRole('broker', '-n', apache.nameServer, '-c', conf)).broker;
  });

  after(async () => {
    await Promise.all(processes.map((role) => role.stop()));
    await apache?.stop();
    dir.remove();
  });

  const produce = async (address: string): Promise<void> => {
    const { code, output } = await runJava('org.apache.rocketmq.example.quickstart.Producer', [], {
      nameServer: address,
    });
    assert.equal(code, 0, output);
    assert.equal(output.match(/sendStatus=SEND_OK/g)?.length, 1_000);
  };

  it('the broker of Apache registers with our NameServer, and producers find it there', async () => {
    const { output } = await mqadmin(nameServer, ['clusterList']);
    assert.match(output, new RegExp(`^DefaultCluster +broker-a +0 +${apache!.brokerAddress} +V5`, 'm'));
    await produce(nameServer);
  });

  it('our broker registers with the NameServer of Apache, and producers find it there', async () => {
    const { output } = await mqadmin(apache!.nameServer, ['clusterList']);
    assert.match(output, new RegExp(`^DefaultCluster +broker-ours +0 +${broker} +V5_3_3`, 'm'));
    await produce(apache!.nameServer);
    const status = await mqadmin(apache!.nameServer, ['topicStatus', '-t', 'TopicTest']);
    const stored = [...status.output.matchAll(/^broker-ours +\d+ +0 +(\d+) /gm)].map(([, max]) => Number(max));
    assert.equal(
      stored.reduce((sum, max) => sum + max, 0),
      1_000,
    );
  });

  it('the NameServer of Apache forgets our broker when it stops', async () => {
    await processes.at(-1)?.stop();
    // It takes a broker's leave aside.
    await waitFor('the list without it', async () => {
      const { output } = await mqadmin(apache!.nameServer, ['clusterList']);
      return !output.includes('broker-ours');
    });
  });
});
