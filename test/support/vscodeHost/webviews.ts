import type { Frame, Page } from 'playwright-core';

import { waitFor } from '../waitFor.ts';

export interface ShownWebview {
  readonly viewType: string | undefined;
  readonly title: string;
  readonly extensionId: string | null;
  readonly visible: boolean;
  readonly frame: Frame;
}

/**
 * The inner frame of a webview. VS Code keeps no view type in the page, so the extension's HTML has to carry it:
 * `<html data-view-type="…">` or `<title>…</title>`.
 */
export async function webview(page: Page, viewType: string, timeoutMs: number): Promise<Frame> {
  return waitFor(
    `the webview "${viewType}"`,
    async () => (await webviews(page)).find((shown) => shown.viewType === viewType || shown.title === viewType)?.frame,
    {
      timeoutMs,
      details: async () => `open: ${(await webviews(page)).map((w) => w.viewType ?? w.title).join(', ') || 'none'}`,
    },
  );
}

/** All webviews whose document has been loaded. A webview is two nested iframes. */
export async function webviews(page: Page): Promise<ShownWebview[]> {
  const shown: ShownWebview[] = [];
  for (const handle of await page.locator('iframe.webview').elementHandles()) {
    const outer = await handle.contentFrame();
    // Any step may find that the frame was just replaced: then it is not loaded.
    const inner = await outer?.$('iframe#active-frame').catch(() => null);
    const frame = await inner?.contentFrame().catch(() => null);
    const names = await frame
      ?.evaluate(() => ({ viewType: document.documentElement.dataset['viewType'], title: document.title }))
      .catch(() => undefined);
    if (!outer || !frame || !names) continue;
    const extensionId = new URL(outer.url()).searchParams.get('extensionId');
    shown.push({ viewType: names.viewType, title: names.title, extensionId, visible: await handle.isVisible(), frame });
  }
  return shown;
}
