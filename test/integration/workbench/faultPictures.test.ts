import { repository } from '../../support/repository.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { openWorkbench } from '../../support/vscodeHost/driveWorkbench.ts';
import type { Workbench } from '../../support/vscodeHost/driveWorkbench.ts';
import { versionFromEnvironment } from '../../support/vscodeHost/versions.ts';
import { waitFor } from '../../support/waitFor.ts';
import { LOCAL_BROKER_SETTINGS, picture, TAKES_PICTURES, widenSideBar } from './pictures.ts';

const VIEW = 'Clusters';
const FAULTS = [
  { kind: 'refuse', code: 'SYSTEM_BUSY', request: 'SEND', topic: 'Orders', count: 3 },
  { kind: 'delay', ms: 800, request: 'PULL', group: 'billing', probability: 0.25 },
];

/** A picture of a broker that is set to fail; it proves nothing, so other runs leave it out. */
if (TAKES_PICTURES) {
  describe('pictures of faults', function () {
    this.timeout(180_000);
    let workspace: TempDir;
    let workbench: Workbench;

    before(async () => {
      workspace = makeTempDir('faults');
      workbench = await openWorkbench({
        vscodeVersion: versionFromEnvironment(),
        extensionPath: repository,
        workspace: workspace.path,
        theme: 'Default Dark Modern',
        userSettings: {
          ...LOCAL_BROKER_SETTINGS,
          'rocketmq.localBroker.autoStart': true,
          'rocketmq.localBroker.controlInterface': true,
        },
        width: 1420,
        height: 560,
      });
    });

    after(async () => {
      await workbench.close();
      workspace.remove();
    });

    it('the faults in the view, and the question what the next one does', async () => {
      await workbench.openActivity('RocketMQ');
      await widenSideBar(workbench, 105);
      await workbench.treeItem(VIEW, ['Local Broker', 'DefaultCluster']);
      await workbench.runCommand('RocketMQ: Copy Control Address of Local Broker');
      const [url, token] = await waitFor('the address', async () => {
        const copied = await workbench.page.evaluate(() => navigator.clipboard.readText());
        return /_URL=(\S+) \S+_TOKEN=(\S+)/.exec(copied)?.slice(1);
      });
      await fetch(`${url}/faults`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(FAULTS),
      });
      await workbench.clearNotifications();
      await workbench.treeItem(VIEW, ['Local Broker', 'Faults', 'Refuse: SYSTEM_BUSY']);
      await workbench.runCommand('RocketMQ: Set Fault of Local Broker…');
      await workbench.page.locator('.quick-input-widget', { hasText: 'Never answer' }).waitFor();
      await picture(workbench, 'faults-dark');
    });
  });
}
