import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { systemClock } from '../../../src/base/clock.ts';
import { isCodedError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { TlsConfig } from '../../../src/broker/config.ts';
import { selfSignedIdentity } from '../../../src/broker/security/selfSigned.ts';
import { ClusterClient } from '../../../src/client/clusterClient.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { parseAddress } from '../../../src/remoting/address.ts';
import type { Connection } from '../../../src/remoting/connection.ts';
import { dial } from '../../../src/remoting/dial.ts';
import type { ClientTls } from '../../../src/remoting/dial.ts';
import type { TlsIdentity } from '../../../src/remoting/tlsGate.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { ask, sendRequest, TestBroker, TIMEOUT_MS } from '../testBroker.ts';

describe('TLS', () => {
  let directory: TempDir;
  let broker: TestBroker | undefined;
  const connections: Connection[] = [];

  before(() => {
    directory = makeTempDir('tls');
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.dispose();
    await broker?.stop();
    broker = undefined;
  });
  after(() => directory.remove());

  const start = async (tls: Partial<TlsConfig>): Promise<TestBroker> => {
    broker = await TestBroker.start({ broker: tls, nameServer: tls });
    return broker;
  };
  const dialBroker = async (tls: ClientTls | undefined): Promise<Connection> => {
    const address = broker?.context.address ?? assert.fail('it is started');
    const connection = await dial(address, { clock: systemClock, logger: silentLogger, timeoutMs: TIMEOUT_MS, tls });
    connections.push(connection);
    return connection;
  };
  const file = (name: string, content: string | Buffer): string => {
    const where = path.join(directory.path, name);
    writeFileSync(where, content);
    return where;
  };
  const filesOf = async (name: string): Promise<TlsIdentity & { certPath: string; keyPath: string }> => {
    const identity = await selfSignedIdentity(Date.now());
    return { ...identity, certPath: file(`${name}.pem`, identity.cert), keyPath: file(`${name}.key`, identity.key) };
  };
  const serves = async (tls: ClientTls | undefined): Promise<boolean> => {
    try {
      const { code } = await ask(await dialBroker(tls), RequestCode.GET_BROKER_CONFIG);
      return code === 0;
    } catch (error) {
      if (!isCodedError(error, 'connection-closed') && !isCodedError(error, 'connect-failed')) throw error;
      return false;
    }
  };

  it('permissive, which is the default, serves both kinds of clients, of the broker and the NameServer', async () => {
    const { runtime } = await start({});
    assert.equal(await serves(undefined), true);
    assert.equal(await serves({}), true);
    const client = new ClusterClient({ nameServers: runtime.nameServerAddress, tls: {} });
    try {
      await client.createTopic('DefaultCluster', {
        topic: 'Secure',
        readQueueNums: 1,
        writeQueueNums: 1,
        perm: 6,
        messageType: 'NORMAL',
      });
      const body = Buffer.alloc(512 * 1024, 'x');
      assert.equal((await client.send({ topic: 'Secure', body })).status, 'SEND_OK');
      const [stored] = await broker!.read('Secure');
      assert.ok(stored?.body.equals(body));
    } finally {
      client.dispose();
    }
  });

  it('enforcing closes who does not speak it; the broker registers by tls.enable', async () => {
    const { runtime } = await start({ 'tls.server.mode': 'enforcing', 'tls.enable': true });
    assert.equal(await serves(undefined), false);
    assert.equal(await serves({}), true);
    const client = new ClusterClient({ nameServers: runtime.nameServerAddress, tls: {} });
    try {
      assert.equal((await client.brokers()).length, 1);
    } finally {
      client.dispose();
    }
  });

  it('disabled closes who speaks it', async () => {
    await start({ 'tls.server.mode': 'disabled' });
    assert.equal(await serves({}), false);
    assert.equal(await serves(undefined), true);
  });

  it('outside of test mode the files say who the server is, and clients can check that', async () => {
    const { certPath, keyPath, cert } = await filesOf('server');
    await start({ 'tls.test.mode.enable': false, 'tls.server.certPath': certPath, 'tls.server.keyPath': keyPath });
    assert.equal(await serves({ ca: cert }), true);
    const { cert: other } = await selfSignedIdentity(Date.now());
    assert.equal(await serves({ ca: other }), false);
  });

  it('a key may have a password, and a tls.properties says the rest', async () => {
    const { certPath, key, cert } = await filesOf('password');
    const locked = createPrivateKey(key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'hush',
    });
    const keyPath = file('locked.key', locked);
    const properties = file(
      'tls.properties',
      `tls.test.mode.enable=false\ntls.server.certPath=${certPath}\ntls.server.keyPath=${keyPath}\ntls.server.keyPassword=hush\n`,
    );
    await start({ 'tls.config.file': properties });
    assert.equal(await serves({ ca: cert }), true);
    await broker?.stop();
    await assert.rejects(
      start({
        'tls.config.file': properties.replace('tls.properties', 'no'),
        'tls.test.mode.enable': false,
        'tls.server.certPath': certPath,
        'tls.server.keyPath': keyPath,
      }),
      (error) => isCodedError(error, 'config-invalid') && error.details['key'] === 'tls.server.keyPath',
    );
  });

  it('a client shows a certificate where that is asked for', async () => {
    const server = await filesOf('asking');
    const known = await filesOf('known');
    const stranger = await filesOf('stranger');
    const base = {
      'tls.test.mode.enable': false,
      'tls.server.certPath': server.certPath,
      'tls.server.keyPath': server.keyPath,
      'tls.server.trustCertPath': known.certPath,
    };
    const clients = async (): Promise<boolean[]> => [
      await serves({ ca: server.cert }),
      await serves({ ca: server.cert, cert: known.cert, key: known.key }),
      await serves({ ca: server.cert, cert: stranger.cert, key: stranger.key }),
    ];
    const table: readonly [need: string, auth: boolean, served: readonly boolean[]][] = [
      ['none', true, [true, true, true]],
      ['optional', true, [true, true, false]],
      ['require', true, [false, true, false]],
      ['require', false, [false, true, true]],
    ];
    for (const [need, authClient, served] of table) {
      await start({ ...base, 'tls.server.need.client.auth': need, 'tls.server.authClient': authClient });
      assert.deepEqual(await clients(), served, `${need}, authClient ${authClient}`);
      await broker?.stop();
    }
  });

  it('changed files count at the next handshake; what cannot be used changes nothing', async () => {
    const { certPath, keyPath, cert } = await filesOf('changing');
    await start({ 'tls.test.mode.enable': false, 'tls.server.certPath': certPath, 'tls.server.keyPath': keyPath });
    assert.equal(await serves({ ca: cert }), true);
    const renewed = await filesOf('changing');
    utimesSync(certPath, new Date(), new Date(Date.now() + 60_000));
    assert.equal(await serves({ ca: cert }), false);
    assert.equal(await serves({ ca: renewed.cert }), true);
    writeFileSync(keyPath, 'nonsense');
    utimesSync(keyPath, new Date(), new Date(Date.now() + 120_000));
    assert.equal(await serves({ ca: renewed.cert }), true);
  });

  it('what is missing keeps the broker from starting', async () => {
    for (const [key, value] of [
      ['tls.server.certPath', ''],
      ['tls.server.certPath', path.join(directory.path, 'none.pem')],
    ] as const) {
      await assert.rejects(
        start({ 'tls.test.mode.enable': false, [key]: value }),
        (error) => isCodedError(error, 'config-invalid') && error.details['key'] === key,
      );
    }
  });

  it('who says nothing, half a handshake or nonsense is closed in time, and others are served', async () => {
    const { clock, context } = await start({});
    const address = parseAddress(context.address);
    const silent = connect(address);
    const half = connect(address);
    const nonsense = connect(address);
    const sockets = [silent, half, nonsense];
    const closed = sockets.map((socket) => once(socket.on('error', () => undefined).resume(), 'close'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    half.write(Buffer.from('160301', 'hex'));
    nonsense.write(Buffer.from('16030100100000000000000000000000000000000000', 'hex'));
    await closed[2];
    assert.equal(await serves({}), true);
    assert.equal((await broker!.client.request(sendRequest('T', 'x'), TIMEOUT_MS)).code, 0);
    clock.advance(120_000);
    await Promise.all(closed);
  });

  it('old versions of TLS are refused by the handshake', async () => {
    const { context } = await start({});
    const socket = connectTls({
      ...parseAddress(context.address),
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const [error] = (await once(socket, 'error')) as [Error];
    assert.match(error.message, /protocol version|alert|unsupported protocol/i);
    assert.equal(await serves({}), true);
  });

  it('stopping ends connections that said nothing yet', async () => {
    const { context } = await start({});
    const socket = connect(parseAddress(context.address));
    await once(socket, 'connect');
    const closed = once(socket.on('error', () => undefined).resume(), 'close');
    await broker?.stop();
    await closed;
  });
});
