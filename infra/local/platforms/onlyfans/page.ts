/**
 * The page of the OnlyFans sandbox on which a developer logs in and finds what a real user would copy out of the
 * browser's own tools. It works without JavaScript and says plainly that no real platform is involved.
 */
import { pageHeaders } from '../../sandbox/consent/consent-page.ts';
import type { Call, Platform, Reply, Route } from '../../sandbox/dialect.ts';
import { escapeHtml, formOf, html, json } from '../../sandbox/reply.ts';
import type { Modes } from './modes.ts';
import { accounts, type OnlyFansAccount } from './people.ts';
import { logIn, type SessionValues } from './session.ts';

const style = `
:root{color-scheme:light dark}
body{margin:0 auto;padding:1.5rem 1rem;max-width:40rem;font:1rem/1.5 system-ui,sans-serif}
.note{padding:.6rem .9rem;border:1px solid;border-radius:.5rem}
button{width:100%;margin:.25rem 0;padding:.7rem 1rem;font:inherit;text-align:left;cursor:pointer}
dt{font-weight:600}
dd{margin:0 0 .5rem}
code,pre{overflow-wrap:anywhere;white-space:pre-wrap;user-select:all}
:focus-visible{outline:3px solid;outline-offset:2px}`;

export function pageRoutes(platform: Platform<Modes>): readonly Route[] {
  return [
    {
      method: 'GET',
      host: 'web',
      path: '/',
      endpoint: 'other',
      handle: () => html(200, choicePage(), pageHeaders),
    },
    {
      method: 'POST',
      host: 'web',
      path: '/log-in',
      endpoint: 'other',
      handle: (call) => takeLogIn(call, platform),
    },
  ];
}

/** A new session: a page for people, `{ credentials }` for programs that accept JSON. */
function takeLogIn(call: Call, platform: Platform<Modes>): Reply {
  const key = formOf(call)?.get('account');
  const account = accounts.find((candidate) => candidate.key === key);
  const asksJson = call.headers.accept?.includes('application/json') ?? false;
  if (account === undefined) {
    return asksJson
      ? json(422, { error: 'There is no such account.' })
      : html(422, choicePage(), pageHeaders);
  }
  const credentials = logIn(account, platform);
  if (asksJson) return json(201, { credentials }, { 'cache-control': 'no-store' });
  return html(200, sessionPage(account, credentials), pageHeaders);
}

function choicePage(): string {
  const buttons = accounts.map(
    ({ key, name, handle, secondFactor }) =>
      `<button type="submit" name="account" value="${escapeHtml(key)}">${escapeHtml(name || handle)} · @${escapeHtml(
        handle,
      )}${secondFactor ? ' · two-step login' : ''}</button>`,
  );
  return page(
    'Log in',
    `<p>Each log-in begins a new browser session, and shows the values it runs on.</p>
<form method="post" action="/log-in">
${buttons.join('\n')}
</form>`,
  );
}

function sessionPage({ name, handle }: OnlyFansAccount, credentials: SessionValues): string {
  const values = Object.entries(credentials).map(
    ([field, value]) => `<dt>${escapeHtml(field)}</dt><dd><code>${escapeHtml(value)}</code></dd>`,
  );
  return page(
    `Logged in as ${name || handle}`,
    `<p>Enter these values where the application asks for them:</p>
<dl>${values.join('\n')}</dl>
<p>Or send them as <code>credentials</code> in POST /integrations/connect/onlyfans:</p>
<pre>${escapeHtml(JSON.stringify(credentials, null, 2))}</pre>
<p>A call with a wrong browser token, User-Agent or signature ends this session.
<a href="/">Log in again</a></p>`,
  );
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · OnlyFans sandbox</title>
<style>${style}</style>
</head>
<body>
<main>
<p class="note"><strong>OnlyFans sandbox.</strong> This page stands in for OnlyFans on this machine. The accounts are fictional and nothing leaves it.</p>
<h1>${escapeHtml(title)}</h1>
${content}
</main>
</body>
</html>
`;
}
