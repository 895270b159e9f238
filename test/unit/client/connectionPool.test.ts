import assert from 'node:assert/strict';

import { systemClock } from '../../../src/base/clock.ts';
import { isCodedError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { ConnectionPool } from '../../../src/client/connectionPool.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { freePort } from '../../support/freePort.ts';
import { startScripted } from '../../support/scriptedCluster.ts';
import type { ScriptedServer } from '../../support/scriptedCluster.ts';

describe('ConnectionPool', () => {
  const options = { timeoutMs: 20_000 };
  let server: ScriptedServer;
  let pool: ConnectionPool;

  beforeEach(async () => {
    server = await startScripted({ 1: () => ({ code: 0 }), 2: () => ({ code: 17, remark: 'no' }), 3: () => undefined });
    pool = new ConnectionPool({ connectTimeoutMs: 20_000, clock: systemClock, logger: silentLogger });
  });

  afterEach(async () => {
    pool.dispose();
    await server.close();
  });

  it('makes one connection for all requests, also for those that come at once', async () => {
    await Promise.all([1, 2, 1].map((code) => pool.request(server.address, { code }, options)));
    await pool.request(server.address, { code: 1 }, options);
    assert.equal(server.server.connections.size, 1);
    assert.equal(server.requests.length, 4);
    assert.deepEqual([...new Set(server.requests.map(({ language }) => language))], ['OTHER']);
  });

  it('connects again after the connection closed', async () => {
    await pool.request(server.address, { code: 1 }, options);
    const lost = pool.request(server.address, { code: 3 }, options);
    for (const connection of server.server.connections) connection.dispose();
    await assert.rejects(lost, (error) => isCodedError(error, 'connection-closed'));
    assert.equal((await pool.request(server.address, { code: 1 }, options)).code, 0);
  });

  it('connects again after a request that timed out in silence', async () => {
    const clock = new FakeClock();
    const own = new ConnectionPool({ connectTimeoutMs: 3000, clock, logger: silentLogger });
    assert.equal((await own.request(server.address, { code: 1 }, options)).code, 0);
    const [dead] = server.server.connections;
    const lost = own.request(server.address, { code: 3 }, options);
    clock.advance(options.timeoutMs);
    await assert.rejects(lost, (error) => isCodedError(error, 'request-timeout'));
    assert.equal((await own.request(server.address, { code: 1 }, options)).code, 0);
    assert.ok(![...server.server.connections].slice(-1).includes(dead!));
    own.dispose();
  });

  it('connects again after an attempt that failed', async () => {
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    await assert.rejects(pool.request(address, { code: 1 }, options), (error) =>
      isCodedError(error, 'connect-refused'),
    );
    const late = await startScripted({ 1: () => ({ code: 0 }) }, port);
    assert.equal((await pool.request(address, { code: 1 }, options)).code, 0);
    await late.close();
  });

  it('call takes code 0 alone and says what else came', async () => {
    assert.equal((await pool.call(server.address, { code: 1 }, options)).code, 0);
    await assert.rejects(pool.call(server.address, { code: 2 }, options), (error) => {
      assert.ok(isCodedError(error, 'response-error'));
      assert.deepEqual(error.details, { address: server.address, requestCode: 2, responseCode: 17, remark: 'no' });
      return true;
    });
  });

  it('dispose ends what is under way, connecting included', async () => {
    await pool.request(server.address, { code: 1 }, options);
    const held = pool.request(server.address, { code: 3 }, options);
    const connecting = pool.request('192.0.2.1:9876', { code: 1 }, options);
    pool.dispose();
    await assert.rejects(held, (error) => isCodedError(error, 'connection-closed'));
    await assert.rejects(connecting, (error) => isCodedError(error, 'cancelled'));
    await assert.rejects(pool.request(server.address, { code: 1 }, options), (error) =>
      isCodedError(error, 'cancelled'),
    );
  });
});
