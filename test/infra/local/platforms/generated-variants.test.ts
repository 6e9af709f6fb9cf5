/** Whatever a provider's data may declare beside the defaults, a generated platform does and demands. */
import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ProviderInput } from '../../../../lib/providers/definition/provider-data.ts';
import {
  authorizeUrl,
  connectHarbour,
  consent,
  exchangeOf,
  getWithBearer,
  harbour,
  postBasic,
  postJson,
  postSecret,
  startGenerated,
  verifier,
} from './generated-calls.ts';
import { call, client, textOf } from './platform-calls.ts';

const { authorization, token } = harbour.endpoints;
const withoutPkce = { code_challenge: '', code_challenge_method: '' };

const refreshWith = (url: string, refreshToken: unknown) =>
  postSecret(url, { grant_type: 'refresh_token', refresh_token: String(refreshToken) });

test('JSON requests, Basic authentication and a wrapped answer of other names', async () => {
  const { at, sandbox } = await startGenerated({
    ...harbour,
    clientAuthentication: 'client_secret_basic',
    tokenRequestFormat: 'json',
    tokenAnswer: { accessToken: 'data.token', refreshToken: 'data.refresh', expiresIn: 'data.ttl' },
  });
  const { code = '' } = await consent(authorizeUrl(at(authorization)));

  const form = await postBasic(at(token), exchangeOf(code), 'form');
  sandbox.control({
    command: 'inject',
    endpoint: 'token',
    calls: 1,
    fault: { kind: 'without_refresh_token' },
  });
  const json = await postBasic(at(token), exchangeOf(code), 'json');

  expect(form.body['error']).toBe('invalid_request');
  expect(json.body).toEqual({
    data: { token: expect.stringContaining('s4ndb0x'), token_type: 'Bearer', ttl: 3_600 },
    scope: 'read write',
  });
});

test('fixed parameters, headers and names of parameters are demanded', async () => {
  const { at } = await startGenerated({
    ...harbour,
    headers: { 'x-version': '7' },
    parameterNames: { clientId: 'client_key' },
    authorizationParameters: { audience: 'ships' },
    tokenParameters: { audience: 'ships', redirect_uri: '' },
  });
  const url = authorizeUrl(at(authorization), { client_id: '', client_key: client.clientId });

  const without = await consent(url);
  const { code = '' } = await consent(`${url}&audience=ships`);
  const fields = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    client_key: client.clientId,
    client_secret: client.clientSecret,
  };
  const send = (body: Readonly<Record<string, string>>, headers = {}) =>
    call(at(token), { method: 'POST', body: new URLSearchParams(body), headers });
  const noHeader = await send({ ...fields, audience: 'ships' });
  const noParameter = await send(fields, { 'x-version': '7' });
  const whole = await send({ ...fields, audience: 'ships' }, { 'x-version': '7' });

  expect(without['error']).toBe('invalid_request');
  expect(noHeader.body['error_description']).toContain('x-version');
  expect(noParameter.body['error_description']).toContain('audience');
  expect(whole.status).toBe(200);
});

test('a static refresh token stays good and is not repeated', async () => {
  const { at } = await startGenerated({ ...harbour, refresh: { kind: 'static' } });
  const tokens = await connectHarbour(at);

  const first = await refreshWith(at(token), tokens['refresh_token']);
  const second = await refreshWith(at(token), tokens['refresh_token']);

  expect([first.status, second.status]).toEqual([200, 200]);
  expect(first.body).not.toHaveProperty('refresh_token');
});

test('a living token is exchanged for a longer one where the data says so, and a dead one is not', async () => {
  const { at, clock } = await startGenerated({
    ...harbour,
    refresh: { kind: 're-exchange', minimumAgeSeconds: 60 },
    refreshParameters: { grant_type: 'harbour_refresh' },
  });
  const tokens = await connectHarbour(at);
  const exchange = (accessToken: unknown) =>
    postSecret(at(token), { grant_type: 'harbour_refresh', access_token: String(accessToken) });

  const tooEarly = await exchange(tokens['access_token']);
  clock.advanceSeconds(60);
  const exchanged = await exchange(tokens['access_token']);
  clock.advanceSeconds(3_600);
  const dead = await exchange(tokens['access_token']);

  expect(tokens).not.toHaveProperty('refresh_token');
  expect([tooEarly.status, exchanged.status, dead.body['error']]).toEqual([400, 200, 'invalid_grant']);
});

test('tokens without refresh have no end and say none', async () => {
  const { at } = await startGenerated({ ...harbour, refresh: { kind: 'none' } });

  const tokens = await connectHarbour(at);

  expect(tokens).not.toHaveProperty('refresh_token');
  expect(tokens).not.toHaveProperty('expires_in');
});

