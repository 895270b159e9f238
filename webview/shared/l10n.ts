import { readPageData } from './pageData.ts';

type Argument = string | number | boolean;

let bundle: Readonly<Record<string, string>> | undefined;

/** The same call form as `vscode.l10n`, so that one extractor finds the strings of the host and of the pages. */
export const l10n = {
  /** The text in the user's language, with `{0}`, `{1}` … replaced. */
  t(english: string, ...args: readonly Argument[]): string {
    bundle ??= readPageData('l10n') as Record<string, string>;
    const text = bundle[english] ?? english;
    return text.replace(/\{(\d+)\}/g, (whole, index: string) => String(args[Number(index)] ?? whole));
  },
};
