/** OnlyFans: what a probe sends to the signer and to the platform, and what each of their answers means. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { PlatformRequest, PlatformResponse } from '../../../lib/platform-http/platform-http.ts';
import { onlyfans } from '../../../lib/platforms/onlyfans/definition.ts';
import { Secret } from '../../../lib/telemetry/secret.ts';

const values = {
  auth_id: '123456789',
  sess: 's4ndb0xexampleexampleexamp',
  x_bc: 's4ndb0x89abcdef0123456789abcdef01234567',
  user_agent: 'Mozilla/5.0 (EXAMPLE) Chrome/142.0.0.0',
};

function secretOf(input: Readonly<Record<string, string>>): Secret {
  const reading = onlyfans.probe.read(input);
  if (reading.kind !== 'credentials') throw new Error(`Malformed: ${reading.fields.join(', ')}.`);
  return reading.secret;
}

const profileUrl = 'https://onlyfans.com/api2/v2/users/me';
const signerUrl = 'https://signer.example/sign';
const signed = { sign: '1:ab:2:c', time: '1763600000000', 'app-token': 'token', 'x-of-rev': 'r1' };
const own = {
  id: 123_456_789,
  username: 'noravale',
  name: 'Nora Vale',
  avatar: 'https://cdn.example/a',
  avatarThumbs: { c50: 'https://cdn.example/50', c144: 'https://cdn.example/144' },
  isPerformer: true,
  isVerified: false,
  subscribersCount: 12,
  postsCount: null,
  joinDate: '2021-03-04T05:06:07+00:00',
  wsAuthToken: 's4ndb0xws',
  email: 'nora@s4ndb0x.example',
};

function answered(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): PlatformResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'answered', status, headers: new Headers(headers), body: text };
}

/** Probes once against a signer and a platform with these answers. */
async function look(
  platform: PlatformResponse,
  signer: PlatformResponse = answered(200, { headers: signed, healthy: true }),
  settings: Readonly<Record<string, string>> = { signerUrl },
  secret = secretOf({ ...values, auth_uid: 's4ndb0xuid', cookies: 'fp=s4ndb0xfp' }),
) {
  const asked: PlatformRequest[] = [];
  const http = async (request: PlatformRequest) => {
    asked.push(request);
    return request.url === profileUrl ? platform : signer;
  };
  const outcome = await onlyfans.probe.look(secret, {
    url: onlyfans.probe.urlAt({}),
    settings,
    http,
    now: () => 0,
  });
  expect(inspect(outcome, { depth: 9, showHidden: true })).not.toContain('s4ndb0x');
  return { outcome, asked, platformCalls: asked.filter(({ url }) => url === profileUrl) };
}