test('a refresh token comes only with the offline scope where the data knows one', async () => {
  const { at } = await startGenerated({
    ...harbour,
    scopes: { known: { read: 'Read', write: 'Write', offline_access: 'Stay' }, open: false },
  });
  const url = authorizeUrl(at(authorization), { scope: 'read offline_access' });
  const connect = async (scopes: readonly string[]) => {
    const { code = '' } = await consent(url, { scopes });
    return (await postSecret(at(token), exchangeOf(code))).body;
  };

  expect(await connect(['read'])).not.toHaveProperty('refresh_token');
  expect(await connect(['read', 'offline_access'])).toHaveProperty('refresh_token');
});

test('PKCE in hexadecimal is checked in hexadecimal, and PKCE is refused where the data has none', async () => {
  const hex = await startGenerated({ ...harbour, pkce: 'S256-hex' });
  const none = await startGenerated({ ...harbour, pkce: 'none' });
  const challenge = createHash('sha256').update(verifier).digest('hex');

  const wrong = await consent(authorizeUrl(hex.at(authorization)));
  const { code = '' } = await consent(authorizeUrl(hex.at(authorization), { code_challenge: challenge }));
  const exchanged = await postSecret(hex.at(token), exchangeOf(code));
  const refused = await consent(authorizeUrl(none.at(authorization)));

  expect(wrong['error']).toBe('invalid_request');
  expect(exchanged.status).toBe(200);
  expect(refused['error']).toBe('invalid_request');
});

test('variables in hosts and paths lead to the sandbox only where they fit their patterns', async () => {
  const { at, sandbox } = await startGenerated({
    ...harbour,
    endpoints: {
      authorization: 'https://{port}.harbour.example/{area}/authorize',
      token: 'https://{port}.harbour.example/{area}/token',
    },
    connectionFields: { port: { pattern: '^[a-z]{2,9}$' }, area: { pattern: '^(north|south)$' } },
  });
  const { code = '' } = await consent(authorizeUrl(at('https://dover.harbour.example/north/authorize')));

  const good = await postSecret(at('https://dover.harbour.example/north/token'), exchangeOf(code));
  const elsewhere = await call(at('https://dover.harbour.example/west/token'), { method: 'POST' });

  expect([good.status, elsewhere.status]).toEqual([200, 404]);
  expect(sandbox.originsWith({ port: 'dover' })).toMatchObject({
    'https://dover.harbour.example': sandbox.origin,
  });
  expect(sandbox.rewriteUrl('https://d.over.harbour.example/north/token')).toBeUndefined();
  expect(sandbox.rewriteUrl('https://dover.harbour.example.net/north/token')).toBeUndefined();
});

test('variables arrive with the callback and the token answer, and the callback is signed', async () => {
  const { at } = await startGenerated({
    ...harbour,
    callback: { hmac: 'hmac' },
    connectionFields: {
      pier: { pattern: '^p[0-9]$', example: 'p4', from: { callback: 'pier' } },
      apiHost: {
        pattern: '^[a-z]+\\.harbour\\.example$',
        example: 'dover.harbour.example',
        from: { tokenAnswer: 'instance' },
        extract: '^https://([a-z.]+)$',
      },
    },
  });

  const { hmac, ...answer } = await consent(authorizeUrl(at(authorization)));
  const { body } = await postSecret(at(token), exchangeOf(answer['code'] ?? ''));

  const signed = `code=${answer['code']}&pier=p4&state=state-1`;
  expect(hmac).toBe(createHmac('sha256', client.clientSecret).update(signed).digest('hex'));
  expect(body['instance']).toBe('https://dover.harbour.example');
});

test('own words and status 200 for refusals', async () => {
  const { at } = await startGenerated({
    ...harbour,
    errors: {
      meanings: { gone: 'reconnect_required', http_418: 'reconnect_required' },
      codes: 'fault.code|error',
      success: { path: 'ok', is: true },
    },
  });

  const tokens = await connectHarbour(at);
  const refused = await refreshWith(at(token), 'nonsense');

  expect(tokens['ok']).toBe(true);
  expect(refused.status).toBe(200);
  expect(refused.body).toMatchObject({ ok: false, fault: { code: 'gone' } });
});

