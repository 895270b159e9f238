import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { systemClock } from '../../../src/base/clock.ts';
import { isCodedError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { BrokerConfig } from '../../../src/broker/config.ts';
import type { Credentials } from '../../../src/protocol/acl.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import type { Connection } from '../../../src/remoting/connection.ts';
import { dial } from '../../../src/remoting/dial.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { ask, pullRequest, sendRequest, TestBroker, TIMEOUT_MS } from '../testBroker.ts';

const ROOT: Credentials = { accessKey: 'root', secretKey: 'root-secret' };

const SETTINGS: Partial<BrokerConfig> = {
  authenticationEnabled: true,
  authorizationEnabled: true,
  initAuthenticationUser: '{"username":"root","password":"root-secret"}',
};

/** What the behaviours do not show: the same rules on both brokers are in test/behaviours/auth.ts. */
describe('ACL 2.0', () => {
  let directory: TempDir;
  let broker: TestBroker | undefined;
  const connections: Connection[] = [];

  beforeEach(() => {
    directory = makeTempDir('auth');
  });
  afterEach(async () => {
    await stop();
    directory.remove();
  });

  const start = async (more: Partial<BrokerConfig> = {}): Promise<TestBroker> => {
    broker = await TestBroker.start({ broker: { ...SETTINGS, ...more }, directory: directory.path });
    return broker;
  };
  const stop = async (): Promise<void> => {
    for (const connection of connections.splice(0)) connection.dispose();
    await broker?.stop();
  };
  const as = async (credentials: Credentials): Promise<Connection> => {
    const address = broker?.runtime.broker.address ?? assert.fail('it is started');
    const connection = await dial(address, {
      clock: systemClock,
      logger: silentLogger,
      timeoutMs: TIMEOUT_MS,
      credentials,
    });
    connections.push(connection);
    return connection;
  };
  const newUser = async (username: string, ...entries: object[]): Promise<Credentials> => {
    const root = await as(ROOT);
    const body = { password: 'pw' };
    assert.equal((await ask(root, RequestCode.AUTH_CREATE_USER, { username }, body)).code, 0);
    const policies = [{ entries }];
    const subject = `User:${username}`;
    if (entries.length > 0)
      assert.equal((await ask(root, RequestCode.AUTH_CREATE_ACL, { subject }, { policies })).code, 0);
    return { accessKey: username, secretKey: 'pw' };
  };
  const sendAs = async (credentials: Credentials, topic: string): Promise<[number, string | undefined]> => {
    const { code, remark } = await (await as(credentials)).request(sendRequest(topic, 'x'), TIMEOUT_MS);
    return [code, remark];
  };

  it('users and rules survive a restart', async () => {
    await start();
    const alice = await newUser('alice', {
      resource: 'Topic:T*',
      actions: ['Pub'],
      decision: 'Allow',
      sourceIps: ['127.0.0.0/8'],
    });
    await stop();
    await start({ initAuthenticationUser: '{"username":"root","password":"another"}' });
    assert.deepEqual(await sendAs(alice, 'T1'), [0, undefined]);
    assert.equal((await sendAs(alice, 'U'))[0], 16);
    assert.equal((await sendAs(ROOT, 'U'))[0], 0, 'the first password stays');
  });

  it('a deleted user takes its rules along', async () => {
    await start();
    await newUser('alice', { resource: '*', actions: ['All'], decision: 'Allow' });
    const root = await as(ROOT);
    await ask(root, RequestCode.AUTH_DELETE_USER, { username: 'alice' });
    const again = await newUser('alice');
    assert.equal((await sendAs(again, 'T'))[0], 16);
    assert.equal((await ask(root, RequestCode.AUTH_LIST_ACL)).body.length, 0);
  });

  it('requests on the whitelists are not checked', async () => {
    const { client } = await start({ authenticationWhitelist: '310, 11', authorizationWhitelist: '310' });
    assert.equal((await client.request(sendRequest('T', 'x'), TIMEOUT_MS)).code, 0);
    const pull = await client.request(pullRequest({ topic: 'T' }), TIMEOUT_MS);
    assert.deepEqual(
      [pull.code, pull.remark],
      [16, 'Authorization failed. Please verify your access rights and try again.'],
    );
    assert.equal((await ask(client, RequestCode.GET_BROKER_CONFIG)).code, 16);
  });

  it('authorisation alone believes the access key', async () => {
    await start({ authenticationEnabled: false });
    const alice = await newUser('alice', { resource: 'Topic:T', actions: ['Pub'], decision: 'Allow' });
    assert.equal((await sendAs({ ...alice, secretKey: 'anything' }, 'T'))[0], 0);
    assert.deepEqual(await sendAs({ accessKey: 'nobody', secretKey: 'x' }, 'T'), [16, 'User:nobody not found.']);
  });

  it('the stateful strategies decide once a connection and minute', async () => {
    const strategy = 'org.apache.rocketmq.auth.authorization.strategy.StatefulAuthorizationStrategy';
    const { clock } = await start({ authorizationStrategy: strategy });
    const alice = await newUser('alice');
    const connection = await as(alice);
    const send = async (): Promise<number> => (await connection.request(sendRequest('T', 'x'), TIMEOUT_MS)).code;
    assert.equal(await send(), 16);
    const policies = [{ entries: [{ resource: 'Topic:T', actions: ['Pub'], decision: 'Allow' }] }];
    await ask(await as(ROOT), RequestCode.AUTH_CREATE_ACL, { subject: 'User:alice' }, { policies });
    assert.equal(await send(), 16);
    assert.equal((await sendAs(alice, 'T'))[0], 0, 'another connection is asked anew');
    clock.advance(60_000);
    assert.equal(await send(), 0);
  });

  it('secrets are not told by GET_BROKER_CONFIG', async () => {
    const { context } = await start();
    const { body } = await ask(await as(ROOT), RequestCode.GET_BROKER_CONFIG);
    assert.ok(!body.includes('root-secret'));
    assert.ok(context.config.initAuthenticationUser.includes('root-secret'));
  });

  it('nobody turns it off by UPDATE_BROKER_CONFIG', async () => {
    const { client, context } = await start();
    const change = Buffer.from('authenticationEnabled=false\nauthorizationEnabled=false\nbrokerPermission=6\n');
    assert.equal((await ask(await as(ROOT), RequestCode.UPDATE_BROKER_CONFIG, {}, change)).code, 0);
    assert.equal(context.config.authenticationEnabled, true);
    assert.equal((await client.request(sendRequest('T', 'x'), TIMEOUT_MS)).code, 16);
  });

  it('a user that cannot be made keeps the broker from starting, and no error shows the secret', async () => {
    const texts = ['{"username":"root","password":"hush"', '{"username":"root"}', '["hush"]'];
    // Of a longer text the parser quotes what stands around the place.
    texts.push(`{"username":"root","password":hush,"remark":"${'-'.repeat(50)}"}`);
    for (const key of ['initAuthenticationUser', 'innerClientAuthenticationCredentials']) {
      for (const text of texts) {
        await assert.rejects(start({ [key]: text }), (error) => {
          assert.ok(isCodedError(error, 'config-invalid'));
          assert.equal(error.details['key'], key);
          assert.ok(!inspect(error).includes('hush'), error.message);
          return true;
        });
      }
    }
  });

  it('accounts of ACL 1.0 become users and rules where that is asked for', async () => {
    const conf = path.join(directory.path, 'conf');
    mkdirSync(conf, { recursive: true });
    writeFileSync(
      path.join(conf, 'plain_acl.yml'),
      `accounts:
  - { accessKey: boss-account, secretKey: boss-secret, admin: true }
  - accessKey: app-account
    secretKey: app-secret
    defaultTopicPerm: PUB
    topicPerms: [Closed=DENY, Orders=PUB|SUB]
`,
    );
    await start({ migrateAuthFromV1Enabled: true });
    const app = { accessKey: 'app-account', secretKey: 'app-secret' };
    assert.equal((await sendAs(app, 'Anything'))[0], 0);
    assert.match((await sendAs(app, 'Closed'))[1] ?? '', /the decision is deny/);
    const boss = await as({ accessKey: 'boss-account', secretKey: 'boss-secret' });
    const acl = await ask(boss, RequestCode.AUTH_GET_ACL, { subject: 'User:app-account' });
    assert.deepEqual(JSON.parse(acl.body.toString()), {
      policies: [
        {
          entries: [
            { actions: ['All'], decision: 'Deny', resource: 'Topic:Closed' },
            { actions: ['Pub', 'Sub'], decision: 'Allow', resource: 'Topic:Orders' },
          ],
          policyType: 'Custom',
        },
        { entries: [{ actions: ['Pub'], decision: 'Allow', resource: 'Topic:*' }], policyType: 'Default' },
      ],
      subject: 'User:app-account',
    });
  });
});
