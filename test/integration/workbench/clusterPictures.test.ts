import { repository } from '../../support/repository.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { openWorkbench } from '../../support/vscodeHost/driveWorkbench.ts';
import type { Workbench } from '../../support/vscodeHost/driveWorkbench.ts';
import { versionFromEnvironment } from '../../support/vscodeHost/versions.ts';
import { picture, TAKES_PICTURES, widenSideBar } from './pictures.ts';

const VIEW = 'Clusters';
const NODES = ['Local Cluster 2m-2s-sync', 'Nodes'];

/** A picture of a cluster whose master was killed; it proves nothing, so other runs leave it out. */
if (TAKES_PICTURES) {
  describe('pictures of a local cluster', function () {
    this.timeout(180_000);
    let workspace: TempDir;
    let workbench: Workbench;

    before(async () => {
      workspace = makeTempDir('cluster');
      workbench = await openWorkbench({
        vscodeVersion: versionFromEnvironment(),
        extensionPath: repository,
        workspace: workspace.path,
        theme: 'Default Dark Modern',
        userSettings: {},
        width: 1100,
        height: 620,
      });
    });

    after(async () => {
      await workbench.close();
      workspace.remove();
    });

    it('the nodes of two masters with a slave each', async () => {
      await workbench.openActivity('RocketMQ');
      await widenSideBar(workbench, 180);
      await workbench.runCommand('RocketMQ: Start Local Cluster…');
      await workbench.pick('Two masters, a slave each, synchronous double write');
      await workbench.page.keyboard.press('Enter');
      await workbench.notification(/^The local cluster 2m-2s-sync runs\./);
      await workbench.clearNotifications();
      await rowSays('broker-a-s', /· in sync · 0 bytes, 0 messages behind/);
      await workbench.contextMenu(await workbench.treeItem(VIEW, [...NODES, 'broker-a']), 'Kill Node');
      await workbench.notification(/^broker-a \(process \d+\) was killed/);
      await rowSays('broker-a-s', /unknown/);
      await rowSays('broker-a', /killed/);
      await rowSays('Brokers', /^3$/);
      await workbench.expandTreeItem(VIEW, [NODES[0] ?? '', 'DefaultCluster', 'Brokers']);
      await picture(workbench, 'cluster-dark');
    });

    async function rowSays(label: string, wanted: RegExp): Promise<void> {
      await workbench.until(`${label} to be ${wanted}`, async () =>
        (await workbench.treeItems(VIEW)).some((row) => row.label === label && wanted.test(row.description)),
      );
    }
  });
}
