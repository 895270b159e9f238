import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { systemClock } from '../../../src/base/clock.ts';
import { isCodedError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { Credentials } from '../../../src/protocol/acl.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import type { Connection } from '../../../src/remoting/connection.ts';
import { dial } from '../../../src/remoting/dial.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { ask, consumerBeat, pullRequest, sendRequest, TestBroker, TIMEOUT_MS } from '../testBroker.ts';

const ADMIN: Credentials = { accessKey: 'administrator', secretKey: '87654321' };
const ORDERS: Credentials = { accessKey: 'orders-app', secretKey: '12345678' };

/** As Apache ships it, with a key that YAML reads as a number. */
const ACCOUNTS = `
globalWhiteRemoteAddresses:
  - 10.10.103.*
accounts:
  - accessKey: orders-app
    secretKey: 12345678
    whiteRemoteAddress:
    admin: false
    defaultTopicPerm: DENY
    defaultGroupPerm: SUB
    topicPerms:
      - Orders=PUB|SUB
      - Closed=DENY
      - Reports=SUB
    groupPerms:
      - closed-group=DENY
  - accessKey: administrator
    secretKey: 87654321
    admin: true
  - accessKey: local-tool
    secretKey: does-not-matter
    whiteRemoteAddress: 127.0.0.*
`;

describe('ACL 1.0', () => {
  let home: TempDir;
  let broker: TestBroker;
  let file: string;
  const connections: Connection[] = [];

  beforeEach(async () => {
    home = makeTempDir('plain-acl');
    file = path.join(home.path, 'conf', 'plain_acl.yml');
    mkdirSync(path.dirname(file));
    writeFileSync(file, ACCOUNTS);
    broker = await TestBroker.start({ broker: { aclEnable: true, rocketmqHome: home.path } });
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.dispose();
    await broker.stop();
    home.remove();
  });

  const as = async (credentials: Credentials): Promise<Connection> => {
    const options = { clock: systemClock, logger: silentLogger, timeoutMs: TIMEOUT_MS, credentials };
    const connection = await dial(broker.runtime.broker.address, options);
    connections.push(connection);
    return connection;
  };
  const answer = async (
    connection: Connection,
    code: number,
    extFields: Record<string, string> = {},
    body?: Buffer | object,
  ): Promise<[number, string | undefined]> => {
    const { code: answered, remark } = await ask(connection, code, extFields, body);
    return [answered, remark];
  };
  const refused = (why: string): [number, string] => [1, `org.apache.rocketmq.acl.common.AclException: ${why}`];
  const OK = [0, undefined];
  const send = (connection: Connection, topic: string): Promise<[number, string | undefined]> => {
    const { code, extFields, body } = sendRequest(topic, 'x');
    return answer(connection, code, extFields, body);
  };

  it('refuses who says nothing, is unknown or signs wrongly with 1 and Apache’s words', async () => {
    assert.deepEqual(await send(broker.client, 'Orders'), refused('No accessKey is configured'));
    assert.deepEqual(
      await send(await as({ ...ORDERS, accessKey: 'stranger' }), 'Orders'),
      refused('No acl config for stranger'),
    );
    assert.deepEqual(
      await send(await as({ ...ORDERS, secretKey: '123456789' }), 'Orders'),
      refused('Check signature failed for accessKey=orders-app'),
    );
    assert.deepEqual(await answer(broker.client, RequestCode.GET_BROKER_CONFIG), refused('No accessKey is configured'));
  });

  it('an account sends to and reads what its permissions name, others by its defaults', async () => {
    const app = await as(ORDERS);
    assert.deepEqual(await send(app, 'Orders'), OK);
    assert.deepEqual(await send(app, 'Reports'), refused('No default permission for topic:Reports'));
    assert.deepEqual(await send(app, 'Closed'), refused('No default permission for topic:Closed'));
    assert.deepEqual(await send(app, 'Other'), refused('No default permission for topic:Other'));
    const pull = (topic: string, group: string): Promise<[number, string | undefined]> =>
      answer(app, RequestCode.PULL_MESSAGE, { ...pullRequest({ topic, group }).extFields, sysFlag: '4' });
    assert.equal((await pull('Orders', 'any-group'))[0], 0);
    assert.deepEqual(await pull('Other', 'any-group'), refused('No default permission for topic:Other'));
    assert.deepEqual(await pull('Orders', 'closed-group'), refused('No default permission for group:closed-group'));
    assert.deepEqual(
      await answer(app, RequestCode.HEART_BEAT, {}, consumerBeat('c', 'g', { Closed: '*' })),
      refused('No default permission for topic:Closed'),
    );
    const retry = sendRequest('%RETRY%closed-group', 'x', { header: { a: 'closed-group' } });
    assert.deepEqual(
      await answer(app, retry.code, retry.extFields, retry.body),
      refused('No default permission for group:closed-group'),
    );
    assert.equal((await send(app, 'RMQ_SYS_TRACE_TOPIC'))[0], 0);
  });

  it('only an administrator creates topics', async () => {
    const fields = {
      topic: 'New',
      defaultTopic: 'TBW102',
      readQueueNums: '1',
      writeQueueNums: '1',
      perm: '6',
      topicFilterType: 'SINGLE_TAG',
      order: 'false',
    };
    assert.deepEqual(
      await answer(await as(ORDERS), RequestCode.UPDATE_AND_CREATE_TOPIC, fields),
      refused('Need admin permission for request code=17, but accessKey=orders-app is not'),
    );
    assert.deepEqual(await answer(await as(ADMIN), RequestCode.UPDATE_AND_CREATE_TOPIC, fields), OK);
    assert.deepEqual(await send(await as(ADMIN), 'Anything'), OK);
  });

  it('an account’s white address needs no signature', async () => {
    assert.deepEqual(await send(await as({ accessKey: 'local-tool', secretKey: 'wrong' }), 'Anything'), OK);
  });

  it('a heartbeat that cannot be read is refused', async () => {
    const [code, remark] = await answer(await as(ORDERS), RequestCode.HEART_BEAT, {}, Buffer.from('{{'));
    assert.equal(code, 1);
    assert.match(remark ?? '', /^org\.apache\.rocketmq\.acl\.common\.AclException: json-illegal/);
  });

  it('a changed file counts within five seconds; one that cannot be read changes nothing', async () => {
    const app = await as(ORDERS);
    writeFileSync(file, ACCOUNTS.replace('Closed=DENY', 'Closed=PUB'));
    assert.deepEqual(await send(app, 'Closed'), refused('No default permission for topic:Closed'));
    broker.clock.advance(5000);
    assert.deepEqual(await send(app, 'Closed'), OK);
    writeFileSync(file, 'accounts: [');
    broker.clock.advance(5000);
    assert.deepEqual(await send(app, 'Closed'), OK);
    const more = path.join(home.path, 'conf', 'acl', 'team', 'more.yml');
    mkdirSync(path.dirname(more), { recursive: true });
    writeFileSync(file, '');
    writeFileSync(more, ACCOUNTS);
    broker.clock.advance(5000);
    assert.deepEqual(await send(app, 'Orders'), OK);
    assert.deepEqual(await send(app, 'Closed'), refused('No default permission for topic:Closed'));
  });

  it('a file that cannot be read keeps the broker from starting', async () => {
    writeFileSync(file, 'accounts:\n  - accessKey: short\n    secretKey: 12345678\n');
    await assert.rejects(
      TestBroker.start({ broker: { aclEnable: true, rocketmqHome: home.path } }),
      (error) =>
        isCodedError(error, 'store-damaged') &&
        error.details['path'] === file &&
        /length should longer than 6/.test(String(error.details['reason'])),
    );
  });

  it('is administrated by requests 50 to 54 of 4.9', async () => {
    const admin = await as(ADMIN);
    const { UPDATE_AND_CREATE_ACL_CONFIG, DELETE_ACL_CONFIG, GET_BROKER_CLUSTER_ACL_INFO } = RequestCode;
    const keys = { accessKey: 'fresh-app', secretKey: 'fresh-secret' };
    assert.deepEqual(
      await answer(admin, UPDATE_AND_CREATE_ACL_CONFIG, { ...keys, admin: 'false', topicPerms: 'Fresh=PUB,Old=SUB' }),
      OK,
    );
    const fresh = await as(keys);
    assert.deepEqual(await send(fresh, 'Fresh'), OK);
    assert.deepEqual(await send(fresh, 'Old'), refused('No default permission for topic:Old'));
    assert.deepEqual(await answer(admin, UPDATE_AND_CREATE_ACL_CONFIG, { ...keys, defaultTopicPerm: 'PUB' }), OK);
    assert.deepEqual(await send(fresh, 'Whatever'), OK);
    assert.deepEqual(await send(fresh, 'Old'), refused('No default permission for topic:Old'));
    const [code, remark] = await answer(admin, UPDATE_AND_CREATE_ACL_CONFIG, { ...keys, topicPerms: 'Fresh=FLY' });
    assert.equal(code, 209);
    assert.match(remark ?? '', /^Parse resource permission error for Fresh=FLY/);
    assert.equal((await answer(admin, UPDATE_AND_CREATE_ACL_CONFIG, { accessKey: 'short', secretKey: 'x' }))[0], 209);

    const info = await ask(admin, GET_BROKER_CLUSTER_ACL_INFO);
    assert.equal(info.code, 0);
    assert.deepEqual(JSON.parse(info.extFields['version'] ?? ''), { counter: 2, timestamp: broker.clock.now() });
    assert.deepEqual(Object.keys(JSON.parse(info.extFields['allAclFileVersion'] ?? '') as object), [file]);
    assert.equal(info.extFields['brokerName'], 'broker-a');
    assert.equal(info.extFields['clusterName'], 'DefaultCluster');
    assert.equal(info.extFields['brokerAddr'], broker.context.address);

    const written = parse(readFileSync(file, 'utf8')) as { accounts: { accessKey: string; secretKey: unknown }[] };
    assert.deepEqual(
      written.accounts.map(({ accessKey }) => accessKey),
      ['orders-app', 'administrator', 'local-tool', 'fresh-app'],
    );
    assert.deepEqual(await send(await as(ORDERS), 'Orders'), OK);

    assert.deepEqual(await answer(admin, DELETE_ACL_CONFIG, { accessKey: 'fresh-app' }), OK);
    assert.deepEqual(await send(fresh, 'Fresh'), refused('No acl config for fresh-app'));
    assert.deepEqual(await answer(admin, DELETE_ACL_CONFIG, { accessKey: 'fresh-app' }), [
      210,
      'The accesskey[fresh-app] corresponding to accessConfig has been deleted failed.',
    ]);
  });

  it('white addresses are set by request 53, and shown with the accounts by 54', async () => {
    const admin = await as(ADMIN);
    const { UPDATE_GLOBAL_WHITE_ADDRS_CONFIG, GET_BROKER_CLUSTER_ACL_CONFIG } = RequestCode;
    const setTo = (globalWhiteAddrs: string, aclFileFullPath = ''): Promise<[number, string | undefined]> =>
      answer(admin, UPDATE_GLOBAL_WHITE_ADDRS_CONFIG, { globalWhiteAddrs, aclFileFullPath });
    const failed = (text: string): [number, string] => [
      211,
      `The globalWhiteAddresses[${text}] has been updated failed.`,
    ];
    assert.deepEqual(await setTo('nonsense'), failed('nonsense'));
    assert.deepEqual(await setTo('*', path.join(home.path, 'elsewhere.yml')), failed('*'));
    assert.deepEqual(await send(broker.client, 'Anything'), refused('No accessKey is configured'));
    assert.deepEqual(await setTo('127.0.0.1,10.0.0.*', file), OK);
    assert.deepEqual(await send(broker.client, 'Anything'), OK);
    const shown = JSON.parse((await ask(admin, GET_BROKER_CLUSTER_ACL_CONFIG)).body.toString()) as {
      globalWhiteAddrs: string[];
      plainAccessConfigs: object[];
    };
    assert.deepEqual(shown.globalWhiteAddrs, ['127.0.0.1', '10.0.0.*']);
    assert.deepEqual(shown.plainAccessConfigs[0], {
      accessKey: 'orders-app',
      admin: false,
      defaultGroupPerm: 'SUB',
      defaultTopicPerm: 'DENY',
      groupPerms: ['closed-group=DENY'],
      secretKey: '12345678',
      topicPerms: ['Orders=PUB|SUB', 'Closed=DENY', 'Reports=SUB'],
    });
  });
});

describe('without ACL 1.0', () => {
  it('its requests are not supported, as from 5.3 on', async () => {
    const broker = await TestBroker.start();
    try {
      for (const code of [50, 51, 52, 53, 54]) assert.equal((await broker.ask(code, { accessKey: 'x' })).code, 3);
    } finally {
      await broker.stop();
    }
  });
});
