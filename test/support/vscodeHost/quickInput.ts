import type { Page } from 'playwright-core';

import { waitFor } from '../waitFor.ts';
import { exactly } from './textPattern.ts';

const INPUT = '.quick-input-widget .quick-input-filter input';

/** Runs a command as a person does. `title` is what the palette shows, with the category. */
export async function runCommand(page: Page, title: string, timeoutMs: number): Promise<void> {
  await page.keyboard.press('F1');
  const input = page.locator(INPUT);
  await input.waitFor();
  const row = page
    .locator('.quick-input-list .monaco-list-row')
    .filter({ has: page.locator('.quick-input-list-label-meta, .label-name', { hasText: exactly(title) }) });
  // The list does not follow commands registered while it is open, so ask again, but more and more slowly: on a busy
  // machine one answer can take seconds.
  let patienceMs = 500;
  const offered = async (): Promise<boolean> => {
    await input.fill('>');
    await input.fill(`>${title}`);
    patienceMs = Math.min(patienceMs * 2, 8_000);
    return row
      .first()
      .waitFor({ timeout: patienceMs })
      .then(
        () => true,
        () => false,
      );
  };
  await waitFor(`the command "${title}" to be offered`, offered, { timeoutMs });
  await row.first().click();
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
