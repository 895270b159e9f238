import type { Page } from 'playwright-core';

import { waitFor } from '../waitFor.ts';

export interface ShownNotification {
  readonly severity: string | undefined;
  readonly message: string;
  readonly source: string;
  readonly buttons: readonly string[];
}

export interface ShownDialog {
  readonly message: string;
  readonly detail: string;
  readonly buttons: readonly string[];
}

/** The notifications on screen. */
export async function notifications(page: Page): Promise<ShownNotification[]> {
  return page.locator('.notifications-toasts .notification-list-item').evaluateAll((items) =>
    items.map((item) => {
      const text = (selector: string): string => item.querySelector(selector)?.textContent.trim() ?? '';
      const icon = item.querySelector('.notification-list-item-icon')?.className ?? '';
      const buttons = item.querySelectorAll('.notification-list-item-buttons-container a');
      return {
        severity: /codicon-(info|warning|error)/.exec(icon)?.[1],
        message: text('.notification-list-item-message'),
        source: text('.notification-list-item-source'),
        buttons: [...buttons].map((button) => button.textContent.trim()),
      };
    }),
  );
}

/** Waits for a notification whose message contains or matches `wanted`. */
export async function notification(page: Page, wanted: string | RegExp, timeoutMs: number): Promise<ShownNotification> {
  const matches = ({ message }: ShownNotification): boolean =>
    typeof wanted === 'string' ? message.includes(wanted) : wanted.test(message);
  return waitFor(`a notification like ${String(wanted)}`, async () => (await notifications(page)).find(matches), {
    timeoutMs,
    details: async () => `on screen: ${JSON.stringify(await notifications(page))}`,
  });
}

/** The modal dialog on screen, once there is one. */
export async function dialog(page: Page): Promise<ShownDialog> {
  return page.locator('.monaco-dialog-box').evaluate((box) => {
    const text = (selector: string): string => box.querySelector(selector)?.textContent.trim() ?? '';
    return {
      message: text('.dialog-message-text'),
      detail: text('.dialog-message-detail'),
      buttons: [...box.querySelectorAll('.dialog-buttons a')].map((button) => button.textContent.trim()),
    };
  });
}

export async function answerDialog(page: Page, button: string): Promise<void> {
  const box = page.locator('.monaco-dialog-box');
  await box.getByRole('button', { name: button, exact: true }).click();
  await box.waitFor({ state: 'detached' });
}

/** The texts of the status bar, left to right. */
export async function statusBar(page: Page): Promise<string[]> {
  return page
    .locator('.part.statusbar .statusbar-item')
    .evaluateAll((items) =>
      items.map((item) => item.getAttribute('aria-label') ?? item.textContent.trim()).filter((text) => text !== ''),
    );
}
