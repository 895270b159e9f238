import { errors } from 'playwright-core';
import type { Locator, Page } from 'playwright-core';

import { waitFor } from '../waitFor.ts';
import { exactly } from './textPattern.ts';

/** A row that is found may be another one a moment later: then it is looked for again. */
const ROW_PATIENCE = { timeout: 3_000 };
const EXPAND_ATTEMPTS = 3;
const MENU_ATTEMPTS = 4;
const MENU_TIMEOUT_MS = 4000;
const MENU_DEAF_MS = 200;

export interface TreeRow {
  readonly label: string;
  readonly description: string;
  /** The tooltip, when that is a text. */
  readonly ariaLabel: string | null;
  readonly level: number;
  /** undefined for a row without children. */
  readonly expanded: boolean | undefined;
}

/** The rows of a tree view that are drawn now: those in sight. */
export async function treeItems(page: Page, view: string): Promise<TreeRow[]> {
  return pane(page, view)
    .locator('[role=treeitem]')
    .evaluateAll((rows) =>
      rows
        .sort((a, b) => Number(a.dataset['index']) - Number(b.dataset['index']))
        .map((row) => ({
          label: row.querySelector('.label-name')?.textContent ?? '',
          description: row.querySelector('.label-description')?.textContent ?? '',
          ariaLabel: row.getAttribute('aria-label'),
          level: Number(row.getAttribute('aria-level')),
          expanded: row.hasAttribute('aria-expanded') ? row.getAttribute('aria-expanded') === 'true' : undefined,
        })),
    );
}

/**
 * Finds a row by the labels on the way to it, expanding the ones before it. The way is gone anew until the row is there:
 * an extension that reveals a row expands its parents too, just before a click here that would then close one again.
 */
export async function treeItem(page: Page, view: string, labels: readonly string[], timeoutMs: number) {
  const parent = pane(page, view);
  const header = parent.locator('.pane-header');
  if ((await header.getAttribute('aria-expanded')) === 'false') await header.click();
  const search = async (): Promise<Locator | undefined> => {
    let row: Locator | undefined;
    let after = -1;
    for (const [depth, label] of labels.entries()) {
      if (row !== undefined) await expand(row);
      row = await findRow(page, parent, { label, level: depth + 1, after });
      if (row === undefined) return undefined;
      after = await indexOf(row);
    }
    return row;
  };
  const searchOrNot = () => search().catch(unlessTimeout);
  return waitFor(`the tree item "${labels.join(' > ')}"`, searchOrNot, { timeoutMs, pollMs: 100 });
}

/** Expands a row and waits for its first child. */
export async function expand(row: Locator): Promise<void> {
  for (let attempt = 1; attempt <= EXPAND_ATTEMPTS; attempt++) {
    if ((await row.getAttribute('aria-expanded', ROW_PATIENCE)) === 'false') {
      await row.locator('.monaco-tl-twistie').click(ROW_PATIENCE);
    }
    const tree = row.locator('xpath=ancestor::*[contains(@class,"monaco-list")][1]');
    const level = Number(await row.getAttribute('aria-level', ROW_PATIENCE)) + 1;
    const next = (await indexOf(row)) + 1;
    const child = tree.locator(`[role=treeitem][data-index="${next}"][aria-level="${level}"]`);
    // A node may turn out to have no children, and says so in no other way.
    await child.waitFor({ state: 'attached', ...ROW_PATIENCE }).catch(unlessTimeout);
    // Closed again where something else opened it just before the click.
    if ((await row.getAttribute('aria-expanded', ROW_PATIENCE)) !== 'false') return;
  }
}

/**
 * Opens the context menu of a row and chooses an entry. A tree that takes the focus meanwhile, as it does when a row is
 * revealed, closes the menu: then it is opened once more.
 */
export async function contextMenu(page: Page, row: Locator, entry: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await row.click({ button: 'right' });
    const item = page.locator('.context-view .monaco-menu').getByRole('menuitem', { name: entry, exact: true });
    try {
      await item.waitFor({ timeout: MENU_TIMEOUT_MS });
      // A menu takes no click in its first 100 ms, so that the click that opened it chooses nothing.
      await page.waitForTimeout(MENU_DEAF_MS);
      await item.click({ timeout: MENU_TIMEOUT_MS });
      return;
    } catch (error) {
      if (attempt === MENU_ATTEMPTS) throw error;
      await page.keyboard.press('Escape');
    }
  }
}

/** A view of the side bar, by its title. */
export function pane(page: Page, title: string): Locator {
  return page.locator('.pane').filter({ has: page.locator('.pane-header h3.title', { hasText: exactly(title) }) });
}

interface RowQuery {
  readonly label: string;
  readonly level: number;
  readonly after: number;
}

/** Only the rows in sight are in the page, so this scrolls down when the wanted one is not. */
async function findRow(page: Page, parent: Locator, query: RowQuery): Promise<Locator | undefined> {
  const rows = parent
    .locator(`[role=treeitem][aria-level="${query.level}"]`)
    .filter({ has: page.locator('.label-name', { hasText: exactly(query.label) }) });
  const indices = await rows.evaluateAll((found) => found.map((row) => Number(row.dataset['index'])));
  const index = indices.sort((a, b) => a - b).find((one) => one > query.after);
  // Rows move when others come: the index tells only namesakes apart.
  if (index !== undefined && indices.length === 1) return rows;
  if (index !== undefined) return rows.and(parent.locator(`[data-index="${index}"]`));
  const tree = parent.locator('.monaco-list').first();
  if ((await tree.count()) > 0) {
    await tree.hover();
    await page.mouse.wheel(0, 100);
  }
  return undefined;
}

async function indexOf(row: Locator): Promise<number> {
  return Number(await row.getAttribute('data-index', ROW_PATIENCE));
}

function unlessTimeout(error: unknown): undefined {
  if (!(error instanceof errors.TimeoutError)) throw error;
}
