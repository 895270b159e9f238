import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { ClusterClient } from '../../../src/client/clusterClient.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { dial } from '../../../src/remoting/dial.ts';
import { ask, consumerBeat } from '../../broker/testBroker.ts';
import { repository } from '../../support/repository.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { openWorkbench } from '../../support/vscodeHost/driveWorkbench.ts';
import type { Workbench } from '../../support/vscodeHost/driveWorkbench.ts';
import { versionFromEnvironment } from '../../support/vscodeHost/versions.ts';
import { waitFor } from '../../support/waitFor.ts';
import { LOCAL_BROKER_SETTINGS, picture, TAKES_PICTURES, widenSideBar } from './pictures.ts';

const VIEW = 'Clusters';
const CLUSTER = ['Local Broker', 'DefaultCluster'];
const TOPIC = 'Orders';
const TAGS = ['created', 'paid', 'packed', 'shipped', 'cancelled'];
const ITEMS = ['Falcon model', 'Star chart', 'Telescope', 'Moon lamp', 'Patch set', 'Mission mug', 'Rocket kite'];

const THEMES = [
  ['Default Dark Modern', 'vs-dark', 'dark'],
  ['Default Light Modern', 'vs', 'light'],
  ['Default High Contrast', 'hc-black', 'high-contrast'],
] as const;

/** Pictures of a shop with something in it; they prove nothing, so other runs leave them out. */
if (TAKES_PICTURES) {
  describe('pictures of a broker in use', () => {
    let workspace: TempDir;
    let workbench: Workbench;
    let client: ClusterClient;
    let leave: () => void;

    before(async function () {
      this.timeout(180_000);
      workspace = makeTempDir('shop');
      workbench = await openWorkbench({
        vscodeVersion: versionFromEnvironment(),
        extensionPath: repository,
        workspace: workspace.path,
        theme: 'Default Dark Modern',
        userSettings: { ...LOCAL_BROKER_SETTINGS, 'rocketmq.localBroker.autoStart': true },
        width: 1280,
        height: 800,
      });
      // Of this window: another broker may listen where people expect one.
      const [nameServer, broker] = await waitFor('the broker', async () => {
        const texts = await workbench.statusBar();
        return texts.map((text) => /^RocketMQ (\d+), (\d+), The local broker runs/.exec(text)?.slice(1)).find(Boolean);
      });
      client = new ClusterClient({ nameServers: `127.0.0.1:${nameServer ?? ''}` });
      for (const topic of [TOPIC, 'Payments', 'Shipments']) {
        const spec = { topic, readQueueNums: 4, writeQueueNums: 4, perm: 6, messageType: 'NORMAL' } as const;
        await client.createTopic('DefaultCluster', spec);
      }
      const member = await dial(`127.0.0.1:${broker ?? ''}`, { clock: systemClock, logger: silentLogger });
      leave = () => member.dispose();
      for (const group of ['order-service', 'invoice-service']) {
        await ask(member, RequestCode.HEART_BEAT, {}, consumerBeat(`${group}-1`, group, { [TOPIC]: '*' }));
      }
    });

    after(async function () {
      this.timeout(60_000);
      leave();
      client.dispose();
      await workbench.close();
      workspace.remove();
    });

    it('the explorer beside a tail, and the tail with a message opened', async () => {
      await workbench.openActivity('RocketMQ');
      await widenSideBar(workbench, 80);
      await workbench.runCommand('RocketMQ: Refresh');
      await workbench.contextMenu(await workbench.treeItem(VIEW, [...CLUSTER, 'Topics', TOPIC]), 'Tail Messages');
      const tail = await workbench.webview('rocketmq.tail');
      await tail.getByText(`Waiting for new messages of ${TOPIC}.`).waitFor();
      for (let order = 1; order <= 22; order += 1) await sendOrder(order);
      await tail.locator('.grid-body [role=row]').nth(15).waitFor();
      await workbench.expandTreeItem(VIEW, [...CLUSTER, 'Consumer Groups']);
      await workbench.expandTreeItem(VIEW, [...CLUSTER, 'Topics', TOPIC]);
      await workbench.expandTreeItem(VIEW, [...CLUSTER, 'Brokers']);
      await workbench.contextMenu(await workbench.treeItem(VIEW, [...CLUSTER, 'Topics', TOPIC]), 'Refresh');
      await workbench.until('the offsets', async () =>
        (await workbench.treeItems(VIEW)).some(({ description }) => description === 'offsets 0 to 5'),
      );
      await picture(workbench, 'overview-dark');
      for (const [theme, kind, name] of THEMES) {
        await workbench.useTheme(theme, kind);
        const page = await workbench.webview('rocketmq.tail');
        if (!(await page.locator('.detail').isVisible())) await page.locator('.grid-body [role=row]').nth(8).click();
        await page.locator('.detail pre').waitFor();
        await picture(workbench, `tail-${name}`);
      }
    });

    it('the send panel after a message was sent', async () => {
      await workbench.contextMenu(await workbench.treeItem(VIEW, [...CLUSTER, 'Topics', TOPIC]), 'Send Message');
      const form = await workbench.webview('rocketmq.send');
      await form.getByRole('textbox', { name: 'Tag' }).fill('created');
      await form.getByRole('textbox', { name: 'Keys' }).fill('order-1023');
      await form
        .getByRole('textbox', { name: 'Body' })
        .fill('{\n  "order": 1023,\n  "item": "Telescope",\n  "price": 349.5\n}');
      await form.locator('vscode-button.send-button').click();
      await form.locator('.result').waitFor();
      for (const [theme, kind, name] of THEMES) {
        await workbench.useTheme(theme, kind);
        await (await workbench.webview('rocketmq.send')).locator('.result').waitFor();
        await picture(workbench, `send-${name}`);
      }
    });

    async function sendOrder(order: number): Promise<void> {
      const id = 1000 + order;
      const item = ITEMS[order % ITEMS.length];
      const tag = TAGS[(order * 3) % TAGS.length] ?? '';
      const body = JSON.stringify({ order: id, item, quantity: 1 + (order % 3), price: 9.5 + ((order * 37) % 90) });
      const properties = new Map([['region', order % 2 === 0 ? 'eu' : 'us']]);
      await client.send({ topic: TOPIC, tag, keys: [`order-${id}`], properties, body: Buffer.from(body) });
    }
  });
}
