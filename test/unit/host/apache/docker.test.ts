import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { isCodedError } from '../../../../src/base/errors.ts';
import { askDocker, compose, followComposeLogs } from '../../../../src/host/apache/docker.ts';
import { skipTest } from '../../../support/skip.ts';
import { repository } from '../../../support/repository.ts';
import { makeTempDir } from '../../../support/tempDir.ts';
import type { TempDir } from '../../../support/tempDir.ts';
import { untilGone } from '../../../support/untilGone.ts';
import { waitFor } from '../../../support/waitFor.ts';

/** Docker's command is a script that notes what it was asked: no daemon is needed, and none is tested. */
describe('host/apache/docker', () => {
  let place: TempDir;
  let file: string;
  beforeEach(() => {
    place = makeTempDir('docker');
    file = path.join(realpathSync(place.path), 'a b', 'compose.yaml');
    mkdirSync(path.dirname(file));
  });
  afterEach(() => place.remove());

  /** The environment in which `docker` is this script; without one there is no `docker`. */
  function fake(script: string | undefined): NodeJS.ProcessEnv {
    const bin = path.join(place.path, 'bin');
    mkdirSync(bin, { recursive: true });
    if (script !== undefined) {
      const docker = path.join(bin, 'docker');
      writeFileSync(docker, `#!/bin/sh\n{ printf '%s|' "$@"; echo; } >> '${place.path}/asked'\n${script}\n`);
      chmodSync(docker, 0o755);
    }
    return { ...process.env, PATH: script === undefined ? bin : `${bin}:${process.env['PATH']}` };
  }
  const asked = (): string[] => readFileSync(path.join(place.path, 'asked'), 'utf8').trim().split('\n');

  it('tells the version of a daemon that answers', async () => {
    assert.equal(await askDocker(fake('case "$1" in version) echo 27.3.1;; esac')), '27.3.1');
    assert.deepEqual(asked(), ['version|--format|{{.Server.Version}}|', 'compose|version|']);
  });

  it('tells that there is no Docker, that its daemon is down, and that it has no compose', async () => {
    await assert.rejects(askDocker(fake(undefined)), (error) => isCodedError(error, 'docker-absent'));
    await assert.rejects(askDocker(fake('echo "Cannot connect to the Docker daemon" >&2; exit 1')), {
      details: {
        command: 'docker version --format {{.Server.Version}}',
        reason: 'Cannot connect to the Docker daemon',
      },
    });
    const noCompose = fake('case "$1" in version) echo 20;; *) echo "no such command" >&2; exit 1;; esac');
    await assert.rejects(askDocker(noCompose), {
      details: { command: 'docker compose version', reason: 'no such command' },
    });
  });

  it('starts and ends what a file describes', async () => {
    const env = fake(':');
    await compose('up', file, { env });
    await compose('down', file, { env });
    await compose('clean', file, { env });
    const at = (words: string): string => `compose|--file|${file}|${words}|`;
    assert.deepEqual(asked(), [at('up|--detach'), at('down'), at('down|--volumes')]);
  });

  it('gives the last thing that Docker says when it fails, and can be cancelled', async () => {
    const env = fake('echo " Network created" >&2; echo "Bind for 127.0.0.1:9876 failed" >&2; exit 1');
    await assert.rejects(compose('up', file, { env }), (error) => {
      assert.ok(isCodedError(error, 'docker-failed'));
      assert.equal(error.details['reason'], 'Bind for 127.0.0.1:9876 failed');
      return true;
    });
    const abort = new AbortController();
    const running = compose('up', file, { env: fake('exec sleep 60'), signal: abort.signal });
    await waitFor('docker', () => existsSync(path.join(place.path, 'asked')) && asked().length === 2);
    abort.abort();
    await assert.rejects(running, (error) => isCodedError(error, 'cancelled'));
  });

  it('follows the logs until it is told to stop', async () => {
    let text = '';
    const env = fake(`echo 'broker-a  | boot success'; echo $$ > '${place.path}/pid'; exec sleep 60`);
    let ends = 0;
    const onEnd = (): void => void (ends += 1);
    const following = followComposeLogs({ file, write: (piece) => (text += piece), onEnd }, env);
    await waitFor('the line', () => text.includes('\n') && existsSync(path.join(place.path, 'pid')));
    assert.equal(text, 'broker-a  | boot success\n');
    assert.deepEqual(asked(), [`compose|--file|${file}|logs|--follow|--no-color|--tail|500|`]);
    const pid = Number(readFileSync(path.join(place.path, 'pid'), 'utf8'));
    following.dispose();
    await waitFor('its end', () => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
    assert.equal(ends, 0);
  });

  it('ends with who follows, also when that is killed', async function () {
    this.timeout(60_000);
    if (process.platform === 'win32') skipTest(this, 'a shell script stands for docker, which Windows cannot run');
    const env = fake(`echo $$ > '${place.path}/pid'; exec sleep 60`);
    const follower = path.join(place.path, 'follower.mts');
    const module = pathToFileURL(path.join(repository, 'src/host/apache/docker.ts')).href;
    writeFileSync(
      follower,
      `import { writeFileSync } from 'node:fs';
      import { followComposeLogs } from ${JSON.stringify(module)};
      followComposeLogs({ file: ${JSON.stringify(file)}, write() {}, onEnd() {} }, process.env);
      writeFileSync(${JSON.stringify(path.join(place.path, 'follows'))}, '');`,
    );
    const child = spawn(process.execPath, ['--import', 'tsx', follower], { cwd: repository, env, stdio: 'ignore' });
    const pidFile = path.join(place.path, 'pid');
    // Docker runs a moment before it is guarded.
    await waitFor('the follower', () => existsSync(path.join(place.path, 'follows')), { timeoutMs: 50_000 });
    await waitFor('docker', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'));
    child.kill('SIGKILL');
    await untilGone([Number(readFileSync(pidFile, 'utf8'))]);
  });

  it('tells when Docker follows no more', async () => {
    let said = '';
    let ends = 0;
    const following = { file, write: (piece: string) => void (said += piece), onEnd: () => void (ends += 1) };
    followComposeLogs(following, fake('echo exited'));
    await waitFor('the end of the logs', () => ends === 1);
    assert.equal(said, 'exited\n');
    followComposeLogs(following, { PATH: place.path });
    await waitFor('the end without a program', () => ends === 2);
    assert.match(said, /ENOENT/);
  });
});
