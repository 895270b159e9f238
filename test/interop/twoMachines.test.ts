import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  readSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { planCluster } from '../../src/broker/cluster/clusterPlan.ts';
import type { PlannedNode } from '../../src/broker/cluster/clusterPlan.ts';
import { brokerConf, nameServerConf } from '../../src/broker/cluster/nodeConf.ts';
import { startScenario } from '../support/apache/javaScenario.ts';
import { repository } from '../support/repository.ts';
import { startProcess } from '../support/runningProcess.ts';
import type { RunningProcess } from '../support/runningProcess.ts';
import type { RunningScenario } from '../support/scenario.ts';
import { requireTools, skipTest } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import type { TempDir } from '../support/tempDir.ts';
import { TwoMachines } from '../support/twoMachines.ts';
import { waitFor } from '../support/waitFor.ts';

const TOPIC = 'TwoMachines';
const TOPICS = JSON.stringify({
  dataVersion: { counter: 1, stateVersion: 0, timestamp: 1 },
  topicConfigTable: { [TOPIC]: { topicName: TOPIC, readQueueNums: 2, writeQueueNums: 2, perm: 6 } },
});
const NAME_SERVERS = 'rocketmq-nameserver1:9876;rocketmq-nameserver2:9876';

/** Which node of the mode runs where, by the names of Apache's tutorial: a master beside the slave of the other. */
const PLACES: Readonly<Record<string, { readonly machine: 0 | 1; readonly host: string; readonly port: number }>> = {
  'namesrv-1': { machine: 0, host: 'rocketmq-nameserver1', port: 9876 },
  'namesrv-2': { machine: 1, host: 'rocketmq-nameserver2', port: 9876 },
  'broker-a': { machine: 0, host: 'rocketmq-master1', port: 10911 },
  'broker-b': { machine: 1, host: 'rocketmq-master2', port: 10911 },
  'broker-a-s': { machine: 1, host: 'rocketmq-slave1', port: 11011 },
  'broker-b-s': { machine: 0, host: 'rocketmq-slave2', port: 11011 },
};

