/** The consent page works without JavaScript, says what it is, and the visitor uses it as a browser would. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startReddit } from '../../../../infra/local/platforms/reddit/reddit.ts';
import { startTikTok } from '../../../../infra/local/platforms/tiktok/tiktok.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { approve } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';
import { readForm } from '../../../../infra/local/sandbox/visitor/html-form.ts';
import { call, client, postForm, redditUrl, testClock, tiktokUrl } from './platform-calls.ts';

const platforms = [
  { name: 'TikTok', start: startTikTok, urlOf: tiktokUrl, scopes: ['user.info.basic', 'user.info.profile'] },
  { name: 'Reddit', start: startReddit, urlOf: redditUrl, scopes: ['identity', 'read'] },
];

describe.each(platforms)('the consent page of $name', ({ name, start, urlOf, scopes }) => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await start({ clients: [client], now: testClock().now });
  });
  afterEach(() => sandbox.close());

  test('offers every requested scope ticked, at least three accounts, and two decisions', async () => {
    const form = readForm((await call(urlOf(sandbox))).text);

    const named = (wanted: string) => (form?.controls ?? []).filter((control) => control.name === wanted);
    expect(form?.method).toBe('POST');
    expect(named('scope').map(({ kind, value, checked }) => [kind, value, checked])).toEqual(
      scopes.map((scope) => ['checkbox', scope, true]),
    );
    expect(named('account').length).toBeGreaterThanOrEqual(3);
    expect(named('account').filter(({ checked }) => checked)).toHaveLength(1);
    expect(named('decision').map(({ kind, value }) => [kind, value])).toEqual([
      ['submit', 'approve'],
      ['submit', 'deny'],
    ]);
  });

  test('says that it is a sandbox, shows a name beyond ASCII, and runs no script', async () => {
    const page = await call(urlOf(sandbox));

    expect(page.text).toContain(`${name} sandbox.`);
    expect(page.text).toMatch(/Ñ|Å/);
    expect(page.text).not.toMatch(/<script|\son[a-z]+=/i);
  });

  test('allows its form to redirect: the policy has no form-action', async () => {
    const policy = (await call(urlOf(sandbox))).headers.get('content-security-policy') ?? '';

    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('form-action');
  });

  test('asks again when nothing is ticked or no account is chosen', async () => {
    const nothing = await postForm(urlOf(sandbox), { decision: 'approve', account: 'mira' });
    const nobody = await postForm(urlOf(sandbox), { decision: 'approve', scope: scopes[0] ?? '' });

    for (const answer of [nothing, nobody]) {
      expect(answer.status).toBe(422);
      expect(answer.text).toContain('role="alert"');
    }
  });

  test('grants no scope that was not requested', async () => {
    const url = urlOf(sandbox, { scope: scopes[0] ?? '' });
    const account = readForm((await call(url)).text)?.controls.find(({ kind }) => kind === 'radio')?.value;

    const answer = await postForm(url, {
      decision: 'approve',
      account: account ?? '',
      scope: scopes[1] ?? '',
    });

    expect(answer.status).toBe(422);
  });

  test('writes what the request says as text, not as HTML', async () => {
    sandbox.addClient({ ...client, clientId: '"><b>bold' });
    const url = urlOf(sandbox, { client_key: '"><b>bold', client_id: '"><b>bold', state: '"><i>&amp;' });

    const page = await call(url);
    const location = new URL(await approve(url, {}, fetch));

    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/<b>|<i>/);
    expect(location.searchParams.get('state')).toBe('"><i>&amp;');
  });
});

describe('the visitor', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startTikTok({ clients: [client], now: testClock().now });
  });
  afterEach(() => sandbox.close());

  test('reports what an error page says', async () => {
    const visit = approve(tiktokUrl(sandbox, { client_key: 'nobody' }), {}, fetch);

    await expect(visit).rejects.toThrow('error page (400): This request cannot be granted');
  });

  test('answers the Location of a platform that redirects at once', async () => {
    const location = new URL(await approve(tiktokUrl(sandbox, { scope: 'nonsense' }), {}, fetch));

    expect(location.searchParams.get('error')).toBe('invalid_scope');
  });

  test('chooses nothing that the page does not offer', async () => {
    await expect(approve(tiktokUrl(sandbox), { account: 'nobody' }, fetch)).rejects.toThrow('account nobody');
    await expect(approve(tiktokUrl(sandbox), { scopes: ['video.list'] }, fetch)).rejects.toThrow(
      'scope video.list',
    );
  });

  test('leaves out what a person left unticked or unchosen', async () => {
    const page = `<form method="post"><input name="proof" value="1"><input type="checkbox" name="news" value="yes">
      <input type="radio" name="account" value="a"><input type="radio" name="account" value="b" checked>
      <button name="decision" value="approve">Go</button><button name="decision" value="deny">No</button></form>`;
    const bodies: unknown[] = [];
    const answering: typeof fetch = async (_url, init) => {
      bodies.push(init?.body instanceof URLSearchParams ? init.body.toString() : undefined);
      return init?.body ? Response.redirect('http://localhost/back') : new Response(page);
    };

    await approve('http://localhost/consent', {}, answering);

    expect(bodies).toEqual([undefined, 'proof=1&account=b&decision=approve']);
  });

  test('reads what a browser would submit: ticked boxes, the pressed button, decoded values', () => {
    const form = readForm(`<!-- <form action="/no"> --><p>a < b</p><FORM method=post action='/go?a=1&amp;b=2'>
      <input type=hidden name=token value="&#34;x&#x27;&quot;"><input name=off type=checkbox value=1>
      <input name=on type=checkbox checked><input name=gone value=1 disabled>
      <button name=decision value=approve>Go</button><button type=button name=menu>Menu</button></form>
      <input name=outside value=1>`);

    expect(form).toEqual({
      method: 'POST',
      action: '/go?a=1&b=2',
      controls: [
        { kind: 'field', name: 'token', value: '"x\'"', checked: false },
        { kind: 'checkbox', name: 'off', value: '1', checked: false },
        { kind: 'checkbox', name: 'on', value: 'on', checked: true },
        { kind: 'submit', name: 'decision', value: 'approve', checked: false },
      ],
    });
  });
});
