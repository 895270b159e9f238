import assert from 'node:assert/strict';
import fs, { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { silentLogger } from '../../src/base/logger.ts';
import {
  brokerConfig,
  configText,
  nameServerConfig,
  readBrokerConf,
  readNameServerConf,
} from '../../src/broker/config.ts';
import { LogFile, lineLogger } from '../../src/broker/logWriter.ts';
import { reachableHost } from '../../src/broker/reachableHost.ts';
import { ConfigFile } from '../../src/broker/state/configFile.ts';
import { BESIDE_LISTEN_PORT, NO_SLAVES } from '../../src/broker/settings/haSettings.ts';
import { defaultStoreDirectory } from '../../src/broker/storeDirectory.ts';
import { FakeClock } from '../support/fakeClock.ts';
import { makeTempDir } from '../support/tempDir.ts';
import type { TempDir } from '../support/tempDir.ts';

describe('broker: settings', () => {
  it('reads the broker.conf of the tutorial, and names what it does not obey', () => {
    const { settings, ignored } = readBrokerConf(
      'brokerClusterName = DefaultCluster\nbrokerName = broker-x\nbrokerId = 0\ndeleteWhen = 04\nfileReservedTime = 48\n' +
        'warmMapedFileEnable=true\n' +
        'brokerRole = ASYNC_MASTER\nflushDiskType = ASYNC_FLUSH\nlistenPort=10921\nautoCreateTopicEnable=False\n',
    );
    assert.deepEqual(ignored, ['warmMapedFileEnable']);
    assert.deepEqual(settings, {
      brokerClusterName: 'DefaultCluster',
      brokerName: 'broker-x',
      brokerId: 0,
      deleteWhen: '04',
      fileReservedTime: 48,
      brokerRole: 'ASYNC_MASTER',
      flushDiskType: 'ASYNC_FLUSH',
      listenPort: 10921,
      autoCreateTopicEnable: false,
    });
    assert.equal(brokerConfig(settings).brokerName, 'broker-x');
    assert.equal(brokerConfig(settings).defaultTopicQueueNums, 8);
  });

  it('gives a master the id 0, and takes none for a slave', () => {
    assert.equal(brokerConfig({ brokerId: 3 }).brokerId, 0);
    assert.equal(brokerConfig({ brokerRole: 'SLAVE', brokerId: 3 }).brokerId, 3);
    assert.throws(() => brokerConfig({ brokerRole: 'SLAVE' }), /that of a slave must be above 0/);
    assert.equal(readBrokerConf('haSlaveFallbehindMax=1024').settings.haMaxGapNotInSync, 1024);
  });

  it('serves slaves where the file says that they may come, and nobody else', () => {
    assert.equal(brokerConfig({ brokerName: 'x' }).haListenPort, NO_SLAVES);
    assert.equal(brokerConfig({ brokerRole: 'ASYNC_MASTER' }).haListenPort, BESIDE_LISTEN_PORT);
    assert.equal(brokerConfig({ brokerRole: 'SYNC_MASTER', haListenPort: 10912 }).haListenPort, 10912);
  });

  const illegal: readonly [string, string, RegExp][] = [
    ['listenPort', '99999', /from 0 to 65535/],
    ['listenPort', 'ten', /whole number/],
    ['autoCreateTopicEnable', 'yes', /true or false/],
    ['brokerName', '', /empty/],
    ['brokerRole', 'SERVANT', /expected ASYNC_MASTER, SYNC_MASTER, SLAVE/],
    ['haMasterAddress', 'nowhere', /expected host:port/],
    ['brokerId', '-1', /whole number from 0/],
    ['haTransferBatchSize', '4194304', /from 1024 to 4194292/],
    ['messageDelayLevel', '1s 5x', /expected like 5s/],
    ['flushDiskType', 'NEVER', /ASYNC_FLUSH or SYNC_FLUSH/],
    ['enablePropertyFilter', 'maybe', /true or false/],
  ];
  for (const [key, value, reason] of illegal) {
    it(`refuses ${key}=${value} and says why`, () => {
      assert.throws(
        () => readBrokerConf(`${key}=${value}`),
        (error: Error & { code: string; details: Record<string, unknown> }) => {
          assert.deepEqual([error.code, error.details['key'], error.details['value']], ['config-invalid', key, value]);
          assert.match(String(error.details['reason']), reason);
          return true;
        },
      );
    });
  }

  it('is not led astray by keys that every object has', () => {
    assert.deepEqual(readNameServerConf('constructor=1\ntoString=2\nlistenPort=9876').unknown, [
      'constructor',
      'toString',
    ]);
  });

  it('refuses a file of which no line is a setting, and takes one of which some are', () => {
    for (const read of [readBrokerConf, readNameServerConf]) {
      assert.throws(
        () => read('# A letter\nDear broker,\nhow are you?'),
        (error: Error & { code: string; details: Record<string, unknown> }) => {
          assert.deepEqual([error.code, error.details['key']], ['config-invalid', 'Dear']);
          assert.match(String(error.details['reason']), /no line of this file is a setting/);
          return true;
        },
      );
      assert.deepEqual(read(''), { settings: {}, ignored: [], unknown: [] });
    }
    assert.deepEqual(readBrokerConf('colour=blue\nbrokerName=b').unknown, ['colour']);
  });

  it('writes settings as text, sorted', () => {
    const lines = configText(nameServerConfig({ listenPort: 1 }), new Map([['aliens', '0']])).split('\n');
    assert.ok(lines.includes('aliens=0'));
    assert.ok(lines.includes('listenPort=1'));
    assert.deepEqual(lines.slice(0, -1), [...lines.slice(0, -1)].sort());
  });

  it('keeps messages where the system keeps data of users', () => {
    assert.equal(defaultStoreDirectory({ XDG_DATA_HOME: '/data' }, 'linux'), '/data/rocketmq-local');
    assert.match(defaultStoreDirectory({ XDG_DATA_HOME: 'relative' }, 'linux'), /\/\.local\/share\/rocketmq-local$/);
    const { HOME } = process.env;
    process.env['HOME'] = '';
    try {
      assert.ok(path.isAbsolute(defaultStoreDirectory({}, 'linux')));
    } finally {
      if (HOME === undefined) delete process.env['HOME'];
      else process.env['HOME'] = HOME;
    }
    assert.match(defaultStoreDirectory({}, 'darwin'), /Library\/Application Support\/rocketmq-local$/);
    assert.equal(defaultStoreDirectory({ LOCALAPPDATA: '/local' }, 'win32'), path.join('/local', 'rocketmq-local'));
  });

  it('advertises an address that clients can reach', () => {
    assert.equal(reachableHost('127.0.0.1'), '127.0.0.1');
    assert.equal(reachableHost('localhost'), '127.0.0.1');
    assert.match(reachableHost('0.0.0.0'), /^\d+\.\d+\.\d+\.\d+$/);
    assert.notEqual(reachableHost('0.0.0.0'), '0.0.0.0');
  });
});

describe('broker: files', () => {
  let directory: TempDir;
  let clock: FakeClock;
  beforeEach(() => {
    directory = makeTempDir('files');
    clock = new FakeClock(new Date(2026, 10, 22, 21, 20, 6, 123).getTime());
  });
  afterEach(() => directory.remove());

  const open = (content: () => string): ConfigFile =>
    new ConfigFile({
      path: path.join(directory.path, 'config', 'x.json'),
      clock,
      logger: silentLogger,
      content: () => Buffer.from(content()),
      delayMs: 1000,
    });
  const read = (name: string): string => readFileSync(path.join(directory.path, 'config', name), 'utf8');
  const text = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

  it('keeps the newest version that was on disk as .bak', async () => {
    let value = '1';
    const file = open(() => value);
    assert.equal(file.load(text), undefined);
    file.save();
    await file.synced();
    value = '2';
    file.save();
    assert.deepEqual([read('x.json'), read('x.json.bak')], ['2', '1']);
    // The second one may be lost with the machine still.
    value = '3';
    file.save();
    assert.deepEqual([read('x.json'), read('x.json.bak')], ['3', '1']);
    await file.synced();
    value = '4';
    file.save();
    assert.deepEqual([read('x.json'), read('x.json.bak')], ['4', '3']);
    assert.equal(file.load(text), 4);
  });

  it('says when the disk fails, and goes on', async () => {
    const file = open(() => '1');
    file.save();
    rmSync(path.join(directory.path, 'config'), { recursive: true });
    await file.synced();
    file.save();
    await file.synced();
    mkdirSync(path.join(directory.path, 'config'));
    file.save();
    await file.synced();
    assert.equal(file.load(text), 1);
  });

  it('reads the .bak when the file is torn, empty or away, and says damaged when both are', async () => {
    const file = open(() => '2');
    file.save();
    await file.synced();
    file.save();
    for (const torn of ['{"a":', '']) {
      writeFileSync(path.join(directory.path, 'config', 'x.json'), torn);
      assert.equal(file.load(text), 2);
    }
    writeFileSync(path.join(directory.path, 'config', 'x.json'), '{"a":');
    file.load(text);
    file.save();
    assert.deepEqual([read('x.json'), read('x.json.bak')], ['2', '2'], 'the torn file became the .bak');
    writeFileSync(path.join(directory.path, 'config', 'x.json'), '');
    writeFileSync(path.join(directory.path, 'config', 'x.json.bak'), '{');
    assert.throws(() => file.load(text), { code: 'store-damaged' });
  });

  it('gathers changes for a while, and writes what waits when it ends', async () => {
    let value = '1';
    const file = open(() => value);
    file.saveLater();
    clock.advance(999);
    assert.equal(existsSync(path.join(directory.path, 'config', 'x.json')), false);
    value = '2';
    file.saveLater();
    clock.advance(1);
    await file.saved();
    assert.equal(read('x.json'), '2');
    value = '3';
    file.saveLater();
    file.dispose();
    assert.equal(read('x.json'), '3');
    assert.equal(clock.pendingCount, 0);
  });

  it('writes a large text beside the event loop: what is saved meanwhile comes next, and the last when it ends', async () => {
    const large = 'x'.repeat(100_000);
    const texts: string[] = [];
    let value = `1 ${large}`;
    const file = open(() => {
      texts.push(value.slice(0, 1));
      return value;
    });
    file.save();
    assert.equal(file.saved(), undefined, 'how large it is was not known');
    await file.synced();
    for (const next of ['2', '3']) {
      value = `${next} ${large}`;
      file.save();
    }
    assert.equal(read('x.json').slice(0, 1), '1');
    await file.saved();
    assert.deepEqual([read('x.json').slice(0, 1), read('x.json.bak').slice(0, 1), texts], ['3', '1', ['1', '3']]);
    value = `4 ${large}`;
    file.save();
    await new Promise(setImmediate);
    value = `5 ${large}`;
    const saved = file.saved();
    file.dispose();
    assert.equal(read('x.json').slice(0, 1), '5');
    await saved;
    assert.equal(read('x.json').slice(0, 1), '5', 'the older text came after the newer one');
    assert.equal(existsSync(path.join(directory.path, 'config', 'x.json.tmp')), false);
  });

  it('writes log lines in the form of Apache', () => {
    const lines: string[] = [];
    const logger = lineLogger(
      (line) => lines.push(line),
      () => clock.now(),
    );
    logger.info('up');
    logger.error('broken', new Error('why'));
    assert.equal(lines[0], '2026-11-22 21:20:06,123 INFO main - up\n');
    assert.match(lines[1] ?? '', /^2026-11-22 21:20:06,123 ERROR main - broken: Error: why\n {4}at /);
  });

  it('writes debug lines only when asked to', () => {
    const lines: string[] = [];
    for (const verbose of [false, true]) {
      const logger = lineLogger(
        (line) => lines.push(line),
        () => clock.now(),
        verbose,
      );
      logger.debug(`verbose ${verbose}`);
    }
    assert.deepEqual(lines, ['2026-11-22 21:20:06,123 DEBUG main - verbose true\n']);
  });

  it('loses lines without an error while the log cannot be written, and says so when it can again', () => {
    const file = path.join(directory.path, 'broker.log');
    const log = new LogFile(file, 100);
    log.write('before\n');
    const { writeSync, renameSync } = fs;
    const full = (): never => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    try {
      fs.writeSync = full;
      syncBuiltinESMExports();
      log.write('lost\n');
      log.write('lost\n');
      fs.writeSync = writeSync;
      fs.renameSync = full;
      syncBuiltinESMExports();
      log.write(`${'x'.repeat(60)}\n`);
    } finally {
      Object.assign(fs, { writeSync, renameSync });
      syncBuiltinESMExports();
    }
    log.write('after\n');
    log.dispose();
    assert.equal(readFileSync(file, 'utf8'), 'before\n(3 lines before this could not be written)\nafter\n');
  });

  it('bounds the log: the file before is kept as .1', () => {
    const file = path.join(directory.path, 'logs', 'broker.log');
    const log = new LogFile(file, 100);
    for (let n = 0; n < 10; n += 1) log.write(`${'x'.repeat(29)}\n`);
    log.dispose();
    assert.equal(readFileSync(file).length, 30);
    assert.equal(readFileSync(`${file}.1`).length, 90);
    const again = new LogFile(file, 100);
    again.write('y\n');
    again.dispose();
    assert.equal(readFileSync(file).length, 32);
  });
});