test('scopes of a second kind have a parameter and a place of their own', async () => {
  const { at } = await startGenerated({
    ...harbour,
    scopes: {
      separator: ',',
      further: [{ prefix: 'user:', parameter: 'user_scope', granted: 'person.scope' }],
    },
  });
  const url = authorizeUrl(at(authorization), { scope: 'read', user_scope: 'chat,files' });

  const { code = '' } = await consent(url, { scopes: ['read', 'user:files'] });
  const { body } = await postSecret(at(token), exchangeOf(code));

  expect(body).toMatchObject({ scope: 'read', person: { scope: 'files' } });
});

test('several accounts stand in a list, and a missing required scope is refused', async () => {
  const { at } = await startGenerated({
    ...harbour,
    refresh: { kind: 'static' },
    accounts: 'several',
    scopes: { required: ['read'] },
    profile: { url: harbour.profile.url, list: 'fleet.ships', account: 'id', name: 'first+last' },
  });
  const all = await connectHarbour(at);
  const fewer = await connectHarbour(at, { scopes: ['write'] });

  const named = await getWithBearer(at(harbour.profile.url), textOf(all, 'access_token'));
  const refused = await getWithBearer(at(harbour.profile.url), textOf(fewer, 'access_token'));

  const person = { first: 'Mira', last: 'Ñandú' };
  expect(named.body).toEqual({
    fleet: {
      ships: [
        { id: '482910037001', ...person },
        { id: '4829100370019', ...person },
      ],
    },
  });
  expect(refused.status).toBe(403);
});

test('an ID token is signed with a published key and carries nonce, audience and account', async () => {
  const keys = 'https://harbour.example/keys';
  const { at } = await startGenerated({
    kind: 'oauth2',
    id: 'harbour',
    name: 'Harbour',
    endpoints: { authorization, token, jwks: keys },
    issuers: ['https://harbour.example'],
    idToken: true,
    idTokenAccount: { account: 'sub', name: 'name' },
  } satisfies ProviderInput);
  const { code = '' } = await consent(authorizeUrl(at(authorization), { nonce: 'n-1' }));

  const { body } = await postSecret(at(token), exchangeOf(code));
  const published = (await call(at(keys))).body['keys'];

  const [header = '', claims = '', signature = ''] = textOf(body, 'id_token').split('.');
  const key = Array.isArray(published) ? createPublicKey({ key: published[0], format: 'jwk' }) : undefined;
  const good = verify(
    'RSA-SHA256',
    Buffer.from(`${header}.${claims}`),
    key ?? '',
    Buffer.from(signature, 'base64url'),
  );
  expect(good).toBe(true);
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    iss: 'https://harbour.example',
    aud: client.clientId,
    sub: '482910037001',
    name: 'Mira Ñandú',
    nonce: 'n-1',
  });
});

test('revocation of a token in a header by DELETE ends the tokens of one consent', async () => {
  const { at } = await startGenerated({
    ...harbour,
    revocation: {
      reach: 'token',
      token: 'access_token',
      method: 'DELETE',
      parameter: '',
      authenticated: false,
      hint: false,
      headers: { authorization: 'Bearer {token}' },
    },
  });
  const [one, other] = [await connectHarbour(at), await connectHarbour(at)];

  const revoked = await call(at(harbour.endpoints.revocation), {
    method: 'DELETE',
    headers: { authorization: `Bearer ${textOf(one, 'access_token')}` },
  });
  const reads = await Promise.all(
    [one, other].map((tokens) => getWithBearer(at(harbour.profile.url), textOf(tokens, 'access_token'))),
  );

  expect(revoked.status).toBe(200);
  expect(reads.map(({ status }) => status)).toEqual([401, 200]);
});

test('the credential is read from where the data places it, and the body of a POST is demanded', async () => {
  const { at } = await startGenerated({
    ...harbour,
    pkce: 'none',
    placement: { in: 'query', name: 'auth' },
    profile: {
      url: harbour.profile.url,
      method: 'POST',
      body: '{"query":"{me{id}}"}',
      headers: { 'content-type': 'application/json' },
      account: '0.id',
    },
  });
  const { code = '' } = await consent(authorizeUrl(at(authorization), withoutPkce));
  const { code_verifier: _, ...fields } = exchangeOf(code);
  const accessToken = textOf((await postSecret(at(token), fields)).body, 'access_token');
  const url = `${at(harbour.profile.url)}?auth=${accessToken}`;

  const good = await postJson(url, { query: '{me{id}}' });
  const wrongBody = await postJson(url, { query: '{you{id}}' });
  const wrongPlace = await call(at(harbour.profile.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}` },
  });

  expect(JSON.parse(good.text)).toEqual([{ id: '482910037001' }]);
  expect([wrongBody.status, wrongPlace.status]).toEqual([400, 401]);
});
