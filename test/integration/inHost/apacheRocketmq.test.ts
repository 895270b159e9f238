import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import * as vscode from 'vscode';

import { isAlive } from '../../../src/host/runningBroker.ts';
import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { waitFor } from '../../support/waitFor.ts';
import {
  activated,
  EXTENSION_ID,
  nodeAt,
  rowsBelow,
  run,
  runAnswering,
  runningInfo,
  setGlobally,
} from './extension.ts';
import { ScriptedPrompts } from './scriptedPrompts.ts';
import { pidsOf, startCluster } from './startCluster.ts';

const START = 'rocketmq.apache.start';

/** Neither Java nor Docker: scripts under their names, the first of which runs our own servers. */
describe('Apache RocketMQ of a window', function () {
  this.timeout(120_000);
  let api: ExtensionApi;
  let place: TempDir;
  const { PATH, JAVA_HOME } = process.env;

  before(async () => {
    api = await activated();
    place = makeTempDir('apache-window');
  });

  after(async () => {
    Object.assign(process.env, { PATH });
    if (JAVA_HOME === undefined) delete process.env['JAVA_HOME'];
    else process.env['JAVA_HOME'] = JAVA_HOME;
    await api.localClusters.end();
    await api.localBroker.end();
    place.remove();
  });

  function program(name: string, script: string): void {
    const file = path.join(place.path, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  function layOut(name: string, ...files: string[]): string {
    for (const file of files) {
      mkdirSync(path.dirname(path.join(place.path, name, file)), { recursive: true });
      writeFileSync(path.join(place.path, name, file), '');
    }
    return path.join(place.path, name);
  }

  it('runs a distribution in a directory, and deletes that after a question that names it', async () => {
    const { extensionPath } = vscode.extensions.getExtension(EXTENSION_ID)!;
    const servers = `'${process.execPath}' '${path.join(extensionPath, 'dist', 'broker.cjs')}'`;
    program(
      'java/bin/java',
      `case "$*" in -version) echo 'openjdk version "17.0.1"' >&2; exit;; esac
      for conf; do :; done
      case "$*" in *NamesrvStartup*) role="namesrv --store $PWD/store";; *) role=broker;; esac
      echo 'boot success'
      ELECTRON_RUN_AS_NODE=1 exec ${servers} $role -c "$conf" --json`,
    );
    process.env['JAVA_HOME'] = path.join(place.path, 'java');
    const none = layOut('sources', 'pom.xml');
    const home = layOut(
      'distribution',
      ...['lib/rocketmq-broker-5.3.2.jar', 'lib/rocketmq-namesrv-5.3.2.jar', 'conf/broker.conf'],
    );
    const directory = path.join(place.path, 'nodes');
    const choices = (folder: string): ScriptedPrompts =>
      new ScriptedPrompts()
        .thenPick('An unpacked distribution')
        .thenPick('One master')
        .thenType(folder)
        .thenType(directory, 'nodes');
    const wrong = choices(none);
    await runAnswering(api, wrong, START);
    assert.equal(
      wrong.shown.at(-1),
      `error: ${none} is no unpacked distribution of Apache RocketMQ: lib/rocketmq-broker-*.jar is missing. ` +
        'Choose the folder that has bin, conf and lib in it.',
    );
    const script = choices(home);
    const pids = pidsOf(await startCluster(api, script, START, 'Apache RocketMQ 5.3.2'));
    const connection = await nodeAt(api, 'Apache RocketMQ 5.3.2 single');
    assert.deepEqual(await rowsBelow(api, connection), ['Nodes', 'DefaultCluster']);
    assert.deepEqual(await rowsBelow(api, await nodeAt(api, 'Apache RocketMQ 5.3.2 single', 'Nodes')), [
      'namesrv-1 | NameServer · running',
      'broker-a | master · running',
    ]);

    const refused = new ScriptedPrompts().thenEscape();
    await runAnswering(api, refused, 'rocketmq.localCluster.clean', connection);
    assert.ok(pids.every(isAlive));
    const clean = new ScriptedPrompts().thenAgree();
    await runAnswering(api, clean, 'rocketmq.localCluster.clean', connection);
    assert.deepEqual(clean.shown, [
      'Delete the cluster in nodes with all its messages, topics and offsets? ' +
        `The directory ${directory} is deleted; a cluster that runs there is stopped before. This cannot be undone.`,
    ]);
    await waitFor('the end of all processes', () => !pids.some(isAlive));
    assert.equal(existsSync(directory), false);
    assert.deepEqual(await rowsBelow(api), []);
    // The next time the folder is offered.
    const again = new ScriptedPrompts()
      .thenPick('An unpacked distribution')
      .thenPick('Two masters, no slave')
      .thenPick(home)
      .thenEscape();
    await runAnswering(api, again, START);
  });

  it('writes a compose file, and keeps it where Docker does not answer', async () => {
    program('bin/docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
    process.env['PATH'] = `${path.join(place.path, 'bin')}:${PATH}`;
    const file = path.join(place.path, 'rocketmq.compose.yaml');
    const script = new ScriptedPrompts()
      .thenPick('Docker: a new compose file')
      .thenPick('One master, with a proxy')
      .thenType('5.1.4', 'latest:5')
      .thenType(file);
    await runAnswering(api, script, START);
    assert.equal(
      script.shown.at(-1),
      'warning: "docker version --format {{.Server.Version}}" failed: Cannot connect to the Docker daemon. ' +
        'Check that Docker runs, has Compose, and that nobody else has the ports. ' +
        `The file ${file} is kept: run it where Docker answers, with "docker compose -f rocketmq.compose.yaml up -d".`,
    );
    const text = readFileSync(file, 'utf8');
    assert.match(text, /image: apache\/rocketmq:5\.1\.4/);
    assert.match(text, /sh mqproxy -pc/);
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, file);
    assert.deepEqual(api.composeRuns.list, []);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('starts, shows, stops and deletes what Docker runs of a compose file', async () => {
    await setGlobally({ 'localBroker.nameServerPort': 0, 'localBroker.port': 0, 'localBroker.grpcPort': 0 });
    // In place of what is in the containers.
    await run(api, 'rocketmq.localBroker.start');
    const asked = path.join(place.path, 'asked');
    program('bin/docker', `echo "$@" >> '${asked}'; case "$1" in version) echo 27.3.1;; esac`);
    process.env['PATH'] = `${path.join(place.path, 'bin')}:${PATH}`;
    const file = path.join(place.path, 'dev.yaml');
    writeFileSync(file, `# NAMESRV_ADDR=${runningInfo(api).namesrv}\nservices: {}\n`);
    const start = (): ScriptedPrompts =>
      new ScriptedPrompts().thenPick('Docker: a compose file written before').thenType(file).thenPress('Start');
    const script = start();
    let drawn = 0;
    const drawing = api.tree.onDidChangeTreeData((node) => (drawn += node === undefined ? 1 : 0));
    await runAnswering(api, script, START);
    drawing.dispose();
    assert.ok(drawn >= 2, 'once when its connection comes, once when somebody answers there');
    assert.equal(script.shown.at(-1), 'info: dev.yaml is ready. Docker 27.3.1 answers.');
    const connection = await nodeAt(api, 'Apache RocketMQ in Docker: dev.yaml');
    assert.equal(api.tree.getTreeItem(connection).contextValue, 'connection.docker');
    assert.deepEqual(await rowsBelow(api, connection), ['DefaultCluster']);
    await run(api, 'rocketmq.containers.showLog', connection);
    await run(api, 'rocketmq.containers.stop', connection);
    assert.deepEqual(api.composeRuns.list, []);

    await runAnswering(api, start(), START);
    const clean = new ScriptedPrompts().thenAgree();
    await runAnswering(api, clean, 'rocketmq.containers.clean');
    assert.deepEqual(clean.shown, [
      'Stop the containers of dev.yaml and delete all their messages, topics and offsets? ' +
        `The volumes that ${file} names are deleted; the file stays. This cannot be undone.`,
    ]);
    const lines = readFileSync(asked, 'utf8').split('\n');
    assert.deepEqual(
      ['up --detach', 'down', 'down --volumes'].map((words) => lines.includes(`compose --file ${file} ${words}`)),
      [true, true, true],
    );
    assert.ok(existsSync(file));

    await runAnswering(api, start(), START);
    program('bin/docker', 'echo "open dev.yaml: no such file or directory" >&2; exit 1');
    const kept = new ScriptedPrompts().thenPress('Remove From the View');
    await runAnswering(api, kept, 'rocketmq.containers.stop');
    assert.deepEqual(kept.shown, [
      `error: "docker compose --file ${file} down" failed: open dev.yaml: no such file or directory. ` +
        'Check that Docker runs, has Compose, and that nobody else has the ports.',
    ]);
    assert.deepEqual(api.composeRuns.list, []);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await setGlobally({
      'localBroker.nameServerPort': undefined,
      'localBroker.port': undefined,
      'localBroker.grpcPort': undefined,
    });
  });
});
