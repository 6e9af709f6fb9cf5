/**
 * The return page of the demo tenant, and its inbox: the part of an application that Hawser needs. It has another
 * origin than the API, as in production, and completes a flow with its own API key for the user that it says is signed in.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { escapeHtml } from '../../sandbox/reply.ts';
import { type Inbox, inboxPath } from './demo-inbox.ts';

export interface DemoApp {
  readonly origin: string;
  close(): Promise<void>;
}

export interface DemoAppOptions {
  readonly port: number;
  /** Where the API is and the tenant's key; known only after this has started, because the return URL is here. */
  readonly api: () => { readonly url: string; readonly key: string };
  readonly fetch: typeof fetch;
  /** Receives the tenant's events; without it the application has no inbox page. */
  readonly inbox?: Inbox;
}

/** The path of the return URL. */
export const returnPath = '/connected';

export async function startDemoApp(options: DemoAppOptions): Promise<DemoApp> {
  const server = createServer((request, response) => {
    serve(options, request, response).catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The demo application has no port.');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  options: DemoAppOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname === inboxPath && options.inbox) return showInbox(options.inbox, request, response);
  if (url.pathname !== returnPath)
    return send(response, 404, 'Not found', '<p>This page does not exist.</p>');
  if (request.method === 'POST') return finish(options, await readForm(request), response);
  const flow = url.searchParams.get('flow') ?? '';
  const completion = url.searchParams.get('completion');
  if (completion !== null) return send(response, 200, 'Almost connected', completeForm(flow, completion));
  const status = url.searchParams.get('status');
  if (status === 'connected') {
    return send(
      response,
      200,
      'Connected',
      `<p>Account <b>${escapeHtml(url.searchParams.get('accountId') ?? '')}</b> is connected.</p>`,
    );
  }
  send(
    response,
    200,
    'Not connected',
    `<p>The flow ended with <b>${escapeHtml(url.searchParams.get('code') ?? 'no result')}</b>.</p>`,
  );
}

async function showInbox(inbox: Inbox, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') return send(response, 200, 'Inbox', inbox.page());
  response.writeHead(inbox.receive(request.headers, await readBody(request))).end();
}

async function finish(
  options: DemoAppOptions,
  form: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const { url, key } = options.api();
  const answer = await options.fetch(`${url}/integrations/complete`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(Object.fromEntries(form)),
    signal: AbortSignal.timeout(35_000),
  });
  const text = JSON.stringify(await answer.json(), null, 2);
  send(response, 200, answer.ok ? 'Connected' : 'Not connected', `<pre>${escapeHtml(text)}</pre>`);
}

/** The completion is in a form and not in a link, so that the browser sends it to this application's backend only. */
function completeForm(flow: string, completion: string): string {
  return `<p>The platform granted access. A real application would now read from its own session who is signed in, and complete the flow for that user.</p>
<form method="post"><input type="hidden" name="flow" value="${escapeHtml(flow)}"><input type="hidden" name="completion" value="${escapeHtml(completion)}">
<label>Signed in as <input name="userId" value="demo-user" required maxlength="128" autocomplete="off"></label>
<button>Finish connecting</button></form>`;
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams((await readBody(request)).toString('utf8'));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, status: number, title: string, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  });
  response.end(`<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)} · demo application</title>
<style>:root{color-scheme:light dark;font:1.0625rem/1.5 system-ui,sans-serif}body{margin:0;min-height:100vh;display:grid;place-items:center}
main{max-width:34rem;padding:2rem 1.5rem}small{opacity:.7}label{display:block;margin:0 0 1rem}input,button{font:inherit;padding:.5rem .75rem}
button{border:0;border-radius:.5rem;background:#1d4ed8;color:#fff;cursor:pointer}pre{overflow:auto;font-size:.875rem}</style></head>
<body><main><small>Demo application</small><h1>${escapeHtml(title)}</h1>${body}</main></body></html>`);
}
