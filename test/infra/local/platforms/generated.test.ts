/** A platform generated from plain data behaves over HTTP as the data says. */
import { describe, expect, test } from 'vitest';
import { approve } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';
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
} from './generated-calls.ts';
import { call, client, otherClient, textOf } from './platform-calls.ts';

const { authorization, token, revocation } = harbour.endpoints;
const profile = harbour.profile.url;

describe('the consent page of a generated platform', () => {
  test('offers its people and the scopes with their meanings, and sends the code and state back', async () => {
    const { at } = await startGenerated(harbour);

    const page = await call(authorizeUrl(at(authorization)));
    const answer = await consent(authorizeUrl(at(authorization)), { account: 'tomas' });

    expect(page.text).toContain('Harbour sandbox.');
    expect(page.text).toContain('Read your ships');
    expect(page.text).toContain('Mira Ñandú');
    expect(answer).toEqual({ code: expect.stringMatching(/s4ndb0x/), state: 'state-1' });
  });

  test('tells the application that the person denied the access', async () => {
    const { at } = await startGenerated(harbour);

    const answer = await consent(authorizeUrl(at(authorization)), { decision: 'deny' });

    expect(answer).toMatchObject({ error: 'access_denied', state: 'state-1' });
  });

  test.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['a redirect URI that is not registered', { redirect_uri: 'http://localhost:8787/elsewhere' }],
  ])('shows an error page for %s and sends nobody anywhere', async (_what, changes) => {
    const { at } = await startGenerated(harbour);

    const visit = approve(authorizeUrl(at(authorization), changes), {}, fetch);

    await expect(visit).rejects.toThrow('error page (400)');
  });

  test.each([
    ['an unknown scope', { scope: 'read fly' }, 'invalid_scope'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['a missing challenge', { code_challenge: '' }, 'invalid_request'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a missing state', { state: '' }, 'invalid_request'],
  ])('sends the browser back with an error for %s', async (_what, changes, error) => {
    const { at } = await startGenerated(harbour);

    const answer = await consent(authorizeUrl(at(authorization), changes));

    expect(answer['error']).toBe(error);
  });
});

