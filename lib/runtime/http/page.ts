/**
 * Renders the pages that a person may see, such as a consent question or an error. They have no script and load
 * nothing.
 */
import { createHash } from 'node:crypto';

const style = `
:root { color-scheme: light dark; font: 1.0625rem/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { max-width: 26rem; padding: 2rem 1.5rem; overflow-wrap: anywhere; }
h1 { font-size: 1.375rem; line-height: 1.25; margin: 0 0 .75rem; }
p { margin: 0 0 1.5rem; white-space: pre-line; }
a { display: inline-block; padding: .625rem 1.25rem; border-radius: .5rem; background: #1d4ed8; color: #fff; text-decoration: none; }
a:focus-visible { outline: 3px solid #93c5fd; outline-offset: 2px; }
`;
const styleHash = createHash('sha256').update(style).digest('base64');

/** Sets no form-action, which would also block the platform's redirect back to us. */
export const pageSecurityPolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'`;

export function page(
  title: string,
  text: string,
  link?: { readonly href: string; readonly text: string },
): string {
  const button = link
    ? `<a href="${escapeHtml(link.href)}" rel="noreferrer">${escapeHtml(link.text)}</a>`
    : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>${button}</main></body></html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
