import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { once } from 'node:events';
import { RequestCode } from '../../src/protocol/codes.ts';
import { formatHostAddress } from '../../src/protocol/hostAddress.ts';
import { freePortWith } from '../support/freePort.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { TestBroker, ask, connect, consumerBeat } from './testBroker.ts';

describe('broker: its life', () => {
  it('listens on the port two below as well, where nothing is held', async () => {
    const port = await freePortWith([0, -2]);
    const broker = await TestBroker.start({ broker: { listenPort: port } });
    const vip = await connect(`127.0.0.1:${port - 2}`);
    try {
      assert.equal((await ask(vip, RequestCode.HEART_BEAT, {}, consumerBeat('c', 'G', { T: '*' }))).code, 0);
      assert.equal((await ask(vip, RequestCode.GET_ALL_TOPIC_CONFIG)).code, 0);
      assert.equal((await ask(vip, RequestCode.PULL_MESSAGE)).code, 3);
    } finally {
      vip.dispose();
      await broker.stop();
    }
  });

  it('listens there also where the system chose its port', async () => {
    const broker = await TestBroker.start({ hasVip: true });
    assert.equal(broker.runtime.broker.hasVip, true);
    const vip = await connect(`127.0.0.1:${broker.context.config.listenPort - 2}`);
    assert.equal((await ask(vip, RequestCode.PULL_MESSAGE)).code, 3);
    vip.dispose();
    await broker.stop();
  });

  it('makes queue files of whole entries, whatever size it is told', async () => {
    const directory = makeTempDir('entries');
    const broker = await TestBroker.start({ directory: directory.path, broker: { mappedFileSizeConsumeQueue: 50 } });
    for (let n = 0; n < 7; n += 1) await broker.send('T', String(n));
    assert.deepEqual(
      (await broker.read('T')).map((message) => message.body.toString()),
      ['0', '1', '2', '3', '4', '5', '6'],
    );
    await broker.stop();
    assert.deepEqual(
      readdirSync(path.join(directory.path, 'consumequeue', 'T', '0'))
        .map(Number)
        .sort((a, b) => a - b),
      [0, 60, 120],
    );
    directory.remove();
  });

  it('tells clients the name it is given, and stores the address of that', async () => {
    const broker = await TestBroker.start({ broker: { brokerIP1: 'localhost' } });
    assert.match(broker.runtime.broker.address, /^localhost:\d+$/);
    await broker.send('T', 'x');
    const [message] = await broker.read('T');
    assert.ok(message);
    assert.match(formatHostAddress(message.storeHost), /^127\.0\.0\.1:\d+$/);
    await broker.stop();
    await assert.rejects(TestBroker.start({ broker: { brokerIP1: 'no-such-host.invalid' } }), {
      code: 'config-invalid',
    });
  });

  it('goes on without that port when somebody has it', async () => {
    const port = await freePortWith([0, -2]);
    const holder = createServer().listen(port - 2, '127.0.0.1');
    await once(holder, 'listening');
    try {
      const broker = await TestBroker.start({ broker: { listenPort: port } });
      assert.equal((await broker.send('T', 'x')).code, 0);
      await broker.stop();
    } finally {
      holder.close();
      await once(holder, 'close');
    }
  });

  it('stops everything else when a part fails, and says so at the end', async () => {
    const directory = makeTempDir('stop');
    const broker = await TestBroker.start({ directory: directory.path });
    const { registration, delayLevels } = broker.context;
    const stopLevels = delayLevels.stop.bind(delayLevels);
    registration.stop = () => Promise.reject(new Error('no leave'));
    delayLevels.stop = async () => {
      await stopLevels();
      throw new Error('no levels');
    };
    await assert.rejects(broker.stop(), /^Error: no leave$/);
    await assert.rejects(connect(broker.runtime.broker.address), { code: 'connect-refused' });
    assert.equal(broker.clock.pendingCount, 0);
    await (await TestBroker.start({ directory: directory.path })).stop();
    directory.remove();
  });

  it('leaves no timer and no lock behind, also when the start fails', async () => {
    const directory = makeTempDir('life');
    const first = await TestBroker.start({ directory: directory.path });
    const busy = Number(first.runtime.broker.address.split(':')[1]);
    await assert.rejects(TestBroker.start({ directory: directory.path }), { code: 'store-locked' });
    const elsewhere = makeTempDir('life');
    await assert.rejects(TestBroker.start({ directory: elsewhere.path, broker: { listenPort: busy } }), {
      code: 'port-in-use',
    });
    const second = await TestBroker.start({ directory: elsewhere.path });
    await second.heartbeat(second.client, consumerBeat('c', 'G', { T: '*' }));
    await Promise.all([first.stop(), second.stop()]);
    assert.deepEqual([first.clock.pendingCount, second.clock.pendingCount], [0, 0]);
    for (const made of [directory, elsewhere]) made.remove();
  });
});
