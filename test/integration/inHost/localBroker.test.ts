import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';

import * as vscode from 'vscode';

import { systemClock } from '../../../src/base/clock.ts';
import { isCodedError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { startBrokerProcess } from '../../../src/host/brokerProcess.ts';
import { LocalBroker, portOf } from '../../../src/host/localBroker.ts';
import { LogDocuments, logUri } from '../../../src/host/logDocuments.ts';
import { findRunningBroker, isAlive } from '../../../src/host/runningBroker.ts';
import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { waitFor } from '../../support/waitFor.ts';
import {
  activated,
  EXTENSION_ID,
  nodeAt,
  openTabs,
  rowsBelow,
  run,
  runAnswering,
  runningInfo,
  setGlobally,
} from './extension.ts';
import { ScriptedPrompts } from './scriptedPrompts.ts';

describe('the local broker of a window', () => {
  let api: ExtensionApi;

  before(async () => {
    api = await activated();
  });

  beforeEach(async () => {
    await setGlobally({ 'localBroker.nameServerPort': 0, 'localBroker.port': 0, 'localBroker.grpcPort': 0 });
  });

  afterEach(async () => {
    await api.localBroker.end();
  });

  after(() =>
    setGlobally({
      'localBroker.nameServerPort': undefined,
      'localBroker.port': undefined,
      'localBroker.grpcPort': undefined,
    }),
  );

  /** On the same store; `answers` says whether a NameServer that is written there answers. */
  function secondWindow(answers = () => Promise.resolve(true)): LocalBroker {
    const { extensionPath } = vscode.extensions.getExtension(EXTENSION_ID)!;
    return new LocalBroker({
      directory: path.dirname(api.localBroker.storeDir),
      modulePath: path.join(extensionPath, 'dist', 'broker.cjs'),
      isControlled: () => false,
      startProcess: startBrokerProcess,
      findRunning: (storeDir) => findRunningBroker(storeDir, answers),
      clock: systemClock,
      logger: silentLogger,
    });
  }

  it('stops: its connection and its process go', async () => {
    await run(api, 'rocketmq.localBroker.start');
    const { pid } = runningInfo(api);
    await run(api, 'rocketmq.localBroker.stop');
    assert.equal(api.localBroker.state.kind, 'stopped');
    assert.ok(!isAlive(pid));
    assert.deepEqual(await rowsBelow(api), []);
    assert.equal(existsSync(path.join(api.localBroker.storeDir, 'running.json')), false);
  });

  it('restarts on the same ports', async () => {
    await run(api, 'rocketmq.localBroker.start');
    const before = runningInfo(api);
    await run(api, 'rocketmq.localBroker.restart');
    const after = runningInfo(api);
    assert.deepEqual([after.namesrv, after.broker], [before.namesrv, before.broker]);
    assert.notEqual(after.pid, before.pid);
  });

  it('lists its cluster when it is back, whoever asked for it in between', async () => {
    await run(api, 'rocketmq.localBroker.start');
    const connection = await nodeAt(api, 'Local Broker');
    await run(api, 'rocketmq.localBroker.stop');
    assert.match((await rowsBelow(api, connection)).join(), /is not there any more/);
    await run(api, 'rocketmq.localBroker.start');
    await nodeAt(api, 'Local Broker', 'DefaultCluster');
  });

  it('names who holds a taken port and takes a free one', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await setGlobally({ 'localBroker.nameServerPort': port });
      const script = new ScriptedPrompts().thenPress('Use Free Port');
      await runAnswering(api, script, 'rocketmq.localBroker.start');
      assert.match(
        script.shown[0]!,
        new RegExp(`^warning: Port ${port} is in use by .+ \\(process ${process.pid}\\)\\.$`),
      );
      const { namesrv } = runningInfo(api);
      assert.notEqual(portOf(namesrv), port);
      // The question is answered: it does not come again.
      await run(api, 'rocketmq.localBroker.restart');
      await run(api, 'rocketmq.localBroker.stop');
      await run(api, 'rocketmq.localBroker.start');
      assert.equal(runningInfo(api).namesrv, namesrv);
    } finally {
      server.close();
    }
  });

  it('serves gRPC on another port when its own is taken, and none where none is wanted', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await setGlobally({ 'localBroker.grpcPort': port });
      const script = new ScriptedPrompts().thenPress('Use Free Port');
      await runAnswering(api, script, 'rocketmq.localBroker.start');
      assert.match(script.shown[0]!, new RegExp(`^warning: Port ${port} is in use`));
      assert.notEqual(portOf(runningInfo(api).grpc!), port);
      await setGlobally({ 'localBroker.grpcPort': -1 });
      await run(api, 'rocketmq.localBroker.restart');
      assert.equal(runningInfo(api).grpc, null);
    } finally {
      server.close();
    }
  });

  it('stays stopped when the question about a taken port is dismissed', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      await setGlobally({ 'localBroker.nameServerPort': (server.address() as AddressInfo).port });
      await runAnswering(api, new ScriptedPrompts().thenEscape(), 'rocketmq.localBroker.start');
      assert.equal(api.localBroker.state.kind, 'stopped');
    } finally {
      server.close();
    }
  });

  it('resets its data after asking, and keeps it when the answer is no', async () => {
    await run(api, 'rocketmq.localBroker.start');
    const client = api.clients.byId('local')!.client;
    const spec = { topic: 'gone', readQueueNums: 1, writeQueueNums: 1, perm: 6, messageType: 'NORMAL' as const };
    await client.createTopic('DefaultCluster', spec);
    const topics = async () => (await api.clients.byId('local')!.client.topics()).map(({ topic }) => topic);
    const no = new ScriptedPrompts().thenEscape();
    await runAnswering(api, no, 'rocketmq.localBroker.reset');
    assert.ok(no.shown[0]!.includes(api.localBroker.storeDir));
    assert.ok((await topics()).includes('gone'));
    await runAnswering(api, new ScriptedPrompts().thenAgree(), 'rocketmq.localBroker.reset');
    assert.equal(api.localBroker.state.kind, 'running');
    assert.ok(!(await topics()).includes('gone'));
    assert.ok(readdirSync(api.localBroker.storeDir).includes('running.json'));
  });

  it('takes another free port without asking where the settings want any', async () => {
    await run(api, 'rocketmq.localBroker.start');
    const port = portOf(runningInfo(api).namesrv);
    await run(api, 'rocketmq.localBroker.stop');
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    try {
      await run(api, 'rocketmq.localBroker.start');
      assert.notEqual(portOf(runningInfo(api).namesrv), port);
    } finally {
      server.close();
    }
  });

  it('refuses to reset while another window that is not seen yet has its store', async () => {
    await run(api, 'rocketmq.localBroker.start');
    const other = secondWindow(() => Promise.resolve(false));
    try {
      await assert.rejects(other.reset(), (error) => isCodedError(error, 'broker-of-other-window'));
      assert.ok(readdirSync(api.localBroker.storeDir).includes('running.json'));
    } finally {
      other.dispose();
    }
  });

  it('shows a sentence as long as there is no log', async () => {
    const directory = makeTempDir('log');
    const file = path.join(directory.path, 'localBroker.log');
    const log = new LogDocuments(systemClock);
    const content = () => log.provideTextDocumentContent(logUri(file, 'localBroker.log'));
    try {
      assert.equal(await content(), 'There is no log yet: nothing has been started that writes it.\n');
      mkdirSync(file);
      assert.match(await content(), /^The log cannot be read: it is a directory\.\n$/);
      rmdirSync(file);
      writeFileSync(file, 'line\n');
      const reading = content();
      log.dispose();
      assert.equal(await reading, 'line\n');
    } finally {
      log.dispose();
      directory.remove();
    }
  });

  it('is named in a panel also while it does not run', async () => {
    await run(api, 'rocketmq.localBroker.start');
    const node = await nodeAt(api, 'Local Broker');
    await run(api, 'rocketmq.localBroker.stop');
    await run(api, 'rocketmq.openSendPanel', node);
    await waitFor('the panel', () => openTabs().includes('Send: Local Broker'), {
      details: () => openTabs().join('; '),
    });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('tells of a crash and restarts when asked to', async () => {
    await run(api, 'rocketmq.localBroker.start');
    const { pid, namesrv, broker } = runningInfo(api);
    const script = new ScriptedPrompts().thenPress('Restart');
    const answering = api.prompts.answerWith(script);
    try {
      process.kill(pid, 'SIGKILL');
      await waitFor('another process', () => {
        const { state } = api.localBroker;
        return state.kind === 'running' && state.info.pid !== pid;
      });
    } finally {
      answering.dispose();
    }
    assert.equal(script.shown[0], 'error: The local broker ended: signal SIGKILL.');
    const again = runningInfo(api);
    assert.deepEqual([again.namesrv, again.broker], [namesrv, broker]);
  });

  it('is found by another window, which leaves it alone', async () => {
    await run(api, 'rocketmq.localBroker.start');
    const info = runningInfo(api);
    const other = secondWindow();
    try {
      const found = await other.start({ nameServerPort: 0, brokerPort: 0, grpcPort: 0 });
      assert.equal(other.state.kind, 'external');
      assert.deepEqual([found.pid, found.namesrv, found.broker], [info.pid, info.namesrv, info.broker]);
      await assert.rejects(other.stop(), (error) => isCodedError(error, 'broker-of-other-window'));
      await other.end();
      assert.ok(isAlive(info.pid));
      await api.localBroker.stop();
      await other.look();
      assert.equal(other.state.kind, 'stopped');
    } finally {
      other.dispose();
    }
  });

  it('shows that it is set to fail, and clears that', async () => {
    await setGlobally({ 'localBroker.controlInterface': true });
    try {
      await run(api, 'rocketmq.localBroker.start');
      const { control, namesrv } = runningInfo(api);
      const row = async () => (await rowsBelow(api))[0] ?? '';
      assert.equal(await row(), `Local Broker | ${namesrv}`);
      await run(api, 'rocketmq.localBroker.copyControl');
      const copied = await vscode.env.clipboard.readText();
      assert.equal(copied, `ROCKETMQ_LOCAL_CONTROL_URL=${control?.url} ROCKETMQ_LOCAL_CONTROL_TOKEN=${control?.token}`);
      const answer = await fetch(`${control?.url}/faults`, {
        method: 'POST',
        headers: { authorization: `Bearer ${control?.token}` },
        body: JSON.stringify([
          { kind: 'dropAnswer', request: 'SEND' },
          { kind: 'delay', ms: 1 },
        ]),
      });
      assert.equal(answer.status, 200);
      const shows = (wanted: string) =>
        waitFor(wanted, async () => (await row()) === `Local Broker | ${wanted}` || undefined);
      await shows(`2 faults, ${namesrv}`);
      await run(api, 'rocketmq.localBroker.clearFaults');
      await shows(namesrv);
    } finally {
      await setGlobally({ 'localBroker.controlInterface': undefined });
    }
  });

  it('says how to get a control interface where there is none', async () => {
    await run(api, 'rocketmq.localBroker.start');
    assert.equal(runningInfo(api).control, null);
    const script = new ScriptedPrompts();
    await runAnswering(api, script, 'rocketmq.localBroker.copyControl');
    assert.match(script.shown[0] ?? '', /no control interface\. Turn on the setting rocketmq\.localBroker\.control/);
  });

  it('is one, though two windows start it at once', async () => {
    const windows = [1, 2].map(() => secondWindow());
    try {
      const ports = { nameServerPort: 0, brokerPort: 0, grpcPort: 0 };
      const [first, second] = await Promise.all(windows.map((window) => window.start(ports)));
      assert.equal(first!.pid, second!.pid);
      assert.deepEqual(windows.map(({ state }) => state.kind).sort(), ['external', 'running']);
    } finally {
      await Promise.all(windows.map((window) => window.end()));
      for (const window of windows) window.dispose();
    }
  });
});
