import axe from 'axe-core';
import type { Frame, Page } from 'playwright-core';

const WCAG_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

export interface AccessibilityOptions {
  readonly tags?: string[];
  /** The theme colour under the webview: `--vscode-sideBar-background` for a view of the side bar. */
  readonly background?: string;
  /** A selector, to check only a part. */
  readonly context?: string;
}

export interface AccessibilityViolation {
  readonly rule: string;
  readonly impact: string;
  readonly help: string;
  readonly target: string;
  readonly why: string;
}

/** What axe-core finds wrong in a webview (see Workbench.webview) or a page. */
export async function accessibilityViolations(
  frame: Frame | Page,
  options: AccessibilityOptions = {},
): Promise<AccessibilityViolation[]> {
  const { tags = WCAG_AA, background = '--vscode-editor-background', context } = options;
  // Evaluated by the browser's debugger: the page's content security policy would stop a script tag, and stays.
  await frame.evaluate(axe.source);
  return frame.evaluate(
    async (wanted) => {
      // A webview is transparent and axe takes white for what it cannot see: name the real colour.
      const root = document.documentElement;
      const before = root.style.backgroundColor;
      root.style.backgroundColor = getComputedStyle(root).getPropertyValue(wanted.background) || before;
      const { axe: axeInPage } = globalThis as unknown as { axe: typeof axe };
      try {
        const { violations } = await axeInPage.run(wanted.context ?? document, {
          runOnly: wanted.tags,
          resultTypes: ['violations'],
        });
        return violations.flatMap(({ id, impact, help, nodes }) =>
          nodes.map((node) => ({
            rule: id,
            impact: impact ?? '',
            help,
            target: node.target.flat().join(' '),
            why: [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; '),
          })),
        );
      } finally {
        root.style.backgroundColor = before;
      }
    },
    { tags, background, context },
  );
}
