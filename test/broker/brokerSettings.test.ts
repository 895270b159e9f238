import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseProperties } from '../../src/base/properties.ts';
import { apacheBrokerSettings } from '../../src/broker/apacheSettings.ts';
import { keepInConfFile } from '../../src/broker/confFile.ts';
import { brokerConfig, readBrokerConf } from '../../src/broker/config.ts';
import { onlyAtStart } from '../../src/broker/settings/onlyAtStart.ts';
import { grpcSettings } from '../../src/broker/settings/grpcSettings.ts';
import { decodeTopicRoute } from '../../src/protocol/bodies/route.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { goldenExchange } from '../support/goldenFrames.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { TestBroker } from './testBroker.ts';

/** What Apache's broker keeps apart: AuthConfig.java, TlsSystemConfig.java. */
const PRIVATE = /^(tls\.|auth(entication|orization)|initAuth|innerClientAuth|migrateAuth|statefulAuth)/;

describe('broker: settings while it runs', () => {
  let broker: TestBroker;
  beforeEach(async () => (broker = await TestBroker.start()));
  afterEach(() => broker.stop());

  const settings = async (): Promise<Map<string, string>> =>
    parseProperties((await broker.ask(RequestCode.GET_BROKER_CONFIG)).body.toString());
  const change = (text: string): Promise<RemotingCommand> =>
    broker.ask(RequestCode.UPDATE_BROKER_CONFIG, {}, Buffer.from(text));

  it('tells every setting that Apache knows', async () => {
    const golden = parseProperties(goldenExchange('broker_config').response?.bodyUtf8 ?? '');
    const told = await settings();
    assert.deepEqual(
      [...golden.keys()].filter((key) => !told.has(key)),
      [],
    );
    assert.equal(told.get('autoCreateTopicEnable'), 'true');
    assert.equal(told.get('storePathRootDir'), broker.context.store.directory);
  });

  it('knows of every setting whether it is its own or one of Apache', () => {
    const ours = new Set(['maxStoreBytes', 'fileReservedBytes', 'enoughFreeDiskBytes', ...Object.keys(grpcSettings)]);
    const strange = Object.keys(brokerConfig()).filter(
      (key) => !apacheBrokerSettings.has(key) && !ours.has(key) && !PRIVATE.test(key),
    );
    assert.deepEqual(strange, []);
    assert.ok(onlyAtStart.has('listenPort'));
  });

  it('obeys a change at once, and counts it in the version', async () => {
    await broker.createTopic('T');
    assert.equal((await change('maxMessageSize=10\ntraceOn=false\n')).code, 0);
    const refused = await broker.send('T', 'more than ten bytes');
    assert.equal(refused.code, ResponseCode.MESSAGE_ILLEGAL);
    assert.equal((await broker.send('T', 'short')).extFields['TRACE_ON'], 'false');
    const answer = await broker.ask(RequestCode.GET_BROKER_CONFIG);
    assert.match(answer.extFields['version'] ?? '', /^\{"counter":1,/);
  });

  it('stops making topics and groups when it is told so', async () => {
    await change('autoCreateTopicEnable=false\nautoCreateSubscriptionGroup=false\n');
    assert.equal((await broker.send('Fresh', 'x')).code, ResponseCode.TOPIC_NOT_EXIST);
    assert.equal(broker.context.groups.find('FreshGroup'), undefined);
    await change('autoCreateTopicEnable=true');
    assert.equal((await broker.send('Fresh', 'x')).code, 0);
  });

  it('takes its permission from all routes, and says so to the NameServer', async () => {
    const perm = async (): Promise<number | undefined> => {
      const answer = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'TBW102' });
      return decodeTopicRoute(answer.body).queues[0]?.perm;
    };
    await change('brokerPermission=4');
    assert.equal(await perm(), 4);
    assert.equal((await broker.send('T', 'x')).code, ResponseCode.NO_PERMISSION);
    await change('brokerPermission=6');
    assert.equal(await perm(), 7);
  });

  it('tells no secrets, and lets nobody change users and TLS this way', async () => {
    const secret = 'initAuthenticationUser={"username":"a","password":"b"}\ntls.server.keyPassword=c\n';
    assert.equal((await change(secret)).code, 0);
    assert.equal(broker.context.config.initAuthenticationUser, '');
    assert.deepEqual(
      [...(await settings()).keys()].filter((key) => PRIVATE.test(key)),
      [],
    );
  });

  it('refuses what Apache refuses, and values that cannot be', async () => {
    for (const key of ['brokerConfigPath', 'rocketmqHome', 'configBlackList']) {
      const answer = await change(`traceOn=false\n${key}=x\n`);
      assert.deepEqual(
        [answer.code, answer.remark],
        [ResponseCode.NO_PERMISSION, 'Can not update config in black list.'],
        key,
      );
    }
    const wrong = await change('traceOn=false\nbrokerPermission=9\n');
    assert.equal(wrong.code, ResponseCode.INVALID_PARAMETER);
    assert.equal(wrong.remark, 'brokerPermission=9: expected a whole number from 0 to 7');
    assert.equal((await settings()).get('traceOn'), 'true', 'nothing of it changed');
    assert.equal((await change('noSuchKey=1\ntransferMsgByHeap=false\n')).code, 0);
    const later = await change('listenPort=1234');
    assert.deepEqual([later.code, later.remark], [0, 'obeyed from the next start on: listenPort']);
    const address = await change('brokerIP2=10.0.0.9');
    assert.deepEqual([address.code, address.remark], [0, 'obeyed from the next start on: brokerIP2']);
    assert.notEqual((await settings()).get('listenPort'), '1234');
  });
});

describe('broker: the configuration file', () => {
  it('tells keys that only Apache obeys from those that nobody knows, and takes former names', () => {
    const { settings, ignored, unknown } = readBrokerConf(
      'transferMsgByHeap=false\nbrokrName=x\nmapedFileSizeCommitLog=65536\n',
    );
    assert.deepEqual([ignored, unknown], [['transferMsgByHeap'], ['brokrName']]);
    assert.deepEqual(settings, { mappedFileSizeCommitLog: 65_536 });
  });

  it('keeps changes at its end, the newest of each key, and all else as it was', () => {
    const directory = makeTempDir('conf');
    const file = path.join(directory.path, 'broker.conf');
    writeFileSync(file, '# mine\nbrokerName = x\ntraceOn=true');
    keepInConfFile(file, new Map([['traceOn', 'false']]));
    keepInConfFile(
      file,
      new Map([
        ['traceOn', 'true'],
        ['regionId', 'R'],
      ]),
    );
    const text = readFileSync(file, 'utf8');
    assert.match(
      text,
      /^# mine\nbrokerName = x\ntraceOn=true\n# Changed while running [^\n]*\ntraceOn=true\nregionId=R\n$/,
    );
    assert.deepEqual(readBrokerConf(text).settings, { brokerName: 'x', traceOn: true, regionId: 'R' });
    directory.remove();
  });
});