describe('a probe of an OnlyFans session', () => {
  it('sends the signer the path and the user, and calls the platform as the browser would', async () => {
    const { asked } = await look(answered(200, own));

    const [toSigner, toPlatform] = asked;
    expect(asked).toHaveLength(2);
    expect(toSigner).toMatchObject({ url: signerUrl, method: 'POST' });
    expect(JSON.parse(String(toSigner?.body))).toEqual({
      method: 'GET',
      path: '/api2/v2/users/me',
      userId: '123456789',
    });
    expect(JSON.stringify(toSigner)).not.toContain('s4ndb0x');
    expect(toPlatform?.headers).toEqual({
      ...signed,
      referer: 'https://onlyfans.com/',
      cookie: `auth_id=123456789; sess=${values.sess}; auth_uid_123456789=s4ndb0xuid; fp=s4ndb0xfp`,
      'user-id': '123456789',
      'x-bc': values.x_bc,
      'user-agent': values.user_agent,
    });
  });

  it('keeps the documented fields of the account, and nothing else', async () => {
    const { outcome } = await look(answered(200, own));

    expect(outcome).toEqual({
      kind: 'accounts',
      accounts: [
        {
          accountId: '123456789',
          displayName: 'Nora Vale',
          avatarUrl: 'https://cdn.example/144',
          metadata: {
            username: 'noravale',
            profileUrl: 'https://onlyfans.com/noravale',
            performer: true,
            verified: false,
            subscribers: 12,
            joinedAt: '2021-03-04T05:06:07+00:00',
          },
        },
      ],
    });
  });

  it.each([
    [
      { id: '123456789', username: 'nora', name: '', avatar: 'https://cdn.example/a' },
      'nora',
      'https://cdn.example/a',
    ],
    [{ id: 123_456_789, name: 7, avatarThumbs: 'none', isPerformer: 'yes' }, '123456789', undefined],
    [{ id: 123_456_789, error: null, avatar: null, avatarThumbs: null }, '123456789', undefined],
  ])('tolerates missing and malformed profile fields: %j', async (body, displayName, avatarUrl) => {
    const { outcome } = await look(answered(200, body));

    const account = outcome.kind === 'accounts' ? outcome.accounts[0] : undefined;
    expect(account?.displayName).toBe(displayName);
    expect(account?.avatarUrl).toBe(avatarUrl);
    expect(account?.metadata).not.toHaveProperty('performer');
  });

  it('keeps every digit of a large id', async () => {
    const id = '98765432109876543210';
    const secret = secretOf({ ...values, auth_id: id });
    const ask = (shown: string) =>
      look(answered(200, `{"id":${shown}}`), undefined, undefined, secret).then(({ outcome }) => outcome);

    expect(await ask(id)).toMatchObject({ accounts: [{ accountId: id }] });
    expect(await ask('98765432109876543211')).toEqual({
      kind: 'reconnect_required',
      reason: 'account_mismatch',
    });
  });

  it.each([
    [{ id: 55_500_055 }, 'reconnect_required', 'account_mismatch'],
    [{ id: '1234567890' }, 'reconnect_required', 'account_mismatch'],
    [{ id: 0 }, 'reconnect_required', 'not_signed_in'],
    [{ username: 'guest' }, 'reconnect_required', 'not_signed_in'],
    [{ id: [123_456_789] }, 'reconnect_required', 'not_signed_in'],
    [[own], 'unknown', 'unreadable_answer'],
    ['<!doctype html>', 'unknown', 'unreadable_answer'],
    ['', 'unknown', 'unreadable_answer'],
    [{ ...own, error: { code: 0, message: 'Access denied.' } }, 'reconnect_required', 'access_denied'],
    [{ ...own, error: { code: 0, message: 'Hm.' } }, 'unknown', 'unreadable_answer'],
  ])('does not accept a 200 with %j as a session', async (body, kind, reason) => {
    expect((await look(answered(200, body))).outcome).toEqual({ kind, reason });
  });

  const ambiguous = [
    'Please refresh the page',
    'please REFRESH the page to continue',
    'Nobody has documented this',
    '',
  ];

  describe.each([400, 401])('that is refused under %i', (status) => {
    const refused = (message: string, code = 401) => answered(status, { error: { code, message } });

    it.each([
      ['Access denied.', 'access_denied', 'reconnect_required'],
      ['Wrong user.', 'wrong_user', 'reconnect_required'],
      ['Something went wrong. [2001]', 'browser_token_refused', 'reconnect_required'],
      ['2FA verification is required.', 'security_step', 'reconnect_required'],
      ['We noticed a login from a new device.', 'security_step', 'reconnect_required'],
      ['Application token is required.', 'app_token_refused', 'misconfigured'],
    ])('with %j is classified by its message', async (message, reason, kind) => {
      const { outcome, platformCalls } = await look(refused(message, 0));

      expect(outcome).toEqual({ kind, reason });
      expect(platformCalls).toHaveLength(1);
    });

    it.each(ambiguous)(
      'with %j ends the session only if the signature is known to be valid',
      async (message) => {
        const good = await look(refused(message));
        const unsaid = await look(refused(message), answered(200, { headers: signed }));

        expect(good.outcome).toEqual({ kind: 'reconnect_required', reason: 'session_ended' });
        expect(unsaid.outcome.kind).toBe('misconfigured');
        expect([...good.platformCalls, ...unsaid.platformCalls]).toHaveLength(2);
      },
    );

    it('without a body is read in the same way', async () => {
      expect((await look(answered(status, ''))).outcome).toMatchObject({ reason: 'session_ended' });
      expect((await look(answered(status, { error: 'x' }))).outcome).toMatchObject({
        reason: 'session_ended',
      });
    });
  });

  it.each<readonly [string, PlatformResponse, object]>([
    [
      'a challenge',
      answered(403, '<h1>Are you human?</h1>'),
      { kind: 'retryable', reason: 'blocked', afterSeconds: 3_600 },
    ],
    [
      'a 403 in JSON',
      answered(403, { error: { message: 'Hm.' } }),
      { kind: 'retryable', reason: 'http_403' },
    ],
    ['a 404', answered(404, '<h1>Not found</h1>'), { kind: 'misconfigured', reason: 'http_404' }],
    ['a 429', answered(429, {}), { kind: 'retryable', reason: 'http_429', afterSeconds: 3_600 }],
    [
      'a 429 with a short Retry-After',
      answered(429, {}, { 'retry-after': '5' }),
      { kind: 'retryable', reason: 'http_429', afterSeconds: 3_600 },
    ],
    [
      'a 429 with a long Retry-After',
      answered(429, {}, { 'retry-after': '7200' }),
      { kind: 'retryable', reason: 'http_429', afterSeconds: 7_200 },
    ],
    [
      'a 500 that claims the session ended',
      answered(500, { error: { message: 'Access denied.' } }),
      { kind: 'retryable', reason: 'http_500' },
    ],
    ['a redirect', answered(302, ''), { kind: 'retryable', reason: 'unrecognised_error' }],
    ['a lost answer', { kind: 'lost' }, { kind: 'unknown', reason: 'answer_lost' }],
    ['no connection', { kind: 'unreachable' }, { kind: 'retryable', reason: 'unreachable' }],
  ])('that receives %s does not end the session', async (_name, answer, expected) => {
    const { outcome, platformCalls } = await look(answer);

    expect(outcome).toEqual(expected);
    expect(platformCalls).toHaveLength(1);
  });

  it('reports a sealed text that is not a session as invalid', async () => {
    const { outcome, asked } = await look(
      answered(200, own),
      undefined,
      undefined,
      new Secret('{"sess":"s4ndb0x"}'),
    );

    expect(outcome).toEqual({ kind: 'reconnect_required', reason: 'unreadable_credentials' });
    expect(asked).toEqual([]);
  });
});

