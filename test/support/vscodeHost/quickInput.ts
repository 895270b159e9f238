import { errors } from 'playwright-core';
import type { Page } from 'playwright-core';

import { waitFor } from '../waitFor.ts';
import { exactly } from './textPattern.ts';

const INPUT = '.quick-input-widget .quick-input-filter input';

/** Runs a command as a person does. `title` is what the palette shows, with the category. */
export async function runCommand(page: Page, title: string, timeoutMs: number): Promise<void> {
  const input = page.locator(INPUT);
  const row = page
    .locator('.quick-input-list .monaco-list-row')
    .filter({ has: page.locator('.quick-input-list-label-meta, .label-name', { hasText: exactly(title) }) })
    .first();
  // On a busy machine one answer can take seconds: ask more and more slowly.
  let patienceMs = 500;
  const chosen = async (): Promise<boolean> => {
    patienceMs = Math.min(patienceMs * 2, 8_000);
    try {
      // An editor or webview that takes the focus late closes the palette.
      if (!(await input.isVisible())) await page.keyboard.press('F1');
      // The list does not follow commands registered while it is open, so empty it and ask again.
      await input.fill('>', { timeout: patienceMs });
      await input.fill(`>${title}`, { timeout: patienceMs });
      await row.click({ timeout: patienceMs });
      return true;
    } catch (error) {
      if (error instanceof errors.TimeoutError) return false;
      throw error;
    }
  };
  await waitFor(`the command "${title}" to be offered`, chosen, { timeoutMs });
}

/** Answers an open input box. */
export async function typeInput(page: Page, text: string): Promise<void> {
  await page.locator(INPUT).fill(text);
  await page.keyboard.press('Enter');
}

/** Chooses an entry of an open quick pick by its label. */
export async function pick(page: Page, label: string): Promise<void> {
  await page
    .locator('.quick-input-list .monaco-list-row')
    .filter({ has: page.locator('.label-name', { hasText: exactly(label) }) })
    .first()
    .click();
}
