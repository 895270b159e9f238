import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import type { Locator } from 'playwright-core';

import { isAlive } from '../../support/cacheLock.ts';
import { repository } from '../../support/repository.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { accessibilityViolations } from '../../support/vscodeHost/accessibility.ts';
import { openWorkbench } from '../../support/vscodeHost/driveWorkbench.ts';
import type { Workbench } from '../../support/vscodeHost/driveWorkbench.ts';
import { versionFromEnvironment } from '../../support/vscodeHost/versions.ts';
import { LOCAL_BROKER_SETTINGS, picture, TAKES_PICTURES } from './pictures.ts';

const VIEW = 'Clusters';
const TOPICS = ['Local Broker', 'DefaultCluster', 'Topics'];
const TOPIC = 'Orders';
const EXTENSION_ID = 'rocketmq-tools.vscode-rocketmq';
const STATUS_BAR_ITEM = `${EXTENSION_ID}.rocketmq.localBroker`;

/** A person's way through the workbench: palette, clicks, typing. Every step stands on the ones before. */
describe('a person in the workbench', () => {
  let workspace: TempDir;
  let workbench: Workbench;
  /** Process id of the broker that the last steps are about. */
  let broker: number;

  before(async function () {
    this.timeout(180_000);
    workspace = makeTempDir('workspace');
    workbench = await openWorkbench({
      vscodeVersion: versionFromEnvironment(),
      extensionPath: repository,
      workspace: workspace.path,
      theme: 'Default Dark Modern',
      userSettings: LOCAL_BROKER_SETTINGS,
      width: 1280,
      height: 800,
    });
  });

  after(async function () {
    this.timeout(60_000);
    await workbench.close();
    workspace.remove();
  });

  it('finds RocketMQ in the activity bar, with a welcome that says where to begin', async () => {
    await workbench.openActivity('RocketMQ');
    await welcomeButton('Start Local Broker').waitFor();
    assert.deepEqual(await workbench.pane(VIEW).locator('.welcome-view a.monaco-button').allInnerTexts(), [
      'Start Local Broker',
      'Add Connection',
      'Open Walkthrough',
    ]);
    await untilStatus('RocketMQ, The local broker is stopped.');
    await picture(workbench, 'welcome-dark');
  });

  it('starts the local broker and sees it in the status bar and in the tree', async () => {
    await welcomeButton('Start Local Broker').click();
    await workbench.until('the ports in the status bar', async () => (await ports()) !== undefined);
    await workbench.treeItem(VIEW, [...TOPICS]);
    const rows = await workbench.treeItems(VIEW);
    assert.deepEqual(
      rows.map(({ label, level }) => `${level} ${label}`),
      ['1 Local Broker', '2 DefaultCluster', '3 Brokers', '3 Topics', '3 Consumer Groups'],
    );
    assert.equal(rows[0]?.description, `127.0.0.1:${(await ports())?.[0]}`);
  });

  it('creates a topic from the context menu and sees its queues', async () => {
    await workbench.contextMenu(await workbench.treeItem(VIEW, TOPICS), 'Create Topic…');
    await untilAsked('Name of the topic');
    await workbench.page.keyboard.type('Orders!');
    await untilAsked('Only letters, digits and the characters _ - % | are allowed.');
    await workbench.typeInput(TOPIC);
    await untilAsked('Queues on each broker');
    await workbench.typeInput('4');
    await workbench.pick('Read and write');
    await workbench.pick('Normal');
    const topic = await workbench.expandTreeItem(VIEW, [...TOPICS, TOPIC]);
    assert.equal(await topic.getAttribute('aria-selected'), 'true');
    assert.deepEqual(await queueRows(), ['offsets 0 to 0', 'offsets 0 to 0', 'offsets 0 to 0', 'offsets 0 to 0']);
    await workbench.expandTreeItem(VIEW, ['Local Broker', 'DefaultCluster', 'Brokers']);
  });

  it('sends a message from the send panel and reads what became of it', async () => {
    await workbench.contextMenu(await workbench.treeItem(VIEW, [...TOPICS, TOPIC]), 'Tail Messages');
    await workbench.webview('rocketmq.tail');
    await workbench.contextMenu(await workbench.treeItem(VIEW, [...TOPICS, TOPIC]), 'Send Message');
    const form = await workbench.webview('rocketmq.send');
    await form.getByRole('textbox', { name: 'Tag' }).fill('created');
    await form.getByRole('textbox', { name: 'Keys' }).fill('order-1');
    await form.getByRole('textbox', { name: 'Body' }).fill('{"order": 1, "item": "rocket"}');
    await form.locator('vscode-button.send-button').click();
    const result = form.locator('.result');
    await result.waitFor();
    assert.match(await result.innerText(), /Message id\s+[0-9A-F]{32}\s/);
    assert.deepEqual(await accessibilityViolations(form), []);
    await picture(workbench, 'send-dark');

    await workbench.contextMenu(await workbench.treeItem(VIEW, [...TOPICS, TOPIC]), 'Refresh');
    await workbench.until('the message to stand in a queue', async () =>
      (await queueRows()).includes('offsets 0 to 1'),
    );
  });

  it('sees the message in the tail panel and opens it whole', async () => {
    await workbench.page.getByRole('tab', { name: `Tail: ${TOPIC}` }).click();
    const tail = await workbench.webview('rocketmq.tail');
    const row = tail.locator('.grid-body [role=row]');
    await row.first().waitFor();
    assert.equal(await row.count(), 1);
    const cells = await row.first().locator('[role=gridcell]').allInnerTexts();
    assert.deepEqual(cells.slice(-3), ['created', 'order-1', '{"order": 1, "item": "rocket"}']);
    await openMessage();
    assert.equal(await tail.locator('.detail pre').innerText(), '{\n  "order": 1,\n  "item": "rocket"\n}');
    assert.deepEqual(await accessibilityViolations(tail), []);
    await picture(workbench, 'tail-dark');
    if (TAKES_PICTURES) {
      await workbench.useTheme('Default Light Modern', 'vs');
      await openMessage();
      await picture(workbench, 'tail-light');
      await workbench.useTheme('Default High Contrast', 'hc-black');
      await openMessage();
      await picture(workbench, 'tail-high-contrast');
      await workbench.useTheme('Default Dark Modern', 'vs-dark');
    }
  });

  it('gets producer code with the address and the topic in it', async () => {
    await workbench.runCommand('RocketMQ: Insert Snippet…');
    await workbench.pick('Java');
    await workbench.pick('Producer');
    await workbench.pick(TOPIC);
    await untilAsked('Producer group');
    await workbench.typeInput('order-service');
    const text = await editorText('DefaultMQProducer');
    assert.ok(text.includes(`"127.0.0.1:${(await ports())?.[0]}"`), text);
    for (const value of [TOPIC, 'order-service']) assert.ok(text.includes(`"${value}"`), text);
    await workbench.page.keyboard.press('Escape');
    await picture(workbench, 'snippet-dark');
  });

  it('reads the log in colour and sees it grow', async () => {
    await workbench.runCommand('RocketMQ: Show Log of Local Broker');
    await editorText('ready after');
    const parts = workbench.page.locator('.editor-group-container.active .view-line span span');
    await workbench.until('the colours of the log', async () => {
      const colours = await parts.evaluateAll((spans) => spans.map((span) => getComputedStyle(span).color));
      return new Set(colours).size >= 3;
    });
    await picture(workbench, 'log-dark');
    await workbench.runCommand('RocketMQ: Restart Local Broker');
    await editorText('NameServer stopped');
    await workbench.until('the broker to be back', async () => (await ports()) !== undefined);
  });

  it('follows the walkthrough', async () => {
    await workbench.runCommand('RocketMQ: Open Walkthrough');
    await workbench.page.locator('.gettingStartedContainer').getByText('Get started with RocketMQ').first().waitFor();
    await picture(workbench, 'walkthrough-dark');
  });

  it('deletes the topic by typing its name', async () => {
    await workbench.contextMenu(await workbench.treeItem(VIEW, [...TOPICS, TOPIC]), 'Delete Topic…');
    await untilAsked(`All messages of ${TOPIC} are lost.`);
    await workbench.typeInput(TOPIC);
    await workbench.treeItem(VIEW, [...TOPICS, 'No topics yet']);
  });

  it('resets the data after a question that names the directory', async () => {
    await workbench.runCommand('RocketMQ: Reset Data of Local Broker…');
    const { message, detail } = await workbench.dialog();
    assert.equal(message, 'Delete all messages, topics and offsets of the local broker?');
    assert.match(detail, /^The directory \/.+localBroker is deleted\. This cannot be undone\.$/);
    await workbench.answerDialog('Cancel');
  });

  it('stops the broker from the status bar; the welcome is back', async () => {
    await workbench.page.locator(`.statusbar-item[id="${STATUS_BAR_ITEM}"]`).click();
    await workbench.pick('Stop');
    await welcomeButton('Start Local Broker').waitFor();
    await untilStatus('RocketMQ, The local broker is stopped.');
  });

  it('shares its broker with a second window, which says so and starts none', async () => {
    await workbench.runCommand('RocketMQ: Start Local Broker');
    await workbench.until('the ports in the status bar', async () => (await ports()) !== undefined);
    broker = await brokerPid();
    const second = await workbench.page.context().newPage();
    try {
      await second.goto(workbench.page.url());
      await second.locator(`.statusbar-item[id="${STATUS_BAR_ITEM}"][aria-label*="Another window runs"]`).waitFor();
      const [nameServerPort] = (await ports()) ?? [];
      await second
        .locator('.activitybar')
        .getByRole('tab', { name: /^RocketMQ/ })
        .click();
      const row = second.locator('[role=treeitem][aria-level="1"]', { hasText: 'Local Broker' });
      assert.equal(await row.locator('.label-description').innerText(), `127.0.0.1:${nameServerPort}`);
    } finally {
      await second.close();
    }
    assert.notEqual(await ports(), undefined);
  });

  it('leaves no broker behind when the window is killed', async () => {
    assert.ok(isAlive(broker));
    const host = parentOf(broker);
    process.kill(host, 'SIGKILL');
    await workbench.until('the broker to end', () => !isAlive(broker));
  });

  function welcomeButton(label: string): Locator {
    return workbench.pane(VIEW).locator('.welcome-view a.monaco-button', { hasText: label });
  }

  async function brokerPid(): Promise<number> {
    const log = await workbench.extensionLog(EXTENSION_ID, 'RocketMQ');
    return Number([...log.matchAll(/local broker: running, process (\d+)/g)].at(-1)?.[1]);
  }

  /** The ports that the status bar names. */
  async function ports(): Promise<[string, string] | undefined> {
    for (const text of await workbench.statusBar()) {
      const [, nameServer, broker] = /^RocketMQ (\d+), (\d+), The local broker runs/.exec(text) ?? [];
      if (nameServer !== undefined && broker !== undefined) return [nameServer, broker];
    }
    return undefined;
  }

  /** In the tail panel; its page is made anew whenever it was hidden. */
  async function openMessage(): Promise<void> {
    const tail = await workbench.webview('rocketmq.tail');
    const detail = tail.locator('.detail pre');
    if (!(await detail.isVisible())) await tail.locator('.grid-body [role=row]').first().click();
    await detail.waitFor();
  }

  async function untilStatus(text: string): Promise<void> {
    await workbench.until(`"${text}" in the status bar`, async () => (await workbench.statusBar()).includes(text));
  }

  async function queueRows(): Promise<string[]> {
    const rows = await workbench.treeItems(VIEW);
    return rows.filter(({ label }) => label.startsWith('broker-a, queue')).map(({ description }) => description);
  }

  async function untilAsked(words: string): Promise<void> {
    await workbench.page.locator('.quick-input-widget', { hasText: words }).waitFor();
  }

  /** The lines in sight of the active editor, once they have these words. */
  async function editorText(words: string): Promise<string> {
    const lines = workbench.page.locator('.editor-group-container.active .view-lines');
    let text = '';
    await workbench.until(`"${words}" in the editor`, async () => {
      text = (await lines.innerText()).replaceAll('\u00a0', ' ');
      return text.includes(words);
    });
    return text;
  }
});

/** The process that started another. */
function parentOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));
}
