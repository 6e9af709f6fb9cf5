import { expect } from 'vitest';
import { it } from '../support/fixtures/stack.ts';
import { completionOf, reachCallback, reachReturn } from '../support/stack/flow-steps.ts';

it.for<[string, (registered: string) => string]>([
  ['another host', () => 'https://evil.example/connected'],
  ['a longer host', (url) => url.replace('.example', '.example.evil.test')],
  ['a longer path', (url) => `${url}/more`],
  ['a parent path', (url) => `${url}/..`],
  ['an escaped path', (url) => url.replace('connected', '%63onnected')],
  ['a query', (url) => `${url}?next=https://evil.example`],
  ['an empty query', (url) => `${url}?`],
  ['a fragment', (url) => `${url}#part`],
  ['user information', (url) => url.replace('https://', 'https://evil.example@')],
  ['user information with a backslash', (url) => url.replace('https://', 'https://evil.example\\@')],
  ['a backslash', (url) => url.replace('/connected', '\\connected')],
  ['a control character', (url) => `${url}\t`],
  ['a line break', (url) => `${url}\r\nset-cookie: a=b`],
  ['white space before', (url) => ` ${url}`],
  ['another case', (url) => url.replace('https', 'HTTPS')],
  ['another port', (url) => url.replace('.example', '.example:8443')],
  ['plain http', (url) => url.replace('https', 'http')],
  ['no scheme', (url) => url.replace('https:', '')],
  ['a script', () => 'javascript:alert(1)'],
  ['a path alone', () => '/connected'],
  ['another tenant’s URL', () => 'https://tenant-0.example/connected'],
])('row 5: connect refuses a returnUrl with %s', async ([_name, bend], { tenant }) => {
  const returnUrl = bend(tenant.returnUrl);

  const connect = await tenant.client.fails('connect', {
    params: { provider: 'tiktok' },
    body: { userId: 'ada', returnUrl },
  });
  const session = await tenant.client.fails('createSession', { body: { userId: 'ada', returnUrl } });

  expect([connect.code, session.code]).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST']);
});

it.for([
  'http://app.example/connected',
  'https://user@app.example/connected',
  'https://user:word@app.example/connected',
  'https://app.example/connected?a=b',
  'https://app.example/connected#part',
  'https://app.example/con\\nected',
  'https://app.example/con\nnected',
  'https://app.example/a/../connected',
  'https://APP.example/connected',
  'https://localhost/connected',
  'https://127.0.0.1/connected',
  'https://[::1]/connected',
  'javascript:alert(1)',
  'data:text/html,x',
  '//app.example/connected',
])('row 5: the operator cannot register %j as a return URL', async (url, { stack, tenant }) => {
  await expect(stack.local.operator.addReturnUrl(tenant.id, url)).rejects.toThrow('The return URL');
});

it('row 5: no query parameter of the callback changes where the browser is redirected or with what', async ({
  stack,
  tenant,
}) => {
  const { browser, callbackUrl, flowId } = await reachCallback(stack, {
    user: tenant.user('ada'),
    provider: 'tiktok',
  });
  const lures = ['returnUrl', 'return_url', 'redirect_uri', 'redirect', 'next', 'url', 'flow', 'completion'];
  const lured = lures.map((name) => `${name}=https%3A%2F%2Fevil.example`).join('&');

  const page = await browser.visit(`${callbackUrl}&${lured}`);

  const target = new URL(page.location ?? '');
  expect(page.status).toBe(303);
  expect(target.origin + target.pathname).toBe(tenant.returnUrl);
  expect([...target.searchParams.keys()]).toEqual(['flow', 'completion']);
  expect(target.searchParams.get('flow')).toBe(flowId);
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  expect(page.headers.get('cache-control')).toBe('no-store');
});

it('row 5: a flow keeps the return URL it started with when the registered URLs change', async ({
  stack,
  tenant,
}) => {
  const { browser, callbackUrl } = await reachCallback(stack, {
    user: tenant.user('ada'),
    provider: 'tiktok',
  });
  await stack.local.operator.addReturnUrl(tenant.id, 'https://later.example/connected');
  await stack.local.operator.removeReturnUrl(tenant.id, tenant.returnUrl);

  const page = await browser.visit(callbackUrl);

  expect(page.location?.startsWith(`${tenant.returnUrl}?`)).toBe(true);
});

it('row 5: a session can use only the return URL it was created with', async ({ stack, tenant }) => {
  await stack.local.operator.addReturnUrl(tenant.id, 'https://other.example/connected');
  const session = await tenant.session('ada');
  const bare = await tenant.session('ada', { returnUrl: undefined });
  const asked = { params: { provider: 'tiktok' }, body: { returnUrl: 'https://other.example/connected' } };

  const refusals = [await session.client.fails('connect', asked), await bare.client.fails('connect', asked)];
  const { returned } = await reachReturn(stack, { user: session, provider: 'tiktok' });
  const connected = await session.client.ok('complete', { body: completionOf(session, returned) });

  expect(refusals.map(({ code }) => code)).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST']);
  expect(connected.connection.userId).toBe('ada');
});

it('row 5: a flow must name a return URL if the tenant has registered several', async ({ stack, tenant }) => {
  await stack.local.operator.addReturnUrl(tenant.id, 'https://other.example/connected');

  const refusal = await tenant.client.fails('connect', {
    params: { provider: 'tiktok' },
    body: { userId: 'ada' },
  });

  expect(refusal).toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining('Say in returnUrl'),
  });
});
