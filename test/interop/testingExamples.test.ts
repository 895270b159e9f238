import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { SNIPPETS } from '../../src/snippets/catalogue.ts';
import { ensureApacheJars } from '../support/apache/jars.ts';
import { writeGoModule } from '../support/goModule.ts';
import { ensurePackages } from '../support/npmPackages.ts';
import { ensurePythonPackage, ensureVenv } from '../support/pythonVenv.ts';
import { repository } from '../support/repository.ts';
import { runProgram } from '../support/runProgram.ts';
import { requireTools, skipTest } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';
import type { TempDir } from '../support/tempDir.ts';

const EXAMPLES = path.join(repository, 'docs', 'examples', 'testing');
const PYTEST = 'pytest==8.3.4';

/** The examples of docs/testing-your-code.md, run as their readers run them. */
describe('examples of tests', function () {
  this.timeout(600_000);
  this.slow(30_000);
  let place: TempDir;
  before(function () {
    // `rocketmq-local` is a link as npm makes one.
    if (process.platform === 'win32') skipTest(this, 'a link needs rights on Windows');
  });
  beforeEach(() => {
    place = makeTempDir('examples');
    fs.mkdirSync(path.join(place.path, 'bin'));
    fs.symlinkSync(path.join(repository, 'dist', 'broker.cjs'), path.join(place.path, 'bin', 'rocketmq-local'));
  });
  afterEach(() => place.remove());

  const copied = (name: string): string => {
    const file = path.join(place.path, name);
    fs.copyFileSync(path.join(EXAMPLES, name), file);
    return file;
  };
  const run = async (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const PATH = `${path.join(place.path, 'bin')}${path.delimiter}${process.env['PATH'] ?? ''}`;
    const { code, output } = await runProgram(command, args, {
      cwd: place.path,
      // Clients write their logs below the home directory.
      env: { ...process.env, HOME: place.path, ...env, PATH },
      timeoutMs: 120_000,
    });
    assert.equal(code, 0, output);
    return output;
  };

  it('JUnit', async function () {
    requireTools(this, 'java', 'javac', 'mvn');
    const jars = path.join(await ensureApacheJars('junit'), '*');
    await run('javac', ['-proc:none', '-cp', jars, '-d', place.path, copied('OrdersTest.java')]);
    const output = await run('java', [
      ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', `-Duser.home=${place.path}`],
      ...['-cp', jars, 'org.junit.platform.console.ConsoleLauncher', 'execute'],
      ...['-cp', place.path, '--select-class', 'OrdersTest', '--disable-banner', '--details=summary'],
    ]);
    assert.match(output, /2 tests successful/);
  });

  it('pytest', async function () {
    requireTools(this, 'python3');
    const python = await ensureVenv(SNIPPETS.python.producer.dependency);
    const PYTHONPATH = await ensurePythonPackage(python, PYTEST);
    const output = await run(python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', copied('test_orders.py')], {
      PYTHONPATH,
      PYTHONDONTWRITEBYTECODE: '1',
    });
    assert.match(output, /2 passed/);
  });

  it('Go', async function () {
    requireTools(this, 'go');
    copied('orders_test.go');
    await writeGoModule(SNIPPETS.go.producer.dependency, place.path);
    const kept = Object.fromEntries(
      (await runProgram('go', ['env', 'GOPATH', 'GOCACHE'], { timeoutMs: 30_000 })).output
        .trim()
        .split('\n')
        .map((value, index) => [['GOPATH', 'GOCACHE'][index] ?? '', value]),
    );
    const env = { ...kept, GOFLAGS: '-mod=mod -buildvcs=false', GOTOOLCHAIN: 'local' };
    const output = await run('go', ['test', '-count=1', '-v', '.'], env);
    assert.equal(output.match(/^--- PASS/gm)?.length, 2, output);
  });

  it('mocha', async function () {
    requireTools(this, 'npm');
    const packages = await ensurePackages(SNIPPETS.typescript.producer.dependency);
    const mocha = path.join(repository, 'node_modules', 'mocha', 'bin', 'mocha.js');
    const output = await run(process.execPath, [mocha, '--no-config', '--exit', copied('orders.test.cjs')], {
      NODE_PATH: path.join(packages, 'node_modules'),
    });
    assert.match(output, /2 passing/);
  });
});
