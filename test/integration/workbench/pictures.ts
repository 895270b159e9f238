import path from 'node:path';

import { repository } from '../../support/repository.ts';
import type { Workbench } from '../../support/vscodeHost/driveWorkbench.ts';

/** Whether this run renews the pictures of the documentation. */
export const TAKES_PICTURES = process.env['UPDATE_SCREENSHOTS'] === '1';

/** Takes a picture for the documentation, when this run renews them. */
export async function picture(workbench: Workbench, name: string): Promise<void> {
  if (!TAKES_PICTURES) return;
  await workbench.page.mouse.move(0, 0);
  await workbench.page.locator('.monaco-hover:visible').waitFor({ state: 'detached' });
  await workbench.screenshot(path.join(repository, 'docs', 'images', `${name}.png`));
}

/** By dragging its edge. */
export async function widenSideBar({ page }: Workbench, byPx: number): Promise<void> {
  const box = await page.locator('.part.sidebar').boundingBox();
  if (box === null) throw new Error('there is no side bar');
  const edge = box.x + box.width;
  await page.mouse.move(edge, box.y + 300);
  await page.mouse.down();
  await page.mouse.move(edge + byPx, box.y + 300, { steps: 5 });
  await page.mouse.up();
}

/** Pictures show the ports that people know; other runs take any that are free. */
export const LOCAL_BROKER_SETTINGS = TAKES_PICTURES
  ? {}
  : {
      'rocketmq.localBroker.nameServerPort': 0,
      'rocketmq.localBroker.port': 0,
      'rocketmq.localBroker.grpcPort': 0,
    };
