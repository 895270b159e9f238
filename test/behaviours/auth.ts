import assert from 'node:assert/strict';

import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { Credentials } from '../../src/protocol/acl.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { dial } from '../../src/remoting/dial.ts';
import { consumerBeat, pullRequest, sendRequest, TIMEOUT_MS } from '../broker/testBroker.ts';
import type { BackendSettings, TestCluster } from '../support/backends.ts';

export const ROOT: Credentials = { accessKey: 'root', secretKey: 'root-secret' };

const classes = 'org.apache.rocketmq.auth';

/** Of brokers and proxies that ask everybody who they are, and let them do what they may. */
const common = {
  authenticationEnabled: true,
  authenticationProvider: `${classes}.authentication.provider.DefaultAuthenticationProvider`,
  authorizationEnabled: true,
  authorizationProvider: `${classes}.authorization.provider.DefaultAuthorizationProvider`,
  innerClientAuthenticationCredentials: '{"accessKey":"inner","secretKey":"inner-secret"}',
};

const proxyClasses = 'org.apache.rocketmq.proxy.auth';

/** A broker.conf, and the configuration of a proxy beside it. */
export const authSettings: BackendSettings = {
  brokerConfig: {
    ...common,
    authenticationMetadataProvider: `${classes}.authentication.provider.LocalAuthenticationMetadataProvider`,
    authenticationWhitelist: '34',
    authorizationMetadataProvider: `${classes}.authorization.provider.LocalAuthorizationMetadataProvider`,
    initAuthenticationUser: '{"username":"root","password":"root-secret"}',
  },
  grpc: {},
  apacheProxy: {
    ...common,
    // Else the broker does not know who the proxy is.
    enableAclRpcHookForClusterMode: true,
    authenticationMetadataProvider: `${proxyClasses}.ProxyAuthenticationMetadataProvider`,
    authorizationMetadataProvider: `${proxyClasses}.ProxyAuthorizationMetadataProvider`,
  },
  credentials: ROOT,
};

/** What is answered: code and remark, and the body where there is one. */
type Answer = readonly [code: number, remark: string | undefined, body?: unknown];

/** Apache leaves this remark on a success that its handler did not touch. */
const UNTOUCHED = 'not set any response code';