/** The tutorial's layout of two machines, which are two network namespaces here. */
describe('2m-2s-async on two machines with a hosts map', function () {
  this.timeout(300_000);
  this.slow(60_000);
  let place: TempDir;
  let machines: TwoMachines | undefined;
  const nodes = new Map<string, RunningProcess>();
  const clients: RunningScenario[] = [];

  before(function () {
    place = makeTempDir('machines');
    requireTools(this, 'java', 'javac', 'mvn');
    const problem = TwoMachines.problem();
    if (problem !== undefined) skipTest(this, problem);
    const hostsOf = (machine: 0 | 1): string[] =>
      Object.values(PLACES).flatMap((at) => (at.machine === machine ? [at.host] : []));
    machines = TwoMachines.start([hostsOf(0), hostsOf(1)], place.path);
  });
  after(async () => {
    await Promise.all([...clients, ...nodes.values()].map((one) => one.stop()));
    machines?.remove();
    place.remove();
  });

  const storeOf = (name: string): string => path.join(place.path, name, 'store');

  async function startNode({ name, broker }: PlannedNode): Promise<void> {
    const { machine, host, port } = PLACES[name]!;
    const conf = path.join(place.path, name, 'node.conf');
    const at = { storeDirectory: storeOf(name), bindAddress: '0.0.0.0', host, port };
    mkdirSync(path.join(at.storeDirectory, 'config'), { recursive: true });
    // A topic that begins to exist with a send is on the master that got it first alone.
    if (broker?.brokerId === 0) writeFileSync(path.join(at.storeDirectory, 'config', 'topics.json'), TOPICS);
    writeFileSync(conf, broker === undefined ? nameServerConf(at) : brokerConf(broker, at, NAME_SERVERS));
    const role = broker === undefined ? 'namesrv' : 'broker';
    const command = [process.execPath, path.join(repository, 'dist', 'broker.cjs'), role, '-c', conf, '--json'];
    const [program, args] = machines!.command(machines!.machines[machine], ...command);
    const node = startProcess(program, args, { stopTimeoutMs: 0 });
    nodes.set(name, node);
    await node.untilOutput(/^\{"ready":true.*\}$/m, 60_000);
  }

  /** The Java program on one of the machines, and how it is told what to do. */
  async function startClient(
    machine: 0 | 1,
  ): Promise<{ program: RunningScenario; tell: (what: string) => Promise<void> }> {
    const commands = path.join(place.path, `commands-${clients.length}`);
    const program = await startScenario('MastersDown', [TOPIC, commands], {
      release: '5',
      nameServer: NAME_SERVERS,
      within: (java, args) => machines!.command(machines!.machines[machine], java, ...args),
    });
    clients.push(program);
    await program.untilLines('started');
    let given = 0;
    const tell = async (what: string): Promise<void> => {
      appendFileSync(commands, `${what}\n`);
      await program.untilLines('done', ++given);
    };
    return { program, tell };
  }

  const untilReceived = (program: RunningScenario, numbers: readonly number[]): Promise<unknown> =>
    waitFor(
      'these messages',
      () => {
        const received = new Set(program.lines('received').map(({ n }) => n));
        return numbers.every((n) => received.has(n));
      },
      { timeoutMs: 120_000, details: () => program.output().slice(-4000) },
    );

  const untilCopied = async (master: string, slave: string): Promise<void> => {
    await waitFor('the log at the slave', () => logHead(storeOf(master)).equals(logHead(storeOf(slave))), {
      timeoutMs: 60_000,
    });
    const topics = path.join(storeOf(slave), 'config', 'topics.json');
    await waitFor('the topic at the slave', () => existsSync(topics) && readFileSync(topics, 'utf8').includes(TOPIC), {
      timeoutMs: 60_000,
    });
  };

  it('sends from one, consumes on the other, and reads on from the slave when a machine dies', async () => {
    const plan = planCluster('2m-2s-async', 2);
    assert.deepEqual(plan.map(({ name }) => name).sort(), Object.keys(PLACES).sort());
    for (const role of ['namesrv', 'master', 'slave']) {
      await Promise.all(plan.filter((node) => node.role === role).map(startNode));
    }
    const sender = await startClient(0);
    const reader = await startClient(1);
    await reader.tell('consume');
    await sender.tell('produce 0 40');
    const sentBy = (): Map<number, string> =>
      new Map(sender.program.lines('sent').map(({ n, broker }) => [Number(n), String(broker)]));
    assert.deepEqual(new Set(sentBy().values()), new Set(['broker-a', 'broker-b']), sender.program.output());
    await untilReceived(reader.program, [...sentBy().keys()]);
    await reader.program.stop();

    await sender.tell('produce 40 40');
    const unread = [...sentBy().keys()].filter((n) => n >= 40);
    assert.equal(unread.length, 40, sender.program.output());
    await untilCopied('broker-a', 'broker-a-s');
    await sender.program.stop();
    // All that runs on the first machine.
    for (const [name, { machine }] of Object.entries(PLACES)) if (machine === 0) await nodes.get(name)?.stop();

    const { program, tell } = await startClient(1);
    await tell('consume');
    await untilReceived(program, unread);
    const ofDead = unread.filter((n) => sentBy().get(n) === 'broker-a');
    const cameFrom = new Map(program.lines('received').map(({ n, broker }) => [n, broker]));
    assert.deepEqual([ofDead.length, new Set(ofDead.map((n) => cameFrom.get(n)))], [20, new Set(['broker-a'])]);
  });
});

/** The first bytes of the first file, which hold all that is sent here. */
function logHead(store: string): Buffer {
  const head = Buffer.alloc(256 * 1024);
  const file = path.join(store, 'commitlog', '00000000000000000000');
  if (!existsSync(file)) return Buffer.from(store);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, head, 0, head.length, 0);
  } finally {
    closeSync(handle);
  }
  return head;
}
