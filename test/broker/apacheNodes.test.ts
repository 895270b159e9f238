import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { untilGone } from '../support/untilGone.ts';
import { repository } from '../support/repository.ts';
import { startProcess } from '../support/runningProcess.ts';
import type { RunningProcess } from '../support/runningProcess.ts';
import { makeTempDir } from '../support/tempDir.ts';
import type { TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const TIMEOUT_MS = 60_000;

/** Stands for Java: a NameServer serves, and what a broker does is the test's to say. */
const JAVA = (broker: string): string => `#!/bin/sh
case "$*" in
  -version) echo 'openjdk version "17.0.1"' >&2; exit;;
  *BrokerStartup*) ${broker};;
esac
echo "$ROCKETMQ_HOME" > home
echo $$ > pid
echo 'The Name Server boot success. serializeType=JSON'
exec sleep 600
`;

describe('command rocketmq-local cluster start --apache', function () {
  this.timeout(120_000);
  this.slow(20_000);
  let place: TempDir;
  let home: string;
  let directory: string;
  const running: RunningProcess[] = [];
  beforeEach(() => {
    place = makeTempDir('apache-nodes');
    home = path.join(place.path, 'distribution');
    directory = path.join(place.path, 'nodes');
    for (const file of ['lib/rocketmq-broker-5.3.2.jar', 'lib/rocketmq-namesrv-5.3.2.jar', 'conf/broker.conf']) {
      write(path.join(home, file), '');
    }
  });
  afterEach(async () => {
    for (const command of running.splice(0)) await command.stop();
    place.remove();
  });

  function write(file: string, text: string): void {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  function start(broker: string, env: NodeJS.ProcessEnv = {}): RunningProcess {
    const java = path.join(place.path, 'java', 'bin', 'java');
    write(java, JAVA(broker));
    chmodSync(java, 0o755);
    const main = path.join(repository, 'src', 'broker', 'main.ts');
    const args = ['cluster', 'start', '--mode', 'single', '--apache', home, '--dir', directory, '--json'];
    const command = startProcess(process.execPath, ['--import', 'tsx', main, ...args], {
      cwd: repository,
      env: { ...process.env, JAVA_HOME: path.join(place.path, 'java'), ...env },
      stopTimeoutMs: 10_000,
    });
    running.push(command);
    return command;
  }

  const pidOf = (node: string): Promise<number> =>
    waitFor(
      `${node} to run`,
      () => {
        try {
          return Number(readFileSync(path.join(directory, node, 'pid'), 'utf8')) || undefined;
        } catch {
          return undefined;
        }
      },
      { timeoutMs: TIMEOUT_MS },
    );

  it('leaves no Java behind when the supervisor is killed', async () => {
    const command = start(':');
    const pids = [await pidOf('namesrv-1'), await pidOf('broker-a')];
    assert.equal(readFileSync(path.join(directory, 'namesrv-1', 'home'), 'utf8'), `${home}\n`);
    process.kill(command.pid, 'SIGKILL');
    await untilGone(pids);
  });

  it('says why a broker does not start, and ends the rest', async () => {
    const command = start(
      'echo starting; echo "java.net.BindException: Address already in use."; echo "  at A"; exit 1',
    );
    assert.equal(await command.exited, 1);
    // It ended before it had a log of its own.
    const log = path.join(directory, 'broker-a', 'console.log');
    assert.equal(
      command.output(),
      `rocketmq-local: broker-a did not start: java.net.BindException: Address already in use; see ${log}.\n`,
    );
    await untilGone([await pidOf('namesrv-1')]);
    assert.match(readFileSync(log, 'utf8'), /^starting\n.*\n {2}at A\n$/);
  });

  it('says that there is no Java, or no distribution', async () => {
    const noJava = start(':', { JAVA_HOME: undefined, PATH: place.path });
    assert.equal(await noJava.exited, 1);
    assert.equal(
      noJava.output(),
      'rocketmq-local: There is no Java; install Java 8 or newer, or let JAVA_HOME name it.\n',
    );
    home = path.join(place.path, 'java');
    directory = path.join(place.path, 'other');
    const noHome = start(':');
    assert.equal(await noHome.exited, 1);
    assert.equal(
      noHome.output(),
      `rocketmq-local: ${home} is no unpacked distribution of Apache RocketMQ: it has no lib/rocketmq-broker-*.jar; ` +
        'give the directory that has bin, conf and lib in it, such as rocketmq-all-5.3.2-bin-release.\n',
    );
  });
});