export function authBehaviours(cluster: TestCluster): void {
  const connections: Connection[] = [];
  const as = async (credentials: Credentials | undefined): Promise<Connection> => {
    const options = { clock: systemClock, logger: silentLogger, timeoutMs: TIMEOUT_MS, credentials };
    const connection = await dial(cluster.brokerAddress, options);
    connections.push(connection);
    return connection;
  };
  const answer = async (
    connection: Connection,
    code: number,
    extFields: Record<string, string> = {},
    body?: object | string | Buffer,
  ): Promise<Answer> => {
    const bytes = Buffer.isBuffer(body)
      ? body
      : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? ''));
    const parts = body === undefined ? { code, extFields } : { code, extFields, body: bytes };
    const { code: answered, remark, body: content } = await connection.request(parts, TIMEOUT_MS);
    const told = answered === 0 && remark === UNTOUCHED ? undefined : remark;
    return content.length === 0 ? [answered, told] : [answered, told, JSON.parse(content.toString())];
  };
  const refused = (remark: string): Answer => [16, remark];
  const OK: Answer = [0, undefined];
  const codeOf = async (connection: Connection, parts: ReturnType<typeof sendRequest>): Promise<Answer> => {
    const { code, remark } = await connection.request(parts, TIMEOUT_MS);
    return [code, code === 0 ? undefined : remark];
  };

  let root: Connection;
  before(async () => {
    root = await as(ROOT);
  });
  after(() => {
    for (const connection of connections) connection.dispose();
  });

  const newUser = async (username: string, ...entries: object[]): Promise<Connection> => {
    assert.deepEqual(
      await answer(root, RequestCode.AUTH_CREATE_USER, { username }, { password: `${username}-pw` }),
      OK,
    );
    if (entries.length > 0) {
      const policies = [{ policyType: 'Custom', entries }];
      const subject = `User:${username}`;
      assert.deepEqual(await answer(root, RequestCode.AUTH_CREATE_ACL, { subject }, { policies }), OK);
    }
    return as({ accessKey: username, secretKey: `${username}-pw` });
  };
  const rule = (resource: string, actions: string, decision = 'Allow'): object => ({
    resource,
    actions: actions.split(','),
    decision,
  });

  it('who says nothing, is unknown or signs wrongly is refused with 16', async () => {
    const code = RequestCode.GET_BROKER_CONFIG;
    const nobody = await as(undefined);
    assert.deepEqual(await answer(nobody, code), refused('username cannot be null.'));
    assert.deepEqual(await answer(nobody, code, { AccessKey: 'root' }), refused('check signature failed.'));
    assert.deepEqual(await answer(nobody, 9999), refused('username cannot be null.'));
    const stranger = await as({ accessKey: 'stranger', secretKey: 'x' });
    assert.deepEqual(await answer(stranger, code), refused('User:stranger is not found.'));
    const wrong = await as({ ...ROOT, secretKey: 'guess' });
    assert.deepEqual(await answer(wrong, code), refused('check signature failed.'));
    assert.deepEqual(await answer(root, 9999), [3, ' request type 9999 not supported']);
  });

  it('users are created, shown, changed and deleted', async () => {
    const { AUTH_CREATE_USER, AUTH_UPDATE_USER, AUTH_DELETE_USER, AUTH_GET_USER, AUTH_LIST_USER } = RequestCode;
    const user = { username: 'ursula', password: 'u', userType: 'Normal', userStatus: 'enable' };
    assert.deepEqual(await answer(root, AUTH_CREATE_USER, { username: 'ursula' }, { password: 'u' }), OK);
    assert.deepEqual(
      await answer(root, AUTH_CREATE_USER, { username: 'ursula' }, { password: 'u' }),
      refused('The user is existed'),
    );
    assert.deepEqual(await answer(root, AUTH_GET_USER, { username: 'ursula' }), [...OK, user]);
    assert.deepEqual(await answer(root, AUTH_LIST_USER, { filter: 'rsul' }), [...OK, [user]]);
    assert.deepEqual(await answer(root, AUTH_LIST_USER, { filter: 'nobody' }), OK);
    assert.deepEqual(await answer(root, AUTH_UPDATE_USER, { username: 'ursula' }, { userStatus: 'disable' }), OK);
    assert.deepEqual(await answer(root, AUTH_GET_USER, { username: 'ursula' }), [
      ...OK,
      { ...user, userStatus: 'disable' },
    ]);
    const ursula = await as({ accessKey: 'ursula', secretKey: 'u' });
    assert.deepEqual(await answer(ursula, RequestCode.GET_BROKER_CONFIG), refused('User:ursula is disabled.'));
    assert.deepEqual(await answer(root, AUTH_DELETE_USER, { username: 'ursula' }), OK);
    assert.deepEqual(await answer(root, AUTH_GET_USER, { username: 'ursula' }), OK);
    assert.deepEqual(
      await answer(root, AUTH_UPDATE_USER, { username: 'ursula' }, { password: 'v' }),
      refused('The user is not exist'),
    );
  });

  it('a user that cannot be is refused', async () => {
    const { AUTH_CREATE_USER, AUTH_GET_USER, AUTH_DELETE_USER } = RequestCode;
    const blank: Answer = [29, 'The username is blank'];
    assert.deepEqual(await answer(root, AUTH_CREATE_USER, {}, { password: 'x' }), blank);
    assert.deepEqual(await answer(root, AUTH_GET_USER), blank);
    assert.deepEqual(await answer(root, AUTH_DELETE_USER), refused('username can not be blank'));
    assert.deepEqual(
      await answer(root, AUTH_CREATE_USER, { username: 'x' }, { password: '' }),
      refused('password can not be blank'),
    );
    assert.equal((await answer(root, AUTH_CREATE_USER, { username: 'x' }))[0], 1);
    assert.equal((await answer(root, AUTH_CREATE_USER, { username: 'x' }, '{{'))[0], 1);
  });

  it('rules are kept as they were given, merged by resource and filtered', async () => {
    const { AUTH_CREATE_ACL, AUTH_UPDATE_ACL, AUTH_GET_ACL, AUTH_LIST_ACL, AUTH_DELETE_ACL } = RequestCode;
    const subject = 'User:rachel';
    const pub = { actions: ['Pub'], decision: 'Allow', resource: 'Topic:R' };
    const sub = { actions: ['Sub'], decision: 'Allow', resource: 'Group:r*', sourceIps: ['127.0.0.0/8'] };
    await newUser('rachel', pub, sub);
    const acl = (...entries: object[]): object => ({ policies: [{ entries, policyType: 'Custom' }], subject });
    assert.deepEqual(await answer(root, AUTH_GET_ACL, { subject }), [...OK, acl(pub, sub)]);
    assert.deepEqual(await answer(root, AUTH_LIST_ACL, { subjectFilter: 'rach', resourceFilter: 'Group' }), [
      ...OK,
      [acl(sub)],
    ]);
    assert.deepEqual(await answer(root, AUTH_LIST_ACL, { subjectFilter: 'nobody' }), OK);
    const deny = { actions: ['Pub', 'Sub'], decision: 'Deny', resource: 'Topic:R' };
    assert.deepEqual(await answer(root, AUTH_UPDATE_ACL, { subject }, { policies: [{ entries: [deny] }] }), OK);
    assert.deepEqual(await answer(root, AUTH_GET_ACL, { subject }), [...OK, acl(deny, sub)]);
    assert.deepEqual(await answer(root, AUTH_DELETE_ACL, { subject, policyType: 'Custom', resource: 'Topic:R' }), OK);
    assert.deepEqual(await answer(root, AUTH_GET_ACL, { subject }), [...OK, acl(sub)]);
    assert.deepEqual(await answer(root, AUTH_DELETE_ACL, { subject }), OK);
    assert.deepEqual(await answer(root, AUTH_GET_ACL, { subject }), OK);
    assert.deepEqual(await answer(root, AUTH_DELETE_ACL, { subject }), refused('The acl is not exist.'));
    assert.deepEqual(
      await answer(root, AUTH_CREATE_ACL, { subject: 'User:none' }, acl(pub)).then(([code]) => code),
      0,
      'the subject of the body counts before that of the header',
    );
  });

  it('rules that cannot be are refused', async () => {
    const { AUTH_CREATE_ACL, AUTH_GET_ACL, AUTH_DELETE_ACL } = RequestCode;
    await newUser('ruth');
    const give = (subject: string, ...entries: object[]): Promise<Answer> =>
      answer(root, AUTH_CREATE_ACL, { subject }, { policies: [{ entries }] });
    assert.deepEqual(
      await give('User:none', rule('Topic:R', 'Pub')),
      refused('The subject of User:none is not exist.'),
    );
    assert.deepEqual(await give('ruth', rule('Topic:R', 'Pub')), [
      1,
      'An system error occurred, please try again later.',
    ]);
    assert.deepEqual(await give('User:ruth'), refused('The policies is empty.'));
    assert.deepEqual(await give('User:ruth', rule('Table:R', 'Pub')), refused('The resource is null.'));
    assert.deepEqual(await give('User:ruth', rule('Topic:R', 'Fly')), refused('The actions is empty.'));
    assert.deepEqual(await give('User:ruth', rule('Topic:R', 'Any')), refused('The actions can not be Any.'));
    assert.deepEqual(
      await give('User:ruth', rule('Topic:R', 'Pub', 'Perhaps')),
      refused('The decision is null or illegal.'),
    );
    assert.deepEqual(
      await give('User:ruth', { ...rule('Topic:R', 'Pub'), sourceIps: ['300.1.1.1'] }),
      refused('The source ip is invalid.'),
    );
    const [code, remark] = await answer(root, AUTH_CREATE_ACL, { subject: 'User:ruth' }, { policies: [] });
    assert.equal(code, 1);
    assert.match(remark ?? '', /AuthorizationException: The body of acl is null/);
    assert.deepEqual(await answer(root, AUTH_GET_ACL, { subject: 'User:none' }), refused('The subject is not exist.'));
    assert.deepEqual(await answer(root, AUTH_GET_ACL, { subject: 'ruth' }), refused('The subject is null.'));
    assert.deepEqual(await answer(root, AUTH_DELETE_ACL, { subject: 'ruth' }), refused('The subject is null.'));
  });

  it('a user sends and reads what the rules allow, and nothing else', async () => {
    const topic = await cluster.newTopic();
    const send = sendRequest(topic, 'hello');
    const denied = (resource: string, why = 'no matched policies.'): Answer =>
      refused(`User:paul has no permission to access ${resource} from 127.0.0.1, ${why}`);
    const paul = await newUser('paul', rule(`Topic:${topic}`, 'Pub'), rule('Group:paul-*', 'Sub'));
    assert.deepEqual(await codeOf(paul, send), OK);
    assert.deepEqual(await codeOf(paul, sendRequest('Other', 'x')), denied('Topic:Other'));
    assert.deepEqual(await codeOf(paul, pullRequest({ topic, group: 'paul-1' })), denied(`Topic:${topic}`));
    const beat = (group: string, topics: Record<string, string>): Promise<Answer> =>
      answer(paul, RequestCode.HEART_BEAT, {}, consumerBeat('client', group, topics));
    assert.deepEqual(await beat('paul-1', {}), OK);
    assert.deepEqual(await beat('paul-1', { [topic]: '*' }), denied(`Topic:${topic}`));
    assert.deepEqual(await beat('ann', {}), denied('Group:ann'));
    assert.deepEqual(
      await answer(paul, RequestCode.HEART_BEAT, {}, 'no json'),
      refused('parse authorization context error.'),
    );
    const subject = 'User:paul';
    const policies = [{ entries: [rule(`Topic:${topic}`, 'Sub')] }];
    assert.deepEqual(await answer(root, RequestCode.AUTH_UPDATE_ACL, { subject }, { policies }), OK);
    await cluster.untilReadable(topic, 1);
    assert.deepEqual(await codeOf(paul, pullRequest({ topic, group: 'paul-1' })), OK);
    assert.deepEqual(await codeOf(paul, pullRequest({ topic, group: 'ann' })), denied('Group:ann'));
    assert.deepEqual(await codeOf(paul, send), denied(`Topic:${topic}`));
    const fallback = [{ policyType: 'Default', entries: [rule('*', 'All')] }];
    assert.deepEqual(await answer(root, RequestCode.AUTH_UPDATE_ACL, { subject }, { policies: fallback }), OK);
    assert.deepEqual(await codeOf(paul, send), OK);
    const deny = [{ entries: [rule(`Topic:${topic}`, 'Pub', 'Deny')] }];
    assert.deepEqual(await answer(root, RequestCode.AUTH_UPDATE_ACL, { subject }, { policies: deny }), OK);
    assert.deepEqual(await codeOf(paul, send), denied(`Topic:${topic}`, 'the decision is deny.'));
  });

  it('the more exact rule counts', async () => {
    const paula = await newUser('paula', rule('Topic:*', 'Pub'), rule('Topic:Secret*', 'Pub', 'Deny'));
    const answered = await codeOf(paula, sendRequest('Secret1', 'x'));
    assert.deepEqual(
      answered,
      refused('User:paula has no permission to access Topic:Secret1 from 127.0.0.1, the decision is deny.'),
    );
    const dora = await newUser('dora', rule('Topic:Twice', 'Pub', 'Deny'), rule('Topic:Twice', 'Pub'));
    assert.deepEqual(
      await codeOf(dora, sendRequest('Twice', 'x')),
      refused('User:dora has no permission to access Topic:Twice from 127.0.0.1, the decision is deny.'),
    );
  });

  it('administration needs rules for the cluster, and only a super user touches super users', async () => {
    const adam = await newUser('adam');
    const denied = refused(
      'User:adam has no permission to access Cluster:DefaultCluster from 127.0.0.1, no matched policies.',
    );
    assert.deepEqual(await answer(adam, RequestCode.AUTH_LIST_USER, { filter: 'x' }), denied);
    assert.equal((await adam.request({ code: RequestCode.GET_BROKER_CONFIG }, TIMEOUT_MS)).code, 0);
    const eve = await newUser('eve', rule('Cluster:*', 'All'));
    const { AUTH_CREATE_USER, AUTH_UPDATE_USER, AUTH_DELETE_USER } = RequestCode;
    assert.deepEqual(await answer(eve, AUTH_CREATE_USER, { username: 's' }, { password: 's', userType: 'Super' }), [
      1,
      'The super user can only be create by super user',
    ]);
    const onlySuper = refused('The super user can only be update by super user');
    assert.deepEqual(await answer(eve, AUTH_UPDATE_USER, { username: 'root' }, { password: 's' }), onlySuper);
    assert.deepEqual(await answer(eve, AUTH_DELETE_USER, { username: 'root' }), onlySuper);
  });

  it('a request on the whitelist of authentication still needs its rights', async () => {
    const nobody = await as(undefined);
    assert.deepEqual(await answer(nobody, RequestCode.HEART_BEAT, {}, consumerBeat('client', 'g', {})), OK);
    assert.deepEqual(
      await answer(nobody, RequestCode.HEART_BEAT, { x: '1' }, consumerBeat('client', 'g', {})),
      refused('Authorization failed. Please verify your access rights and try again.'),
    );
  });

  it('an inner client and the tools of our client pass', async () => {
    const inner = await as({ accessKey: 'inner', secretKey: 'inner-secret' });
    const [code] = await answer(inner, RequestCode.AUTH_LIST_USER);
    assert.equal(code, 0);
    assert.equal((await cluster.client.brokers()).length, 1);
    assert.ok((await cluster.client.groups()).items.length >= 0);
  });
}
