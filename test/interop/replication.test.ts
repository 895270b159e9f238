import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { ask, connect, pullRequest, records, sendRequest } from '../broker/testBroker.ts';
import { startApacheRocketmq } from '../support/apacheRocketmq.ts';
import type { ApacheRocketmq } from '../support/apacheRocketmq.ts';
import { freePortWith } from '../support/freePort.ts';
import { repository } from '../support/repository.ts';
import { startProcess } from '../support/runningProcess.ts';
import type { RunningProcess } from '../support/runningProcess.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

/** A topic that every broker has from the beginning: Apache's slave asks for the others after a minute. */
const TOPIC = 'BenchmarkTest';
const BEFORE = 300;
const SYNC_MASTER = { brokerRole: 'SYNC_MASTER', inSyncReplicas: 2, slaveTimeout: 1500 };
const SLAVE = { brokerRole: 'SLAVE', brokerId: 1, slaveReadEnable: true };
const TIMEOUT_MS = 10_000;

type Settings = Readonly<Record<string, string | number | boolean>>;

describe('replication between brokers of both makes', () => {
  const dir = makeTempDir('replication');
  const connections: Connection[] = [];
  const processes: RunningProcess[] = [];
  const apaches: ApacheRocketmq[] = [];

  before(function () {
    requireTools(this, 'java', 'mvn');
  });

  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.dispose();
    await Promise.all(processes.splice(0).map((role) => role.stop()));
    await Promise.all(apaches.splice(0).map((apache) => apache.stop()));
  });
  after(() => dir.remove());

  async function startOurs(name: string, args: readonly string[], settings: Settings) {
    const conf = path.join(dir.path, `${name}.conf`);
    writeFileSync(
      conf,
      Object.entries(settings)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
    const broker = path.join(repository, 'dist', 'broker.cjs');
    const options = ['--grpc-port', 'off', '--temp', '--json', '-c', conf];
    const role = startProcess(process.execPath, [broker, ...args, ...options]);
    processes.push(role);
    const [line] = await role.untilOutput(/^\{"ready":true.*\}$/m, 20_000);
    return { role, ...(JSON.parse(line) as { readonly namesrv: string; readonly broker: string }) };
  }

  async function startApache(brokerConfig: Settings): Promise<ApacheRocketmq> {
    const apache = await startApacheRocketmq({ brokerConfig });
    apaches.push(apache);
    return apache;
  }

  async function to(address: string): Promise<Connection> {
    const connection = await connect(address);
    connections.push(connection);
    return connection;
  }

  function message(index: number, more: Readonly<Record<string, string>> = {}) {
    const properties = { KEYS: `key${index}`, TAGS: index % 2 === 0 ? 'even' : 'odd', UNIQ_KEY: `U${index}`, ...more };
    return sendRequest(TOPIC, `message ${index}`, { properties });
  }

  async function read(from: Connection, subscription: string): Promise<string[]> {
    const found: string[] = [];
    for (let queueOffset = 0; ;) {
      const answer = await from.request(
        pullRequest({ topic: TOPIC, queueOffset, header: { subscription } }),
        TIMEOUT_MS,
      );
      if (answer.code !== 0) return found;
      found.push(...records(answer.body).map(({ body }) => body.toString()));
      queueOffset = Number(answer.extFields['nextBeginOffset']);
    }
  }

  /** Messages without a slave, a slave that catches up, messages that wait for it, all of it read there, and its end. */
  async function replicate(
    master: Connection,
    startSlave: () => Promise<{ readonly address: string; readonly stop: () => Promise<unknown> }>,
  ): Promise<void> {
    for (let index = 0; index < BEFORE; index += 1) {
      assert.equal((await master.request(message(index, { WAIT: 'false' }), TIMEOUT_MS)).code, 0);
    }
    assert.equal((await master.request(message(BEFORE), TIMEOUT_MS)).code, ResponseCode.FLUSH_SLAVE_TIMEOUT);
    const { address, stop } = await startSlave();
    await waitFor(
      'the slave to catch up',
      async () => {
        const status = JSON.parse((await ask(master, RequestCode.GET_BROKER_HA_STATUS)).body.toString()) as {
          readonly haConnectionInfo: readonly { readonly diff: number; readonly slaveAckOffset: number }[];
        };
        return status.haConnectionInfo.some(({ diff, slaveAckOffset }) => diff === 0 && slaveAckOffset > 0);
      },
      { timeoutMs: 40_000 },
    );
    for (let index = BEFORE + 1; index < BEFORE + 21; index += 1) {
      assert.equal((await master.request(message(index), TIMEOUT_MS)).code, 0, `message ${index}`);
    }
    const slave = await to(address);
    const all = Array.from({ length: BEFORE + 21 }, (_, index) => `message ${index}`);
    await waitFor('all of them', async () => (await read(slave, '*')).length === all.length);
    assert.deepEqual(await read(slave, '*'), all);
    assert.deepEqual(
      await read(slave, 'even'),
      all.filter((_, index) => index % 2 === 0),
    );
    const query = { topic: TOPIC, key: 'key77', maxNum: '32', beginTimestamp: '0', endTimestamp: '9007199254740991' };
    const found = await ask(slave, RequestCode.QUERY_MESSAGE, query);
    assert.deepEqual(
      records(found.body).map(({ body }) => body.toString()),
      ['message 77'],
    );
    assert.equal((await slave.request(message(0), TIMEOUT_MS)).code, ResponseCode.SYSTEM_BUSY);
    stops.push(stop);
  }
  const stops: (() => Promise<unknown>)[] = [];

  /** A master that lost its slave. */
  async function withoutSlave(master: Connection): Promise<void> {
    await Promise.all(stops.splice(0).map((stop) => stop()));
    assert.equal((await master.request(message(1000), TIMEOUT_MS)).code, ResponseCode.FLUSH_SLAVE_TIMEOUT);
  }

  it('our slave follows the master of Apache', async () => {
    const apache = await startApache(SYNC_MASTER);
    const master = await to(apache.brokerAddress);
    const progress = { consumerGroup: 'GroupOfMaster', topic: TOPIC, queueId: '0' };
    const group = { groupName: progress.consumerGroup };
    assert.equal((await ask(master, RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, group)).code, 0);
    const committed = { ...progress, commitOffset: '7' };
    assert.equal((await ask(master, RequestCode.UPDATE_CONSUMER_OFFSET, committed)).code, 0);
    await replicate(master, async () => {
      const { broker, role } = await startOurs('slave', ['broker', '-n', apache.nameServer, '--port', '0'], SLAVE);
      const slave = await to(broker);
      await waitFor('the offset of the group', async () => {
        const answer = await ask(slave, RequestCode.QUERY_CONSUMER_OFFSET, progress);
        return answer.code === 0 && answer.extFields['offset'] === '7';
      });
      return { address: broker, stop: () => role.stop() };
    });
    await withoutSlave(master);
  });

  it('the slave of Apache follows our master', async () => {
    const port = await freePortWith([0, -2, 1]);
    const args = ['start', '--namesrv-port', '0', '--port', String(port)];
    const { namesrv, broker } = await startOurs('master', args, SYNC_MASTER);
    const master = await to(broker);
    await replicate(master, async () => {
      const apache = await startApache({ ...SLAVE, namesrvAddr: namesrv });
      return { address: apache.brokerAddress, stop: () => apache.stop() };
    });
    await withoutSlave(master);
  });
});