describe('the token endpoint of a generated platform', () => {
  test('exchanges a code for tokens that carry the marker of the sandboxes', async () => {
    const { at } = await startGenerated(harbour);

    const answer = await connectHarbour(at, { scopes: ['read'] });

    expect(answer).toEqual({
      access_token: expect.stringMatching(/^harbour_at_s4ndb0x/),
      refresh_token: expect.stringMatching(/^harbour_rt_s4ndb0x/),
      token_type: 'Bearer',
      expires_in: 3_600,
      scope: 'read',
    });
  });

  test.each([
    ['another verifier', { code_verifier: 'another-verifier' }, 'invalid_grant'],
    ['no verifier', { code_verifier: '' }, 'invalid_grant'],
    ['another redirect URI', { redirect_uri: 'http://localhost:8787/elsewhere' }, 'invalid_grant'],
    ['another grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['a wrong secret', { client_secret: 'wrong' }, 'invalid_client'],
  ])('refuses a code with %s', async (_what, changes, error) => {
    const { at } = await startGenerated(harbour);
    const { code = '' } = await consent(authorizeUrl(at(authorization)));

    const answer = await postSecret(at(token), { ...exchangeOf(code), ...changes });

    expect(answer.status).toBe(error === 'invalid_client' ? 401 : 400);
    expect(answer.body['error']).toBe(error);
  });

  test('takes a code once, and from the client that it was given to', async () => {
    const { at } = await startGenerated(harbour);
    const { code = '' } = await consent(authorizeUrl(at(authorization)));

    const byAnother = await postSecret(at(token), exchangeOf(code), otherClient);
    const first = await postSecret(at(token), exchangeOf(code));
    const second = await postSecret(at(token), exchangeOf(code));

    expect([byAnother, first, second].map(({ status }) => status)).toEqual([400, 200, 400]);
  });

  test('accepts the declared format and client authentication only', async () => {
    const { at } = await startGenerated(harbour);
    const { code = '' } = await consent(authorizeUrl(at(authorization)));

    const json = await postJson(at(token), {
      client_id: client.clientId,
      client_secret: client.clientSecret,
      ...exchangeOf(code),
    });
    const basic = await postBasic(at(token), exchangeOf(code), 'form');

    expect(json.body['error']).toBe('invalid_request');
    expect(basic.body['error']).toBe('invalid_client');
  });

  test('rotates refresh tokens and ends the grant when a spent one is replayed', async () => {
    const { at, sandbox } = await startGenerated(harbour);
    const refresh = (refreshToken: string) =>
      postSecret(at(token), { grant_type: 'refresh_token', refresh_token: refreshToken });
    const before = textOf(await connectHarbour(at), 'refresh_token');

    const first = await refresh(before);
    const reused = await refresh(before);
    const after = await refresh(textOf(first.body, 'refresh_token'));

    expect(first.body['refresh_token']).not.toBe(before);
    expect(reused.body['error']).toBe('invalid_grant');
    expect(after.body['error']).toBe('invalid_grant');
    expect(sandbox.calls().refreshTokenReuses).toBe(1);
  });
});

describe('the API of a generated platform', () => {
  test('names the account at the declared paths for a living token only', async () => {
    const { at, clock } = await startGenerated(harbour);
    const accessToken = textOf(await connectHarbour(at, { account: 'mira' }), 'access_token');

    const good = await getWithBearer(at(profile), accessToken);
    clock.advanceSeconds(3_600);
    const expired = await getWithBearer(at(profile), accessToken);

    expect(good.body).toEqual({
      data: {
        id: '482910037001',
        name: 'Mira Ñandú',
        face: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/_sandbox\/avatars\/mira\.svg/),
      },
    });
    expect([expired.status, expired.body['error']]).toEqual([401, 'invalid_token']);
  });

  test('answers 429 with Retry-After beyond the rate limit that a command sets', async () => {
    const { at, sandbox } = await startGenerated(harbour);
    const accessToken = textOf(await connectHarbour(at), 'access_token');
    sandbox.control({ command: 'set_modes', modes: { rateLimit: 1, rateWindowSeconds: 30 } });

    const [first, second] = [
      await getWithBearer(at(profile), accessToken),
      await getWithBearer(at(profile), accessToken),
    ];

    expect([first.status, second.status]).toEqual([200, 429]);
    expect(second.headers.get('retry-after')).toBe('30');
  });

  test('ends the grant when its refresh token is revoked, and accepts a dead token', async () => {
    const { at } = await startGenerated(harbour);
    const tokens = await connectHarbour(at);
    const fields = { token: textOf(tokens, 'refresh_token'), token_type_hint: 'refresh_token' };

    const revoked = await postSecret(at(revocation), fields);
    const again = await postSecret(at(revocation), fields);
    const read = await getWithBearer(at(profile), textOf(tokens, 'access_token'));

    expect([revoked.status, again.status, read.status]).toEqual([200, 200, 401]);
  });
});

describe('the control of a generated platform', () => {
  test('injects faults into its endpoints and counts its calls', async () => {
    const { at, sandbox } = await startGenerated(harbour);
    const refreshToken = textOf(await connectHarbour(at), 'refresh_token');
    const inject = {
      command: 'inject',
      endpoint: 'token',
      grantType: 'refresh_token',
      calls: 1,
      fault: { kind: 'status', status: 503, body: 'json' },
    };

    const command = await postJson(`${sandbox.origin}/_sandbox/control`, inject);
    const refresh = () => postSecret(at(token), { grant_type: 'refresh_token', refresh_token: refreshToken });
    const [failed, passed] = [await refresh(), await refresh()];

    expect(command.body).toEqual({ ok: true, affected: 1 });
    expect([failed.status, failed.body['error'], passed.status]).toEqual([503, 'server_error', 200]);
    expect(sandbox.calls().calls).toMatchObject({ token: 3 });
  });
});
