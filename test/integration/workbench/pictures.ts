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

/** Pictures show the ports that people know; other runs take any that are free. */
export const LOCAL_BROKER_SETTINGS = TAKES_PICTURES
  ? {}
  : {
      'rocketmq.localBroker.nameServerPort': 0,
      'rocketmq.localBroker.port': 0,
      'rocketmq.localBroker.grpcPort': 0,
    };
