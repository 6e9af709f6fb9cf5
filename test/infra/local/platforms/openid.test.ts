/** The OpenID sandbox keeps the standards' promises, and the built-in provider connects to it. */
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startOpenId } from '../../../../infra/local/platforms/openid/openid.ts';
import { openStorage } from '../../../../infra/local/platforms/openid/storage.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { approve } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';
import { discoverServer } from '../../../../lib/oauth/discovery.ts';
import { createPkce } from '../../../../lib/oauth/pkce.ts';
import { createPlatformHttp } from '../../../../lib/platform-http/platform-http.ts';
import { openid } from '../../../../lib/platforms/openid/definition.ts';
import { createAdapter, getAuthUrl } from '../../../../lib/providers/adapter/adapter.ts';
import { Secret } from '../../../../lib/telemetry/secret.ts';
import {
  connectOpenId,
  openIdLocation,
  openIdPost,
  openIdUrl,
  redeem,
  refresh,
  userinfo,
} from './openid-calls.ts';
import { call, client, otherClient, redirectUri, textOf } from './platform-calls.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await startOpenId({ clients: [client], now: () => Date.now() });
});
afterEach(() => sandbox.close());

test('describes itself as a server that wants PKCE, names itself in answers, and revokes', async () => {
  const { body } = await call(`${sandbox.origin}/.well-known/openid-configuration`);

  expect(body).toMatchObject({
    issuer: sandbox.origin,
    authorization_response_iss_parameter_supported: true,
    code_challenge_methods_supported: ['S256'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'profile', 'offline_access'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
    userinfo_endpoint: `${sandbox.origin}/me`,
    revocation_endpoint: `${sandbox.origin}/token/revocation`,
  });
});

test('gives the chosen account a signed ID token, userinfo, and secrets that carry the marker', async () => {
  const location = await openIdLocation(sandbox, { account: 'tomas' });
  const code = location.searchParams.get('code') ?? '';
  const { body } = await redeem(sandbox, code);
  const { payload } = await jwtVerify(
    textOf(body, 'id_token'),
    createRemoteJWKSet(new URL(`${sandbox.origin}/jwks`)),
    { issuer: sandbox.origin, audience: client.clientId },
  );
  const profile = await userinfo(sandbox, textOf(body, 'access_token'));
  const picture = await call(textOf(profile.body, 'picture'));

  expect(location.href.startsWith(redirectUri)).toBe(true);
  expect(location.searchParams.get('state')).toBe('state-1');
  expect(location.searchParams.get('iss')).toBe(sandbox.origin);
  expect(body).toMatchObject({
    expires_in: 3600,
    scope: 'openid profile offline_access',
    token_type: 'Bearer',
  });
  for (const secret of [code, body['access_token'], body['refresh_token']]) {
    expect(secret).toContain('s4ndb0x');
  }
  expect(payload['nonce']).toBe('nonce-1');
  expect(profile.body).toMatchObject({
    sub: payload.sub,
    name: 'Tomas Quay',
    preferred_username: 'tomas.quay',
  });
  expect(picture.headers.get('content-type')).toBe('image/svg+xml');
});

test('is a platform that the built-in provider connects to, refreshes at and revokes at', async () => {
  const http = createPlatformHttp({ fetch, insecureOrigins: [sandbox.origin] });
  const target = await discoverServer(http, sandbox.origin);
  const app = { clientId: client.clientId, clientSecret: new Secret(client.clientSecret), settings: {} };
  const adapter = createAdapter({ provider: openid, target, app, http, now: () => Date.now() });
  const { verifier, challenge } = createPkce('S256');
  const request = {
    ...app,
    redirectUri,
    state: 'state-1',
    scopes: openid.consent.scopes.default,
    nonce: 'nonce-2',
  };

  const location = new URL(
    await approve(getAuthUrl(openid, target, { ...request, challenge }), { account: 'plain' }, fetch),
  );
  const code = new Secret(location.searchParams.get('code') ?? '');
  const granted = await adapter.exchangeCodeForToken({ code, redirectUri, verifier, nonce: 'nonce-2' });
  if (granted.kind !== 'granted' || !granted.tokens.refreshToken) throw new Error(granted.kind);
  const profile = await adapter.getUserProfile(granted.tokens.accessToken, []);
  const refreshed = await adapter.refreshAccessToken(granted.tokens.refreshToken, 'plain');
  if (refreshed.kind !== 'granted') throw new Error(refreshed.kind);
  const revoked = await adapter.revokeAccess(refreshed.tokens);
  const afterwards = await adapter.getUserProfile(refreshed.tokens.accessToken, []);

  expect(profile).toMatchObject({ kind: 'accounts', accounts: [{ displayName: 'Plain Person' }] });
  expect(JSON.stringify(profile)).not.toContain('avatarUrl');
  expect(revoked).toEqual({ kind: 'revoked' });
  expect(afterwards.kind).toBe('reconnect_required');
});

test('says nothing on the console from start to revocation', async () => {
  const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;
  const spies = methods.map((method) => vi.spyOn(console, method).mockImplementation(() => undefined));
  const quiet = await startOpenId({ clients: [client], now: () => Date.now() });

  const body = await connectOpenId(quiet);
  const accessToken = textOf(body, 'access_token');
  await userinfo(quiet, accessToken);
  const foreign = await call(`${quiet.origin}/me`, {
    headers: { origin: 'https://elsewhere.example', authorization: `Bearer ${accessToken}` },
  });
  const refreshed = await refresh(quiet, textOf(body, 'refresh_token'));
  await openIdPost(quiet, '/token/revocation', { token: textOf(refreshed.body, 'refresh_token') });
  await call(openIdUrl(quiet, { client_id: 'nobody' }));
  await quiet.close();
  const said = spies.flatMap((spy) => spy.mock.calls);
  for (const spy of spies) spy.mockRestore();

  expect(foreign.status).toBe(400);
  expect(said).toEqual([]);
});

describe('an authorization', () => {
  test.each([
    ['without a challenge', { code_challenge: '', code_challenge_method: '' }],
    ['with a plain challenge', { code_challenge_method: 'plain' }],
  ])('is refused %s', async (_, changes) => {
    const location = await openIdLocation(sandbox, {}, openIdUrl(sandbox, changes));

    expect(location.searchParams.get('error')).toBe('invalid_request');
    expect(location.searchParams.has('code')).toBe(false);
  });

  test.each([
    ['client', { client_id: 'nobody' }],
    ['redirect URI', { redirect_uri: 'https://elsewhere.example/callback' }],
  ])('of an unknown %s ends on a page of the sandbox', async (_, changes) => {
    const page = await call(openIdUrl(sandbox, changes));

    expect(page.status).toBe(400);
    expect(page.headers.get('location')).toBeNull();
    expect(page.text).toContain('OpenID sandbox.');
  });

  test('asks again in a browser that keeps its cookies, and makes each consent a grant of its own', async () => {
    const kept = new Map<string, string>();
    const browser: typeof fetch = async (url, init) => {
      const headers = new Headers(init?.headers);
      const all = [...kept, ...(headers.get('cookie')?.split('; ') ?? []).map((pair) => pair.split('='))];
      headers.set('cookie', all.map((pair) => pair.join('=')).join('; '));
      const response = await fetch(url, { ...init, headers });
      for (const written of response.headers.getSetCookie()) {
        const [name = '', value = ''] = written.split(';')[0]?.split('=') ?? [];
        kept.set(name, value);
      }
      return response;
    };
    const tokens = async (account: string) => {
      const location = new URL(await approve(openIdUrl(sandbox, { prompt: '' }), { account }, browser));
      return (await redeem(sandbox, location.searchParams.get('code') ?? '')).body;
    };

    const bodies = [await tokens('ines'), await tokens('tomas'), await tokens('ines')];
    await openIdPost(sandbox, '/token/revocation', { token: textOf(bodies[0] ?? {}, 'access_token') });
    const profiles = await Promise.all(bodies.map((body) => userinfo(sandbox, textOf(body, 'access_token'))));

    expect(kept.has('_session')).toBe(true);
    expect(profiles.map(({ status, body }) => [status, body['name']])).toEqual([
      [401, undefined],
      [200, 'Tomas Quay'],
      [200, 'Inês Åkerblom'],
    ]);
  });
});

describe('the token endpoint', () => {
  test.each([
    ['another verifier', { code_verifier: 'another-verifier-of-at-least-43-characters-here' }],
    ['another redirect URI', { redirect_uri: 'http://localhost:8787/elsewhere' }],
  ])('refuses a code with %s', async (_, changes) => {
    const location = await openIdLocation(sandbox);

    const answer = await redeem(sandbox, location.searchParams.get('code') ?? '', changes);

    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_grant']);
  });

  test('takes a code once, and ends what it gave when the code is replayed', async () => {
    const code = (await openIdLocation(sandbox)).searchParams.get('code') ?? '';
    const first = await redeem(sandbox, code);

    const second = await redeem(sandbox, code);
    const profile = await userinfo(sandbox, textOf(first.body, 'access_token'));

    expect([second.body['error'], profile.status]).toEqual(['invalid_grant', 401]);
    expect(sandbox.calls().codeReuses).toBe(1);
  });

  test('rotates refresh tokens, and ends the grant when a spent one is replayed', async () => {
    const first = await connectOpenId(sandbox);
    const second = await refresh(sandbox, textOf(first, 'refresh_token'));
    const before = sandbox.calls().refreshTokenReuses;

    const reused = await refresh(sandbox, textOf(first, 'refresh_token'));
    const third = await refresh(sandbox, textOf(second.body, 'refresh_token'));

    expect(second.body['refresh_token']).not.toBe(first['refresh_token']);
    expect([reused.body['error'], third.body['error']]).toEqual(['invalid_grant', 'invalid_grant']);
    expect([before, sandbox.calls().refreshTokenReuses]).toEqual([0, 1]);
  });

  test('spends a refresh token once, even when it is presented twice at the same moment', async () => {
    const body = await connectOpenId(sandbox);

    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => refresh(sandbox, textOf(body, 'refresh_token'))),
    );

    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  });

  test('is backed by a storage that lets a secret be spent once, and ends the grant at the second try', async () => {
    const storage = await openStorage(undefined, () => Date.now());
    const payload = { grantId: 'grant-1', accountId: 'subject-1', clientId: client.clientId };
    const tokens = storage.adapter('RefreshToken');
    await tokens.upsert('s4ndb0x-token', payload, 60);
    await storage.adapter('AccessToken').upsert('s4ndb0x-access', payload, 60);

    const tries = await Promise.allSettled([
      tokens.consume('s4ndb0x-token'),
      tokens.consume('s4ndb0x-token'),
    ]);

    expect(tries.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(storage.locate('s4ndb0x-access')).toBeUndefined();
  });

  test('refuses a client with a wrong secret', async () => {
    const body = await connectOpenId(sandbox);

    const answer = await openIdPost(
      sandbox,
      '/token',
      { grant_type: 'refresh_token', refresh_token: textOf(body, 'refresh_token') },
      { ...client, clientSecret: 's4ndb0x-wrong' },
    );

    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
  });

  test("leaves another client's token alone when asked to revoke it", async () => {
    sandbox.addClient(otherClient);
    const token = textOf(await connectOpenId(sandbox), 'access_token');

    const refused = await openIdPost(sandbox, '/token/revocation', { token }, otherClient);
    const profile = await userinfo(sandbox, token);

    expect([refused.status, profile.status]).toEqual([400, 200]);
  });
});
