import assert from 'node:assert/strict';

import { repository } from '../../support/repository.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { openWorkbench } from '../../support/vscodeHost/driveWorkbench.ts';
import type { Workbench } from '../../support/vscodeHost/driveWorkbench.ts';
import { versionFromEnvironment } from '../../support/vscodeHost/versions.ts';
import { LOCAL_BROKER_SETTINGS, picture } from './pictures.ts';

const VIEW = '集群';
const TOPIC = ['本地 Broker', 'DefaultCluster', '主题', 'Orders'];
const TAIL_COLUMNS = ['时间', '队列', '位点', 'Tag', 'Key', '消息体'];

describe('the workbench in Chinese', () => {
  let workspace: TempDir;
  let workbench: Workbench;

  before(async function () {
    this.timeout(180_000);
    workspace = makeTempDir('workspace');
    workbench = await openWorkbench({
      vscodeVersion: versionFromEnvironment(),
      extensionPath: repository,
      workspace: workspace.path,
      locale: 'zh-cn',
      theme: 'Default Light Modern',
      userSettings: {
        ...LOCAL_BROKER_SETTINGS,
        'rocketmq.localBroker.autoStart': true,
        'rocketmq.connections': [{ name: '测试环境', nameServers: '127.0.0.1:1' }],
      },
      width: 1280,
      height: 800,
    });
  });

  after(async function () {
    this.timeout(60_000);
    await workbench.close();
    workspace.remove();
  });

  it('says everything in Chinese: view, tree, status bar, prompts and pages', async () => {
    await workbench.openActivity('RocketMQ');
    await workbench.treeItem(VIEW, ['本地 Broker', 'DefaultCluster', '主题']);
    await workbench.until('the counts of the three folders', async () => {
      const folders = (await workbench.treeItems(VIEW)).slice(2, 5);
      return folders.length === 3 && folders.every(({ description }) => description !== '');
    });
    const rows = (await workbench.treeItems(VIEW)).map(({ label, description }) => `${label} ${description}`.trim());
    assert.match(rows[0] ?? '', /^本地 Broker 127\.0\.0\.1:\d+$/);
    assert.equal(rows[1], 'DefaultCluster');
    assert.match(rows[2] ?? '', /^Broker 1$/);
    assert.match(rows[3] ?? '', /^主题 0，已隐藏 \d+ 个系统项$/);
    assert.equal(rows[4]?.startsWith('消费者组'), true);
    assert.ok((await workbench.statusBar()).some((text) => text.includes('本地 Broker 正在运行')));

    await workbench.contextMenu(await workbench.treeItem(VIEW, ['本地 Broker', 'DefaultCluster', '主题']), '创建主题…');
    await workbench.page.locator('.quick-input-widget', { hasText: '主题名称' }).waitFor();
    await workbench.typeInput('Orders');
    await workbench.page.locator('.quick-input-widget', { hasText: '每个 Broker 上的队列数' }).waitFor();
    await workbench.typeInput('4');
    await workbench.pick('可读可写');
    await workbench.pick('普通');
    await workbench.contextMenu(await workbench.treeItem(VIEW, TOPIC), '发送消息');
    const form = await workbench.webview('rocketmq.send');
    await form.locator('vscode-button.send-button').waitFor();
    assert.match(await form.locator('body').innerText(), /消息体|发送/);
    await form.getByRole('textbox', { name: '消息体' }).fill('{"订单": 1}');
    await form.locator('vscode-button.send-button').click();
    await form.locator('.result').waitFor();
    assert.deepEqual(await form.locator('.result dt').allInnerTexts(), [
      '消息 ID',
      'Offset Message ID',
      'Broker',
      '队列',
      '位点',
    ]);
    await picture(workbench, 'send-chinese');
  });

  it('shows the messages of a topic in Chinese', async () => {
    await workbench.contextMenu(await workbench.treeItem(VIEW, TOPIC), '查看实时消息');
    const tail = await workbench.webview('rocketmq.tail');
    await tail.getByText('正在等待 Orders 的新消息。').waitFor();
    await workbench.page.getByRole('tab', { name: '发送：本地 Broker' }).click();
    await (await workbench.webview('rocketmq.send')).locator('vscode-button.send-button').click();
    await workbench.page.getByRole('tab', { name: '实时消息：Orders' }).click();
    const shown = await workbench.webview('rocketmq.tail');
    await shown.locator('.grid-body [role=row]').first().click();
    await shown.locator('.detail pre').waitFor();
    assert.deepEqual(await shown.locator('.grid-head').getByRole('columnheader').allInnerTexts(), TAIL_COLUMNS);
    assert.deepEqual(await shown.locator('.toolbar vscode-button').allInnerTexts(), ['暂停', '清空', '跟随最新消息']);
    assert.match(await shown.locator('#detail-title').innerText(), /^broker-a，队列 \d，位点 \d$/);
    const facts = await shown.locator('.fact dt').allInnerTexts();
    for (const name of ['Offset Message ID', '存储时间', '存储节点']) assert.ok(facts.includes(name), facts.join(' '));
    await picture(workbench, 'tail-chinese');
  });

  it('names cause and next step of an unreachable connection in Chinese', async () => {
    await workbench.expandTreeItem(VIEW, ['测试环境']);
    await workbench.until('the error', async () =>
      (await workbench.treeItems(VIEW)).some(({ label }) => label.startsWith('127.0.0.1:1 上没有服务在监听')),
    );
    const error = (await workbench.treeItems(VIEW)).find(({ label }) => label.startsWith('127.0.0.1:1 上'));
    assert.match(`${error?.description ?? ''} ${error?.ariaLabel ?? ''}`, /请检查地址/);
  });

  it('guides in Chinese', async () => {
    await workbench.runCommand('RocketMQ: 打开入门演练');
    const walkthrough = workbench.page.locator('.gettingStartedContainer');
    await walkthrough.getByText('RocketMQ 入门').first().waitFor();
    const steps = await walkthrough.locator('.getting-started-step .step-title').allInnerTexts();
    assert.deepEqual(steps.slice(0, 3), ['启动本地 Broker', '浏览集群', '创建主题']);
    await picture(workbench, 'walkthrough-chinese');
  });
});
