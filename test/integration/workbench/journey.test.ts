import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import type { Frame, Locator } from 'playwright-core';

import { isAlive } from '../../support/cacheLock.ts';
import { repository } from '../../support/repository.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { accessibilityViolations } from '../../support/vscodeHost/accessibility.ts';
import { openWorkbench } from '../../support/vscodeHost/driveWorkbench.ts';
import type { Workbench } from '../../support/vscodeHost/driveWorkbench.ts';
import { versionFromEnvironment } from '../../support/vscodeHost/versions.ts';
import { LOCAL_BROKER_SETTINGS, picture } from './pictures.ts';

const VIEW = 'Clusters';
const TOPICS = ['Local Broker', 'DefaultCluster', 'Topics'];
const TOPIC = 'Orders';
const EXTENSION_ID = 'rocketmq-tools.vscode-rocketmq';
const STATUS_BAR_ITEM = `${EXTENSION_ID}.rocketmq.localBroker`;

interface Receipt {
  readonly heading: string;
  /** Values by what stands before them. */
  readonly facts: ReadonlyMap<string, string>;
}

/** A person's way through the workbench: palette, clicks, typing. Every step stands on the ones before. */
describe('a person in the workbench', () => {
  let workspace: TempDir;
  let workbench: Workbench;
  /** What the send panel said of the first message. */
  let sent: Receipt;
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
    await workbench.until('the new topic to be selected', async () => {
      const topic = await workbench.treeItem(VIEW, [...TOPICS, TOPIC]);
      return (await topic.getAttribute('aria-selected')) === 'true';
    });
    await workbench.expandTreeItem(VIEW, [...TOPICS, TOPIC]);
    await workbench.until('four queues', async () => (await queueRows()).length === 4);
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
    await form.getByRole('button', { name: 'Add Property' }).click();
    await form.getByRole('textbox', { name: 'Name of property 1' }).fill('region');
    await form.getByRole('textbox', { name: 'Value of property 1' }).fill('eu');
    await form.getByRole('textbox', { name: 'Body' }).fill('{"order": 1, "item": "rocket"}');
    await form.locator('vscode-button.send-button').click();
    sent = await receipt(form);
    assert.match(sent.heading, /^Sent to Orders at \d\d:\d\d:\d\d\.\d{3}, in [\d.,]+ ms$/);
    assert.match(sent.facts.get('Message id') ?? '', /^[0-9A-F]{32}$/);
    assert.match(sent.facts.get('Queue') ?? '', /^[0-3]$/);
    assert.equal(sent.facts.get('Broker'), 'broker-a');
    assert.equal(sent.facts.get('Offset'), '0');
    assert.deepEqual(await accessibilityViolations(form), []);

    await workbench.contextMenu(await workbench.treeItem(VIEW, [...TOPICS, TOPIC]), 'Refresh');
    const queue = Number(sent.facts.get('Queue'));
    await workbench.until(
      'the message to stand in its queue',
      async () => (await queueRows())[queue] === 'offsets 0 to 1',
    );
  });

  it('sees the message in the tail panel and opens it whole', async () => {
    const tail = await tailTab();
    const row = tail.locator('.grid-body [role=row]');
    await row.first().waitFor();
    assert.equal(await row.count(), 1);
    const cells = await row.first().locator('[role=gridcell]').allInnerTexts();
    const queue = sent.facts.get('Queue') ?? '';
    assert.match(cells[0] ?? '', /^\d\d:\d\d:\d\d\.\d{3}$/);
    assert.deepEqual(cells.slice(1), [
      `broker-a · ${queue}`,
      '0',
      'created',
      'order-1',
      '{"order": 1, "item": "rocket"}',
    ]);
    await openMessage();
    const facts = await namesAndValues(tail, '.detail .fact');
    assert.equal(facts.get('Message id'), sent.facts.get('Message id'));
    assert.equal(facts.get('Offset message id'), sent.facts.get('Offset message id'));
    assert.ok(facts.get('Stored at')?.endsWith(` ${cells[0] ?? ''}`), facts.get('Stored at'));
    const properties = await tail.locator('.detail-properties tbody tr').allInnerTexts();
    assert.ok(properties.includes('region\teu'), properties.join('; '));
    assert.equal(await tail.locator('.detail pre').innerText(), '{\n  "order": 1,\n  "item": "rocket"\n}');
    assert.deepEqual(await accessibilityViolations(tail), []);
  });

  it('pauses, finds the form as it was left, resumes and clears', async () => {
    await (await tailTab()).getByRole('button', { name: 'Pause' }).click();
    await (await tailTab()).getByRole('button', { name: 'Resume' }).waitFor();
    const form = await sendTab();
    await shows(form, { body: '{"order": 1, "item": "rocket"}', tag: 'created', keys: 'order-1', region: 'eu' });
    await form.locator('vscode-button.send-button').click();
    await form.locator('.earlier li').waitFor();
    const tail = await tailTab();
    await tail
      .locator('.detail-head')
      .getByRole('button', { name: /^Close/ })
      .click();
    assert.equal(await tail.locator('.grid-body [role=row]').count(), 1);
    await tail.getByRole('button', { name: 'Resume' }).click();
    await tail.locator('.grid-body [role=row]').nth(1).waitFor();
    await tail.getByRole('button', { name: 'Clear' }).click();
    await tail.locator('.empty', { hasText: 'Waiting for new messages of Orders.' }).waitFor();
  });

  it('has its panels and what was typed after a reload of the window, and starts the broker from the view', async () => {
    await (await sendTab()).getByRole('textbox', { name: 'Body' }).fill('{"order": 2}');
    await workbench.reload();
    const form = await workbench.webview('rocketmq.send');
    await shows(form, { body: '{"order": 2}', tag: 'created', keys: 'order-1', region: 'eu' });
    const tail = await tailTab();
    await tail.locator('.notice', { hasText: 'Start the local broker' }).waitFor();
    // The broker ended with the window that ran it.
    await untilStatus('RocketMQ, The local broker is stopped.');
    await viewAction('Start Local Broker').click();
    await tail.locator('.notice').waitFor({ state: 'detached' });
    await (await sendTab()).locator('vscode-button.send-button').click();
    await (await tailTab()).locator('.grid-body [role=row]', { hasText: '{"order": 2}' }).waitFor();
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

  it('follows the walkthrough: its button starts the broker, and the step is done', async () => {
    await workbench.runCommand('RocketMQ: Open Walkthrough');
    const walkthrough = workbench.page.locator('.gettingStartedContainer');
    await walkthrough.getByText('Get started with RocketMQ').first().waitFor();
    await walkthrough.getByRole('button', { name: 'Start Local Broker' }).click();
    await workbench.until('the ports in the status bar', async () => (await ports()) !== undefined);
    const step = walkthrough.locator('.getting-started-step', { hasText: 'Start a local broker' });
    await step.locator('.codicon-getting-started-step-checked').waitFor();
    // With the side bar there is no room for the picture of the step.
    await workbench.runCommand('View: Toggle Primary Side Bar Visibility');
    await walkthrough.locator('.getting-started-media iframe').first().waitFor();
    await picture(workbench, 'walkthrough-dark');
  });

  it('stops it from the view and starts it from the status bar', async () => {
    await workbench.openActivity('RocketMQ');
    await viewAction('Stop Local Broker').click();
    await untilStatus('RocketMQ, The local broker is stopped.');
    await workbench.page.locator(`.statusbar-item[id="${STATUS_BAR_ITEM}"]`).click();
    await workbench.pick('Start');
    await workbench.until('the ports in the status bar', async () => (await ports()) !== undefined);
  });

  it('shares its broker with a second window, which says so and starts none', async () => {
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
      await row.locator('.label-description', { hasText: `127.0.0.1:${nameServerPort}` }).waitFor();
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

  /** An action in the title of the view. */
  function viewAction(name: string): Locator {
    return workbench.page.locator('.part.sidebar .composite.title').getByRole('button', { name, exact: true });
  }

  async function tailTab(): Promise<Frame> {
    await workbench.page.getByRole('tab', { name: `Tail: ${TOPIC}` }).click();
    return workbench.webview('rocketmq.tail');
  }

  async function sendTab(): Promise<Frame> {
    await workbench.page.getByRole('tab', { name: 'Send: Local Broker' }).click();
    return workbench.webview('rocketmq.send');
  }

  async function receipt(form: Frame): Promise<Receipt> {
    await form.locator('.result').waitFor();
    const heading = (await form.locator('.result h2').innerText()).trim();
    return { heading, facts: await namesAndValues(form, '.result .value') };
  }

  async function shows(
    form: Frame,
    draft: Readonly<Record<'body' | 'tag' | 'keys' | 'region', string>>,
  ): Promise<void> {
    const names = { body: 'Body', tag: 'Tag', keys: 'Keys', region: 'Value of property 1' };
    for (const [field, name] of Object.entries(names)) {
      const control = form.getByRole('textbox', { name, exact: true });
      await control.waitFor();
      assert.equal(await control.inputValue(), draft[field as keyof typeof names]);
    }
    assert.equal(await form.getByRole('combobox', { name: 'Topic' }).inputValue(), TOPIC);
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

async function namesAndValues(page: Frame, selector: string): Promise<ReadonlyMap<string, string>> {
  const pairs = await page
    .locator(selector)
    .evaluateAll((elements) =>
      elements.map((element): [string, string] => [
        element.querySelector('dt')?.textContent ?? '',
        element.querySelector('dd > span')?.textContent ?? '',
      ]),
    );
  return new Map(pairs);
}

/** The process that started another. */
function parentOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));
}
