/** The sandbox for Facebook Login keeps to what Meta documents; each promise names the trap it holds for a client. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startInstagramFacebook } from '../../../../infra/local/platforms/instagram-facebook/instagram-facebook.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { approve } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';
import {
  codeFrom,
  dialogUrl,
  entriesIn,
  errorIn,
  facebookToken,
  graph,
  longFacebook,
  proofOf,
} from './instagram-calls.ts';
import { call, client, otherClient, redirectUri, testClock, textOf } from './platform-calls.ts';

let sandbox: Sandbox;
let clock: ReturnType<typeof testClock>;

beforeEach(async () => {
  clock = testClock();
  sandbox = await startInstagramFacebook({ clients: [client, otherClient], now: clock.now });
});
afterEach(() => sandbox.close());

const setModes = (modes: Readonly<Record<string, string | number | boolean>>) =>
  expect(sandbox.control({ command: 'set_modes', modes })).toEqual({ ok: true, affected: 1 });
const read = (path: string, token: string, query: Readonly<Record<string, string>> = {}) =>
  graph(sandbox, `/v26.0${path}`, { access_token: token, ...query });
const remove = (token: string) =>
  graph(sandbox, '/v26.0/me/permissions', { access_token: token }, { method: 'DELETE' });
const inspect = (token: string, by = client) =>
  graph(sandbox, '/v26.0/debug_token', {
    input_token: token,
    access_token: `${by.clientId}|${by.clientSecret}`,
  });
const linkedFields = 'id,name,access_token,instagram_business_account{id,username}';

describe('the Facebook Login sandbox: authorization', () => {
  test('ends every redirect with a fragment of its own, and words a refusal twice', async () => {
    const approved = await approve(dialogUrl(sandbox), {}, fetch);
    const denied = await approve(dialogUrl(sandbox), { decision: 'deny' }, fetch);

    expect(approved).toMatch(/\?code=.*&state=state-1#_=_$/);
    expect(Object.fromEntries(new URL(denied).searchParams)).toEqual({
      error: 'access_denied',
      error_code: '200',
      error_description: 'Permissions error',
      error_reason: 'user_denied',
      state: 'state-1',
    });
  });

  test.each([
    ['an unknown app', { client_id: 'nobody' }],
    ['another redirect_uri', { redirect_uri: `${redirectUri}?x=1` }],
    ['a scope of the other flavour', { scope: 'instagram_business_basic' }],
    ['the implicit flow', { response_type: 'token' }],
  ])('shows a page and does not redirect for %s', async (_what, changes) => {
    const answer = await call(dialogUrl(sandbox, changes));

    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });
});

describe('the Facebook Login sandbox: tokens', () => {
  const redeem = (code: string, changes = {}, by = client) =>
    facebookToken(sandbox, { code, redirect_uri: redirectUri, ...changes }, by);

  test('are short-lived first, then of sixty days, and again of sixty days for as long as they live', async () => {
    const short = await redeem(await codeFrom(dialogUrl(sandbox)));
    const prolong = (token: string) =>
      facebookToken(sandbox, { grant_type: 'fb_exchange_token', fb_exchange_token: token });
    const long = await prolong(textOf(short.body, 'access_token'));
    clock.advanceSeconds(5_183_999);
    const longer = await prolong(textOf(long.body, 'access_token'));
    const late = await prolong(textOf(short.body, 'access_token'));

    expect(short.body).toEqual({
      access_token: expect.stringMatching(/^EAASs4ndb0x/),
      token_type: 'bearer',
      expires_in: 3_600,
    });
    expect(long.body['expires_in']).toBe(5_184_000);
    expect(longer.body['expires_in']).toBe(5_184_000);
    expect(errorIn(late)).toMatchObject({ code: 190 });
  });

  test('are refused with codes that mean other things elsewhere', async () => {
    const code = await codeFrom(dialogUrl(sandbox));

    const refused = [
      await redeem(code, { redirect_uri: `${redirectUri}/` }),
      await redeem(code, {}, { ...client, clientSecret: 's4ndb0x-wrong' }),
      await redeem(code, {}, { ...client, clientId: 'nobody' }),
      await redeem(code, {}, otherClient),
    ];
    await redeem(code);
    refused.push(await redeem(code));

    expect(refused.map(errorIn)).toMatchObject([
      { code: 100, error_subcode: 36_008 },
      { code: 1, message: 'Error validating client secret.' },
      { code: 101 },
      { code: 100, error_subcode: 36_009 },
      { code: 100, error_subcode: 36_009 },
    ]);
    expect(sandbox.calls().codeReuses).toBe(1);
  });

  test('tell all about themselves to their own app', async () => {
    const token = await longFacebook(sandbox);
    const consentAt = clock.now() / 1000;

    const inspected = await inspect(token);
    const [page] = entriesIn(await read('/me/accounts', token, { fields: linkedFields }));
    const ofPage = await inspect(String(page?.['access_token']));

    expect(inspected.body['data']).toMatchObject({
      app_id: client.clientId,
      type: 'USER',
      is_valid: true,
      issued_at: consentAt,
      expires_at: consentAt + 5_184_000,
      data_access_expires_at: consentAt + 7_776_000,
      scopes: ['instagram_basic', 'pages_show_list', 'public_profile'],
      granular_scopes: [
        { scope: 'instagram_basic', target_ids: expect.arrayContaining(['104520000000011']) },
        { scope: 'pages_show_list', target_ids: expect.arrayContaining(['104520000000012']) },
      ],
    });
    expect(ofPage.body['data']).toMatchObject({
      type: 'PAGE',
      expires_at: 0,
      profile_id: '104520000000011',
    });
  });

  test('say of their data that only a new login lets it be read for longer', async () => {
    const token = await longFacebook(sandbox);
    const before = await inspect(token);
    clock.advanceSeconds(864_000);
    const exchanged = await facebookToken(sandbox, {
      grant_type: 'fb_exchange_token',
      fb_exchange_token: token,
    });
    const after = await inspect(textOf(exchanged.body, 'access_token'));

    const endOf = ({ body }: typeof before) => Object(body['data'])['data_access_expires_at'];
    expect(endOf(after)).toBe(endOf(before));
  });

  test('are invalid when they are another app’s, gone, or asked about with a wrong secret', async () => {
    const token = await longFacebook(sandbox);
    const foreign = await inspect(token, otherClient);
    const wrong = await inspect(token, { ...client, clientSecret: 's4ndb0x-wrong' });
    await remove(token);
    const gone = await inspect(token);

    for (const { body } of [foreign, gone])
      expect(body['data']).toMatchObject({ is_valid: false, scopes: [] });
    expect(errorIn(wrong)).toMatchObject({ code: 190 });
  });
});

describe('the Facebook Login sandbox: Pages', () => {
  test('come with their token, and with Instagram only where it is linked', async () => {
    const answer = await read('/me/accounts', await longFacebook(sandbox), { fields: linkedFields });

    expect(entriesIn(answer)).toEqual([
      {
        id: '104520000000011',
        name: 'Saltmarsh Bakery',
        access_token: expect.stringMatching(/^EAAPs4ndb0x/),
        instagram_business_account: { id: '17841405793187218', username: 'saltmarsh.bakery' },
      },
      {
        id: '104520000000012',
        name: 'Saltmarsh Village Fair',
        access_token: expect.stringMatching(/^EAAPs4ndb0x/),
      },
      {
        id: '104520000000013',
        name: 'Ærø Ferry & Café',
        access_token: expect.stringMatching(/^EAAPs4ndb0x/),
        instagram_business_account: { id: '17841460000000777', username: 'aeroe.ferry' },
      },
    ]);
    expect(answer.body['paging']).not.toHaveProperty('next');
  });

  test('come in pages whose next address carries the token', async () => {
    setModes({ pageSize: 2 });
    const token = await longFacebook(sandbox);

    const first = await read('/me/accounts', token, { fields: 'id' });
    const { next } = Object(first.body['paging']);
    const second = await call(String(next));

    expect(entriesIn(first)).toHaveLength(2);
    expect(new URL(String(next)).searchParams.get('access_token')).toBe(token);
    expect(entriesIn(second)).toEqual([{ id: '104520000000013' }]);
    expect(second.body['paging']).not.toHaveProperty('next');
  });

  test('keep their tokens when the user’s own runs out, and lose them with the grant', async () => {
    const token = await longFacebook(sandbox);
    const [page] = entriesIn(await read('/me/accounts', token));
    const pageToken = String(page?.['access_token']);
    clock.advanceSeconds(5_184_000);
    const later = await read('/me', pageToken);
    const expired = await read('/me', token);
    sandbox.control({ command: 'kill_grants' });
    const gone = await read('/me', pageToken);

    expect(later.body).toEqual({ id: '104520000000011', name: 'Saltmarsh Bakery' });
    expect(errorIn(expired)).toMatchObject({ code: 190, error_subcode: 463 });
    expect(errorIn(gone)).toMatchObject({ code: 190, error_subcode: 458 });
  });

  test('hide Instagram without its permission, and themselves without theirs', async () => {
    const listing = await longFacebook(sandbox, {}, 'pages_show_list');
    const blind = await longFacebook(sandbox, {}, 'instagram_basic');

    const unlinked = await read('/me/accounts', listing, { fields: linkedFields });
    const refused = await read('/me/accounts', blind, { fields: linkedFields });

    for (const page of entriesIn(unlinked)) expect(page).not.toHaveProperty('instagram_business_account');
    expect([refused.status, errorIn(refused)['code']]).toEqual([403, 200]);
  });

  test('are gone when the user has lost their role', async () => {
    setModes({ lostPage: '104520000000011' });

    const answer = await read('/me/accounts', await longFacebook(sandbox), { fields: 'id' });

    expect(entriesIn(answer).map(({ id }) => id)).toEqual(['104520000000012', '104520000000013']);
  });
});

describe('the Facebook Login sandbox: permissions', () => {
  test('are those left ticked, with what every login brings and what was declined', async () => {
    const token = await longFacebook(sandbox, { scopes: ['pages_show_list'] });

    const answer = await read('/me/permissions', token);

    expect(entriesIn(answer)).toEqual([
      { permission: 'pages_show_list', status: 'granted' },
      { permission: 'public_profile', status: 'granted' },
      { permission: 'email', status: 'declined' },
    ]);
  });

  test.each([
    ['object', '{"success":true}'],
    ['true', 'true'],
  ])('go all at once, for every consent of the user: %s', async (deletionAnswer, text) => {
    setModes({ deletionAnswer });
    const [one, two] = [await longFacebook(sandbox), await longFacebook(sandbox)];
    const other = await longFacebook(sandbox, { account: 'haruto' });

    const removed = await remove(one);
    const again = await remove(one);

    expect(removed.text).toBe(text);
    expect(errorIn(again)).toMatchObject({ code: 190 });
    expect(errorIn(await read('/me', two))).toMatchObject({ code: 190 });
    expect((await read('/me', other)).status).toBe(200);
  });

  test('are the user’s and not a Page’s', async () => {
    const [page] = entriesIn(await read('/me/accounts', await longFacebook(sandbox)));
    const pageToken = String(page?.['access_token']);

    expect(errorIn(await read('/me/permissions', pageToken))).toMatchObject({ code: 100 });
    expect(errorIn(await remove(pageToken))).toMatchObject({ code: 100 });
  });
});

test('wants the proof where it is switched on, and never takes a wrong one', async () => {
  const token = await longFacebook(sandbox);
  const wrong = await read('/me', token, { appsecret_proof: proofOf(token, 's4ndb0x-wrong') });
  setModes({ requireProof: true });

  const none = await read('/me', token);
  const proven = await read('/me', token, { appsecret_proof: proofOf(token) });

  expect(errorIn(wrong)).toMatchObject({
    code: 100,
    message: expect.stringMatching(/^Invalid appsecret_proof/),
  });
  expect(errorIn(none)).toMatchObject({ code: 100, message: expect.stringContaining('appsecret_proof') });
  expect(proven.body).toMatchObject({ name: 'Greta Saltmarsh' });
});
