import type { PageIdentity } from '../../contract/rpc.ts';

export interface PageHtmlOptions {
  /** `rocketmq.send`; tests find the page by it. */
  readonly viewType: string;
  readonly title: string;
  /** As in `vscode.env.language`. */
  readonly language: string;
  readonly nonce: string;
  /** What the webview calls its own resources in a content security policy. */
  readonly cspSource: string;
  readonly scriptUri: string;
  readonly styleUri: string;
  readonly identity: PageIdentity;
  /** Texts by their English, for the pages' `l10n.t`. */
  readonly l10nBundle: Readonly<Record<string, string>>;
}

/**
 * A page that runs one script of ours, styles from our directory, and nothing else. Inline are data alone. The controls'
 * makers try out in a style element what the browser can do, and look for its nonce in `csp-nonce`.
 */
export function pageHtml(options: PageHtmlOptions): string {
  const { nonce, cspSource } = options;
  // `base-uri` and `form-action` do not fall back to `default-src`.
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escapeText(options.language)}" data-view-type="${escapeText(options.viewType)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeText(policy)}">
<meta property="csp-nonce" content="${escapeText(nonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(options.title)}</title>
<link rel="stylesheet" href="${escapeText(options.styleUri)}">
</head>
<body>
<div id="root"></div>
<script type="application/json" id="identity">${escapeJson(options.identity)}</script>
<script type="application/json" id="l10n">${escapeJson(options.l10nBundle)}</script>
<script nonce="${escapeText(nonce)}" src="${escapeText(options.scriptUri)}"></script>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char);
}

/** JSON that cannot end the element it stands in. */
function escapeJson(value: unknown): string {
  return JSON.stringify(value).replace(/</g, '\\u003c');
}
