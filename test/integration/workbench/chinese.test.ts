import assert from 'node:assert/strict';

import { repository } from '../../support/repository.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { openWorkbench } from '../../support/vscodeHost/driveWorkbench.ts';
import type { Workbench } from '../../support/vscodeHost/driveWorkbench.ts';
import { versionFromEnvironment } from '../../support/vscodeHost/versions.ts';
import { LOCAL_BROKER_SETTINGS, picture } from './pictures.ts';

const VIEW = '集群';

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
      userSettings: { ...LOCAL_BROKER_SETTINGS, 'rocketmq.localBroker.autoStart': true },
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
    await workbench.until('the counts', async () => (await workbench.treeItems(VIEW))[3]?.description !== '');
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
    const topic = await workbench.treeItem(VIEW, ['本地 Broker', 'DefaultCluster', '主题', 'Orders']);
    await workbench.contextMenu(topic, '发送消息');
    const form = await workbench.webview('rocketmq.send');
    await form.locator('vscode-button.send-button').waitFor();
    assert.match(await form.locator('body').innerText(), /消息体|发送/);
    await picture(workbench, 'send-chinese');
  });
});