describe('a probe of OnlyFans without a valid signature', () => {
  const withHeaders = (headers: unknown) => answered(200, { headers: { ...signed, ...(headers as object) } });

  it.each([[{}], [{ signerUrl: '' }]])('calls no host when the app has no signer: %j', async (settings) => {
    const { outcome, asked } = await look(answered(200, own), undefined, settings);

    expect(outcome).toEqual({ kind: 'misconfigured', reason: 'signer_missing' });
    expect(asked).toEqual([]);
  });

  it.each<readonly [string, PlatformResponse, string]>([
    ['is unreachable', { kind: 'unreachable' }, 'signer_failed'],
    ['does not answer', { kind: 'lost' }, 'signer_failed'],
    ['fails', answered(500, { headers: signed }), 'signer_failed'],
    ['redirects', answered(302, '', { location: 'https://evil.example' }), 'signer_failed'],
    ['refuses', answered(401, {}), 'signer_failed'],
    ['sends an empty body', answered(200, ''), 'signer_malformed'],
    ['sends another shape', answered(200, signed), 'signer_malformed'],
    [
      'leaves the signature out',
      answered(200, { headers: { time: '1', 'app-token': 'x' } }),
      'signer_malformed',
    ],
    ['answers a cookie', withHeaders({ cookie: 'sess=other' }), 'signer_malformed'],
    ['answers a browser token', withHeaders({ 'x-bc': 'other' }), 'signer_malformed'],
    ['answers a User-Agent', withHeaders({ 'user-agent': 'other' }), 'signer_malformed'],
    ['answers a user id', withHeaders({ 'user-id': '1' }), 'signer_malformed'],
    ['answers a line break', withHeaders({ sign: 'a\r\ncookie: b' }), 'signer_malformed'],
    ['answers a number', withHeaders({ time: 1 }), 'signer_malformed'],
    [
      'reports its health in another type',
      answered(200, { headers: signed, healthy: 'no' }),
      'signer_malformed',
    ],
    [
      'reports that its rules are stale',
      answered(200, { headers: signed, healthy: false }),
      'signer_unhealthy',
    ],
  ])('does not call the platform when the signer %s', async (_name, signer, reason) => {
    const { outcome, asked, platformCalls } = await look(answered(200, own), signer);

    expect(outcome).toEqual({ kind: 'misconfigured', reason });
    expect(asked).toHaveLength(1);
    expect(platformCalls).toEqual([]);
  });

  it("does not call the platform when the signer's address is not allowed", async () => {
    const outcome = await onlyfans.probe.look(secretOf(values), {
      url: profileUrl,
      settings: { signerUrl: 'http://signer.example' },
      http: () => Promise.reject(new Error('A platform was to be called without TLS.')),
      now: () => 0,
    });

    expect(outcome).toEqual({ kind: 'misconfigured', reason: 'signer_failed' });
  });
});
