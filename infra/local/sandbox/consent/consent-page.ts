/**
 * The pages a person sees on a sandbox platform: the consent form, an error, and the avatars.
 * They work without JavaScript and say plainly that no real platform is involved.
 */
import type { ConsentRequest, SandboxAccount } from '../dialect.ts';
import { escapeHtml } from '../reply.ts';

/** Headers of every page. `form-action` is left out on purpose: it would block the redirect that follows the form. */
export const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#8c959f;--paper:#fff;--ground:#f3f4f6;--note:#fff4d6;--act:#0b57d0;--on-act:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#a3adb8;--line:#6e7681;--paper:#161b22;--ground:#0d1117;--note:#3a2f0b;--act:#8ab4f8;--on-act:#0d1117}}
*{box-sizing:border-box}
body{margin:0;padding:1.5rem 1rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-width:32rem;margin:0 auto;padding:1.5rem;background:var(--paper);border:1px solid var(--line);border-radius:.75rem}
h1{font-size:1.4rem;line-height:1.25;margin:1rem 0 .25rem}
p{margin:.25rem 0 1rem}
.note{margin:0;padding:.6rem .9rem;background:var(--note);border-radius:.5rem;font-size:.9rem}
.soft{color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
.alert{padding:.6rem .9rem;border:2px solid currentColor;border-radius:.5rem}
fieldset{margin:0 0 1.25rem;padding:0;border:0}
legend{padding:0;margin-bottom:.4rem;font-weight:600}
.choice{display:flex;gap:.75rem;align-items:center;padding:.55rem .25rem;border-top:1px solid var(--line);cursor:pointer}
.choice input{width:1.2rem;height:1.2rem;flex:none;accent-color:var(--act)}
.choice img,.blank{width:2.5rem;height:2.5rem;flex:none;border-radius:50%}
.blank{border:2px dashed var(--line)}
.choice span{display:block}
.actions{display:flex;gap:.75rem;flex-wrap:wrap}
button{flex:1;padding:.7rem 1rem;font:inherit;font-weight:600;border:2px solid var(--act);border-radius:.5rem;background:none;color:var(--act);cursor:pointer}
button[value=approve]{background:var(--act);color:var(--on-act)}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}`;

export interface ConsentPage {
  readonly platform: string;
  /** Path and query of the request: the form goes back to where it came from. */
  readonly action: string;
  readonly request: ConsentRequest;
  readonly scopes: Readonly<Record<string, string>>;
  readonly accounts: readonly SandboxAccount[];
  readonly avatarPath: (account: SandboxAccount) => string | undefined;
  /** What was wrong with the last submission. */
  readonly problem?: string;
}

/** The consent form: every requested scope ticked, the first account chosen. */
export function consentPage(page: ConsentPage): string {
  const { platform, request, accounts, scopes, problem } = page;
  const title = `Connect your ${platform} account?`;
  return document(
    platform,
    title,
    `<p>The application <strong>${escapeHtml(request.client.clientId)}</strong> asks for access${
      request.refreshable ? ' that lasts until you remove it' : ' for a short time'
    }.</p>
${problem === undefined ? '' : `<p class="alert" role="alert">${escapeHtml(problem)}</p>`}
<form method="post" action="${escapeHtml(page.action)}">
<fieldset><legend>Connect as</legend>
${accounts.map((account, index) => accountChoice(account, index === 0, page.avatarPath(account))).join('\n')}
</fieldset>
<fieldset><legend>The application may</legend>
${request.scopes.map((scope) => scopeChoice(scope, scopes[scope] ?? scope)).join('\n')}
</fieldset>
<div class="actions">
<button type="submit" name="decision" value="approve">Allow</button>
<button type="submit" name="decision" value="deny">Do not allow</button>
</div>
</form>
<p class="soft">Either way you return to ${escapeHtml(new URL(request.redirectUri).origin)}.</p>`,
  );
}

/** A page that ends the visit: the browser is not sent back. */
export function errorPage(platform: string, message: string): string {
  return document(platform, 'This request cannot be granted', `<p role="alert">${escapeHtml(message)}</p>`);
}

/** A round picture with the first letter of the name. */
export function avatarPicture({ name, avatarColour }: SandboxAccount): string {
  const letter = escapeHtml(/^./u.exec(name)?.[0] ?? '');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 80"><circle cx="40" cy="40" r="40" fill="${escapeHtml(
    avatarColour ?? 'gray',
  )}"/><text x="40" y="54" text-anchor="middle" font-family="sans-serif" font-size="40" fill="#fff">${letter}</text></svg>`;
}

function accountChoice(account: SandboxAccount, checked: boolean, avatarPath: string | undefined): string {
  const picture =
    avatarPath === undefined
      ? '<span class="blank"></span>'
      : `<img src="${escapeHtml(avatarPath)}" alt="" width="40" height="40">`;
  return `<label class="choice"><input type="radio" name="account" value="${escapeHtml(account.key)}"${
    checked ? ' checked' : ''
  } required>${picture}<span><span>${escapeHtml(account.name)}</span><span class="soft">${escapeHtml(account.handle)}</span></span></label>`;
}

function scopeChoice(scope: string, meaning: string): string {
  return `<label class="choice"><input type="checkbox" name="scope" value="${escapeHtml(scope)}" checked><span><span>${escapeHtml(
    meaning,
  )}</span><span class="soft">${escapeHtml(scope)}</span></span></label>`;
}

function document(platform: string, title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · ${escapeHtml(platform)} sandbox</title>
<style>${style}</style>
</head>
<body>
<main>
<p class="note"><strong>${escapeHtml(platform)} sandbox.</strong> This page stands in for ${escapeHtml(
    platform,
  )} on this machine. The accounts are fictional and nothing leaves it.</p>
<h1>${escapeHtml(title)}</h1>
${content}
</main>
</body>
</html>
`;
}
