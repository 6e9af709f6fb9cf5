/** The sandbox for Instagram Login keeps to what Meta documents; each promise names the trap it holds for a client. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startInstagram } from '../../../../infra/local/platforms/instagram/instagram.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { approve } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';
import {
  codeFrom,
  errorIn,
  graph,
  loginUrl,
  longLogin,
  prolongLogin,
  redeemLogin,
  refreshLogin,
  shortLogin,
  unwrapped,
} from './instagram-calls.ts';
import { call, client, otherClient, redirectUri, testClock, textOf } from './platform-calls.ts';

let sandbox: Sandbox;
let clock: ReturnType<typeof testClock>;

beforeEach(async () => {
  clock = testClock();
  sandbox = await startInstagram({ clients: [client, otherClient], now: clock.now });
});
afterEach(() => sandbox.close());

const setModes = (modes: Readonly<Record<string, string | number | boolean>>) =>
  expect(sandbox.control({ command: 'set_modes', modes })).toEqual({ ok: true, affected: 1 });
const me = (token: string, fields = 'id,user_id,username', version = 'v26.0') =>
  graph(sandbox, `/${version}/me`, { fields }, { headers: { authorization: `Bearer ${token}` } });

describe('the Instagram sandbox: authorization', () => {
  test('ends every redirect with two characters that are no part of the code', async () => {
    const approved = await approve(loginUrl(sandbox), {}, fetch);
    const denied = await approve(loginUrl(sandbox), { decision: 'deny' }, fetch);

    expect(approved).toMatch(
      /^http:\/\/localhost:8787\/integrations\/callback\/test\?code=.*&state=state-1#_$/,
    );
    expect(Object.fromEntries(new URL(denied).searchParams)).toEqual({
      error: 'access_denied',
      error_reason: 'user_denied',
      error_description: 'The user denied your request.',
      state: 'state-1',
    });
    expect(denied).toMatch(/#_$/);
  });

  test.each([
    ['the Meta app id', { client_id: 'meta-app' }],
    ['a redirect_uri with a slash added', { redirect_uri: `${redirectUri}/` }],
    ['scopes joined with spaces', { scope: 'instagram_business_basic instagram_business_manage_comments' }],
    ['a withdrawn scope', { scope: 'business_basic' }],
    ['the implicit flow', { response_type: 'token' }],
  ])('shows a page and does not redirect for %s', async (_what, changes) => {
    const answer = await call(loginUrl(sandbox, changes));

    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });
});

describe('the Instagram sandbox: code exchange', () => {
  test('answers wrapped in an array, without a lifetime, with the app-scoped id', async () => {
    const answer = await redeemLogin(sandbox, await codeFrom(loginUrl(sandbox)));

    expect(answer.body).toEqual({
      data: [
        {
          access_token: expect.stringMatching(/^IGAASs4ndb0x/),
          user_id: expect.stringMatching(/^2\d{16}$/),
          permissions: 'instagram_business_basic,instagram_business_manage_comments',
        },
      ],
    });
  });

  test('can be flat, with a list of permissions and an id above 2^53 as a number', async () => {
    setModes({ tokenBody: 'flat', permissions: 'list', ids: 'number' });

    const answer = await redeemLogin(sandbox, await codeFrom(loginUrl(sandbox)));

    expect(answer.text).toMatch(/"user_id":2\d{16}[,}]/);
    expect(answer.body['permissions']).toEqual([
      'instagram_business_basic',
      'instagram_business_manage_comments',
    ]);
    expect(Number.isSafeInteger(answer.body['user_id'])).toBe(false);
  });

  test('takes a code once, and refuses it in a shape that is not the Graph API’s', async () => {
    const code = await codeFrom(loginUrl(sandbox));
    await redeemLogin(sandbox, code);

    const again = await redeemLogin(sandbox, code);

    expect(again.status).toBe(400);
    expect(again.body).toEqual({
      error_type: 'OAuthException',
      code: 400,
      error_message: 'Matching code was not found or was already used',
    });
    expect(sandbox.calls().codeReuses).toBe(1);
  });

  test('refuses a code after an hour, under another redirect URI, and of another app', async () => {
    const code = await codeFrom(loginUrl(sandbox));
    const elsewhere = await redeemLogin(sandbox, code, { redirect_uri: `${redirectUri}/` });
    const foreign = await redeemLogin(sandbox, code, {}, otherClient);
    clock.advanceSeconds(3_600);
    const late = await redeemLogin(sandbox, code);

    for (const answer of [elsewhere, foreign, late]) expect(answer.body['error_type']).toBe('OAuthException');
    expect(elsewhere.body['error_message']).toMatch(/^Error validating verification code/);
  });

  test('refuses a wrong secret in the Graph API’s shape or in its own, and an unknown app in its own', async () => {
    const code = await codeFrom(loginUrl(sandbox));
    const wrong = { ...client, clientSecret: 's4ndb0x-wrong' };

    const graphShaped = await redeemLogin(sandbox, code, {}, wrong);
    setModes({ secretRefusal: 'flat' });
    const flat = await redeemLogin(sandbox, code, {}, wrong);
    const unknown = await redeemLogin(sandbox, code, {}, { ...client, clientId: 'meta-app' });

    expect(errorIn(graphShaped)).toMatchObject({ code: 1, message: 'Error validating client secret.' });
    expect(flat.body).toMatchObject({ code: 400, error_message: 'Error validating client secret.' });
    expect(unknown.body).toMatchObject({ code: 400, error_message: 'Invalid platform app' });
  });
});

describe('the Instagram sandbox: long-lived tokens', () => {
  test('come of short-lived ones, for sixty days', async () => {
    const answer = await prolongLogin(sandbox, await shortLogin(sandbox));

    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^IGAALs4ndb0x/),
      token_type: 'bearer',
      expires_in: 5_184_000,
    });
  });

  test('are not to be had for an expired token, a long-lived one, or with a wrong secret', async () => {
    const short = await shortLogin(sandbox);
    const wrong = await prolongLogin(sandbox, short, 's4ndb0x-wrong');
    const long = await prolongLogin(sandbox, await longLogin(sandbox));
    clock.advanceSeconds(3_600);
    const late = await prolongLogin(sandbox, short);

    expect(errorIn(wrong)).toMatchObject({ code: 100, message: 'Error validating client secret.' });
    expect(errorIn(long)).toMatchObject({ code: 100 });
    expect(errorIn(late)).toMatchObject({ code: 190, error_subcode: 463 });
  });

  test('can be refreshed from their second day to their last second, and each time for sixty days', async () => {
    const token = await longLogin(sandbox);
    clock.advanceSeconds(86_399);
    const early = await refreshLogin(sandbox, token);
    clock.advanceSeconds(1);
    const second = await refreshLogin(sandbox, token);
    clock.advanceSeconds(5_184_000 - 1);
    const last = await refreshLogin(sandbox, textOf(second.body, 'access_token'));
    const late = await refreshLogin(sandbox, token);

    expect(errorIn(early)).toMatchObject({ code: 100 });
    expect(second.body['expires_in']).toBe(5_184_000);
    expect(last.status).toBe(200);
    expect(errorIn(late)).toMatchObject({ code: 190 });
  });

  test('need the basic permission for a refresh', async () => {
    const token = await longLogin(sandbox, { scopes: ['instagram_business_manage_comments'] });
    clock.advanceSeconds(86_400);

    expect(errorIn(await refreshLogin(sandbox, token))).toMatchObject({ code: 10 });
  });

  test('may arrive without a lifetime, be refreshed at once, and stay the same', async () => {
    setModes({ expiresIn: 'absent', minimumAgeSeconds: 0, refreshedToken: 'same' });
    const token = await longLogin(sandbox);

    const refreshed = await refreshLogin(sandbox, token);

    expect(refreshed.body).toEqual({ access_token: token, token_type: 'bearer' });
  });
});

describe('the Instagram sandbox: profile', () => {
  test('tells the app-scoped id from the professional account’s', async () => {
    const token = await longLogin(sandbox);

    const answer = await me(token);

    expect(answer.body).toEqual({
      id: expect.stringMatching(/^2\d{16}$/),
      user_id: '17841405793187218',
      username: 'saltmarsh.bakery',
    });
  });

  test('gives each app its own id of the same user', async () => {
    const url = loginUrl(sandbox, { client_id: otherClient.clientId });
    const mine = unwrapped(await redeemLogin(sandbox, await codeFrom(loginUrl(sandbox))));
    const theirs = unwrapped(await redeemLogin(sandbox, await codeFrom(url), {}, otherClient));

    expect(mine['user_id']).not.toBe(theirs['user_id']);
  });

  test('refuses a field too many, a missing token, one without a form, one that is gone and one that ran out', async () => {
    const token = await longLogin(sandbox);
    const excess = await me(token, 'id,website_clicks');
    const none = await graph(sandbox, '/v26.0/me', {});
    const formless = await me('not-a-token');
    clock.advanceSeconds(5_184_000);
    const late = await me(token);
    sandbox.control({ command: 'kill_grants' });
    const gone = await me(token);

    expect(errorIn(excess)).toMatchObject({ code: 100 });
    expect(errorIn(none)).toMatchObject({ code: 2500 });
    expect(errorIn(formless)).toMatchObject({ code: 190 });
    expect(errorIn(formless)).not.toHaveProperty('error_subcode');
    expect(errorIn(late)).toMatchObject({ code: 190, error_subcode: 463, fbtrace_id: expect.any(String) });
    expect(errorIn(gone)).toMatchObject({ code: 190, error_subcode: 458 });
  });

  test('answers under every version that is usable, and under no other', async () => {
    const token = await longLogin(sandbox);

    const statuses = await Promise.all(
      ['v21.0', 'v26.0', 'v20.0', 'v27.0'].map(async (version) => (await me(token, 'id', version)).status),
    );

    expect(statuses).toEqual([200, 200, 404, 404]);
  });
});

test('tells its use in two headers that climb to a hundred, and then refuses and says for how long', async () => {
  setModes({ callBudget: 2, budgetWindowSeconds: 600 });
  const token = await longLogin(sandbox);
  const answers = [await me(token), await me(token), await me(token)];
  clock.advanceSeconds(600);
  const refreshed = await me(token);

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 400]);
  expect(answers.map(({ headers }) => headers.get('x-app-usage'))).toEqual(
    [50, 100, 100].map((percent) => `{"call_count":${percent},"total_cputime":1,"total_time":1}`),
  );
  expect(answers[2]?.headers.get('x-business-use-case-usage')).toBe(
    '{"17841405793187218":[{"type":"instagram","call_count":100,"total_cputime":1,"total_time":1,"estimated_time_to_regain_access":10}]}',
  );
  expect(errorIn(answers[2] ?? refreshed)).toMatchObject({ code: 80_002 });
  expect(refreshed.status).toBe(200);
});

test('keeps grants and their tokens across a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'instagram-'));
  const options = { clients: [client], now: clock.now, stateFile: join(folder, 'instagram.json') };
  const first = await startInstagram(options);
  const token = await longLogin(first);
  await first.close();

  const second = await startInstagram(options);
  clock.advanceSeconds(86_400);
  const refreshed = await refreshLogin(second, token);
  await second.close();
  await rm(folder, { recursive: true });

  expect(refreshed.status).toBe(200);
});
