import assert from 'node:assert/strict';
import { silentLogger } from '../../src/base/logger.ts';
import type { Logger } from '../../src/base/logger.ts';
import { startBroker } from '../../src/broker/broker.ts';
import type { Broker } from '../../src/broker/broker.ts';
import { openStore } from '../../src/broker/openStore.ts';
import { brokerConfig, nameServerConfig } from '../../src/broker/config.ts';
import type { BrokerConfig } from '../../src/broker/config.ts';
import { startNameServer } from '../../src/broker/nameServer/nameServer.ts';
import type { NameServer } from '../../src/broker/nameServer/nameServer.ts';
import { decodeRegistration } from '../../src/protocol/bodies/topic.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import type { RequestHandler } from '../../src/remoting/peer.ts';
import { listen } from '../../src/remoting/server.ts';
import type { RemotingServer } from '../../src/remoting/server.ts';
import { FakeClock } from '../support/fakeClock.ts';
import { freePort } from '../support/freePort.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { ask, connect, sendRequest, TIMEOUT_MS } from './testBroker.ts';

describe('broker: registration', () => {
  const clock = new FakeClock();
  const stops: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const nameServerAt = async (port: number): Promise<NameServer> => {
    const directory = makeTempDir('namesrv');
    const config = nameServerConfig({ listenPort: port });
    const server = await startNameServer({ config, storeDirectory: directory.path, clock, logger: silentLogger });
    stops.push(
      () => directory.remove(),
      () => server.stop(),
    );
    return server;
  };

  const brokerOf = async (
    nameServers: readonly string[],
    logger: Logger = silentLogger,
    more: Partial<BrokerConfig> = {},
  ): Promise<Broker> => {
    const directory = makeTempDir('broker');
    const config = brokerConfig({ listenPort: 0, mappedFileSizeCommitLog: 1024 * 1024, ...more });
    const store = await openStore(config, { directory: directory.path, clock, logger });
    const broker = await startBroker({ config, store, nameServers, clock, logger });
    stops.push(
      () => directory.remove(),
      () => broker.stop(),
    );
    return broker;
  };

  /** A NameServer that only writes down what it is told. */
  const recorder = async (): Promise<{ server: RemotingServer; asked: RemotingCommand[] }> => {
    const asked: RemotingCommand[] = [];
    const handle: RequestHandler = ({ command }) => {
      asked.push(command);
      return { code: 0 };
    };
    const server = await listen({ host: '127.0.0.1', port: 0, handle, clock, logger: silentLogger });
    stops.push(() => server.close());
    return { server, asked };
  };

  it('registers all topics first: a NameServer may refuse a first registration of one', async () => {
    const { server, asked } = await recorder();
    const broker = await brokerOf([server.address]);
    const [first] = asked;
    assert.equal(first?.code, RequestCode.REGISTER_BROKER);
    assert.ok(decodeRegistration(first.body).table.topics.size > 1);
    assert.deepEqual(
      ['brokerName', 'brokerAddr', 'clusterName', 'brokerId', 'compressed', 'haServerAddr'].map(
        (name) => first.extFields[name],
      ),
      ['broker-a', broker.address, 'DefaultCluster', '0', 'false', `127.0.0.1:${broker.context.config.haListenPort}`],
    );
    const client = await connect(broker.address);
    await client.request(sendRequest('Fresh', 'x'), TIMEOUT_MS);
    client.dispose();
    assert.deepEqual([...decodeRegistration(asked[1]?.body ?? Buffer.alloc(0)).table.topics.keys()], ['Fresh']);
  });

  it('registers again after 10 s and then every 30 s, and takes its leave', async () => {
    const { server, asked } = await recorder();
    const broker = await brokerOf([server.address]);
    const registered = (count: number): Promise<unknown> =>
      waitFor(`registration ${count}`, () => asked.length >= count, { pollMs: 2 });
    clock.advance(10_000);
    await registered(2);
    // Its answer is awaited before the next one is planned.
    await waitFor(
      'the answer',
      async () => {
        clock.advance(5_000);
        await new Promise(setImmediate);
        return asked.length >= 3;
      },
      { pollMs: 2 },
    );
    await broker.stop();
    assert.deepEqual(
      asked.map(({ code }) => code),
      [103, 103, 103, 104],
    );
    assert.equal(asked.at(-1)?.extFields['brokerAddr'], broker.address);
  });

  it('asks first whether its table is news, where it is not to be forced, and says no more when it is not', async () => {
    const asked: RemotingCommand[] = [];
    const handle: RequestHandler = ({ command }) => {
      asked.push(command);
      return { code: 0, extFields: { changed: 'false' } };
    };
    const server = await listen({ host: '127.0.0.1', port: 0, handle, clock, logger: silentLogger });
    stops.push(() => server.close());
    const broker = await brokerOf([server.address], silentLogger, { forceRegister: false });
    clock.advance(10_000);
    await waitFor('the question', () => asked.length >= 2, { pollMs: 2 });
    await broker.stop();
    assert.deepEqual(
      asked.map(({ code }) => code),
      [103, 322, 104],
    );
  });

  it('is known to every NameServer, and gone from them after its stop', async () => {
    const servers = [await nameServerAt(0), await nameServerAt(0)];
    const broker = await brokerOf(servers.map((server) => server.address));
    for (const { routes } of servers) assert.ok(routes.route('TBW102'));
    await broker.stop();
    for (const { routes } of servers) assert.equal(routes.route('TBW102'), undefined);
  });

  for (const answer of ['null', 'none']) {
    it(`warns of a NameServer that answers ${answer}, and goes on`, async () => {
      const warnings: string[] = [];
      let asked = 0;
      const handle: RequestHandler = () => {
        asked += 1;
        return { code: 0, body: Buffer.from(answer) };
      };
      const server = await listen({ host: '127.0.0.1', port: 0, handle, clock, logger: silentLogger });
      stops.push(() => server.close());
      const broker = await brokerOf([server.address], { ...silentLogger, warn: (text) => warnings.push(text) });
      const client = await connect(broker.address);
      const sent = await client.request(sendRequest('Fresh', 'x'), TIMEOUT_MS);
      client.dispose();
      assert.deepEqual([sent.code, asked], [0, 2]);
      clock.advance(10_000);
      await waitFor('the next registration', () => warnings.length === 3, { pollMs: 2 });
      for (const warning of warnings)
        assert.match(warning, /^which topics a NameServer keeps in order is not readable: /);
    });
  }

  it('starts without its NameServer, says so once, and registers when it is there', async () => {
    const port = await freePort();
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (text) => warnings.push(text) };
    const broker = await brokerOf([`127.0.0.1:${port}`], logger);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? '',
      new RegExp(`^REGISTER_BROKER to NameServer 127\\.0\\.0\\.1:${port} failed: connect-refused`),
    );
    const client = await connect(broker.address);
    const sent = await client.request(sendRequest('Early', 'x'), TIMEOUT_MS);
    assert.equal(sent.code, 0, 'a send does not fail for want of a NameServer');
    client.dispose();
    const { routes } = await nameServerAt(port);
    clock.advance(10_000);
    await waitFor('the route', () => routes.route('Early'), { pollMs: 2 });
    assert.equal(warnings.length, 1);
  });

  it('brings everything back to a NameServer that was restarted', async () => {
    const port = await freePort();
    const first = await nameServerAt(port);
    const broker = await brokerOf([first.address]);
    await first.stop();
    const { routes } = await nameServerAt(port);
    const client = await connect(broker.address);
    const create = { topic: 'T', defaultTopic: 'TBW102', readQueueNums: '1', writeQueueNums: '1', perm: '6' };
    let queues = 0;
    await waitFor('all topics', async () => {
      await ask(client, RequestCode.UPDATE_AND_CREATE_TOPIC, {
        ...create,
        readQueueNums: String((queues += 1)),
        topicFilterType: 'SINGLE_TAG',
        order: 'false',
      });
      return routes.route('T') !== undefined && routes.route('TBW102') !== undefined;
    });
    client.dispose();
  });
});
