/**
 * OnlyFans against its sandbox and its signer, over HTTP: the part of the conformance suite that applies to a platform
 * without consent, tokens and revocation, plus the behaviour of OnlyFans only. A probe makes one call, whatever its outcome.
 */
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../../infra/local/aws/front/listen.ts';
import type { Fault } from '../../../infra/local/sandbox/control/control.ts';
import { openOnlyFans } from './onlyfans-look.ts';

const { sandbox, modes, inject, logIn, look, calls } = openOnlyFans();
const ended = { kind: 'reconnect_required', reason: 'access_denied' };

describe('an OnlyFans session', () => {
  it('row 9: identifies the person by a stable id, from any browser', async () => {
    const outcomes = [];
    for (const person of ['nora', 'nora', 'fan', 'guarded', 'huge'])
      outcomes.push(await look(await logIn(person)));

    const ids = outcomes.map((outcome) => outcome.kind === 'accounts' && outcome.accounts[0]?.accountId);
    expect(ids).toEqual(['123456789', '123456789', '20406080', '31415926', '98765432109876543210']);
  });

  it('yields the account without the secret and the e-mail address from the response', async () => {
    const creator = await look(await logIn());
    const fan = await look(await logIn('fan'));
    const foreign = await look(await logIn('huge'));

    expect(creator).toMatchObject({
      accounts: [
        {
          displayName: 'Nora Vale',
          avatarUrl: expect.stringMatching(/^http:.*c144$/),
          metadata: { username: 'noravale', performer: true, verified: true, subscribers: 1_204 },
        },
      ],
    });
    expect(fan).toMatchObject({ accounts: [{ displayName: 'u20406080', metadata: { performer: false } }] });
    expect(JSON.stringify(fan)).not.toContain('avatarUrl');
    expect(foreign).toMatchObject({ accounts: [{ displayName: 'Zoë Ångström 🌊' }] });
    expect(JSON.stringify([creator, fan, foreign])).not.toMatch(/email|wsAuth|@|balance/i);
  });

  it('is always probed with the submitted values, even when the platform offers new ones', async () => {
    const values = await logIn();
    modes({ newSess: 'offered' });

    const outcomes = [await look(values), await look(values), await look(values)];

    expect(outcomes.map(({ kind }) => kind)).toEqual(['accounts', 'accounts', 'accounts']);
  });

  it('is reported as ended when it expired or was logged out', async () => {
    const [one, other] = [await logIn(), await logIn()];
    sandbox().control({ command: 'expire_access_tokens' });
    const expired = await look(one);
    sandbox().control({ command: 'kill_grants' });

    expect([expired, await look(other)]).toEqual([ended, ended]);
  });

  it.each([
    [400, 'Access denied.'],
    [401, 'Access denied.'],
    [400, 'Please refresh the page'],
    [401, 'Please refresh the page'],
  ] as const)(
    'is reported as ended by %i "%s" while the signer knows the current rules',
    async (refusalStatus, endedSession) => {
      modes({ refusalStatus, endedSession, refusalCode: 0 });

      const outcome = await look({ ...(await logIn()), sess: 's4ndb0xnobody' });

      expect(outcome.kind).toBe('reconnect_required');
      expect(calls()).toEqual({ platform: 1, signer: 1 });
    },
  );

  it.each([
    ['User-Agent', { user_agent: 'Mozilla/5.0 EXAMPLE' }, 'session_ended'],
    ['browser token', { x_bc: '0123456789abcdef0123456789abcdef01234567' }, 'browser_token_refused'],
  ] as const)(
    'with a wrong %s is ended by the first probe, and no second one follows',
    async (_what, wrong, reason) => {
      const values = await logIn();

      const outcome = await look({ ...values, ...wrong });

      expect(outcome).toEqual({ kind: 'reconnect_required', reason });
      expect(calls()).toEqual({ platform: 1, signer: 1 });
      expect(await look(values)).toEqual(ended);
    },
  );

  it('that mixes two people is refused', async () => {
    const nora = await logIn();
    const { sess = '' } = await logIn('fan');

    expect(await look({ ...nora, sess })).toEqual({ kind: 'reconnect_required', reason: 'wrong_user' });
  });

  it('with two-step login is refused without the cookie of the second step', async () => {
    const { auth_uid: _, ...without } = await logIn('guarded');

    expect(await look(without)).toEqual({ kind: 'reconnect_required', reason: 'security_step' });
  });
});

describe('the OnlyFans platform', () => {
  it.each([
    ['other_user', 'reconnect_required', 'account_mismatch'],
    ['no_id', 'reconnect_required', 'not_signed_in'],
    ['zero_id', 'reconnect_required', 'not_signed_in'],
    ['list', 'unknown', 'unreadable_answer'],
    ['page', 'unknown', 'unreadable_answer'],
  ])('that answers 200 with %s does not confirm the session', async (profile, kind, reason) => {
    modes({ profile });

    expect(await look(await logIn())).toEqual({ kind, reason });
  });

  it('can block a probe with a challenge without ending the session', async () => {
    const values = await logIn();
    modes({ edge: 'challenge' });

    const outcome = await look(values);

    modes({ edge: 'open' });
    expect(outcome).toMatchObject({ kind: 'retryable', reason: 'blocked' });
    expect((await look(values)).kind).toBe('accounts');
  });

  it.each<readonly [string, Fault, object]>([
    [
      'a server error in JSON',
      { kind: 'status', status: 500, body: 'json' },
      { kind: 'retryable', reason: 'http_500' },
    ],
    [
      'a server error on an HTML page',
      { kind: 'status', status: 503, body: 'html' },
      { kind: 'retryable', reason: 'http_503' },
    ],
    [
      'a rate limit',
      { kind: 'rate_limited', retryAfterSeconds: 7 },
      { kind: 'retryable', reason: 'http_429', afterSeconds: 3_600 },
    ],
    ['silence', { kind: 'hold_answer' }, { kind: 'unknown', reason: 'answer_lost' }],
    ['a lost answer', { kind: 'lose_answer' }, { kind: 'unknown', reason: 'answer_lost' }],
    [
      'half an answer',
      { kind: 'half_body', afterwards: 'close' },
      { kind: 'unknown', reason: 'answer_lost' },
    ],
    [
      'an endless answer',
      { kind: 'oversized_body', bytes: 400_000 },
      { kind: 'unknown', reason: 'answer_lost' },
    ],
    ['garbage', { kind: 'garbage_body' }, { kind: 'unknown', reason: 'unreadable_answer' }],
  ])('that answers with %s is classified without a second call', async (_name, fault, expected) => {
    const values = await logIn();
    inject('profile', fault);

    expect(await look(values)).toEqual(expected);
    expect(calls()).toEqual({ platform: 1, signer: 1 });
  });

  it.each([301, 302, 303, 307, 308] as const)(
    'row 11: cannot redirect a probe and its secrets elsewhere: %i',
    async (status) => {
      const visits: string[] = [];
      const server = createServer((request, response) => {
        visits.push(String(request.url));
        response.end('{}');
      });
      const location = `http://127.0.0.1:${await listenOnLoopback(server, 0)}/`;
      onTestFinished(() => void server.close());
      const values = await logIn();
      inject('profile', { kind: 'redirect', status, location });

      expect((await look(values)).kind).toBe('retryable');
      expect(visits).toEqual([]);
    },
  );
});

describe('an OnlyFans signer', () => {
  it.each<readonly [string, Fault, string]>([
    ['fails', { kind: 'status', status: 500, body: 'json' }, 'signer_failed'],
    ['is limited', { kind: 'rate_limited' }, 'signer_failed'],
    ['redirects', { kind: 'redirect', status: 307, location: 'http://127.0.0.1:9/' }, 'signer_failed'],
    ['is silent', { kind: 'hold_answer' }, 'signer_failed'],
    ['loses its answer', { kind: 'lose_answer' }, 'signer_failed'],
    ['sends garbage', { kind: 'garbage_body' }, 'signer_malformed'],
    ['sends a page', { kind: 'status', status: 200, body: 'html' }, 'signer_malformed'],
  ])('that %s prevents the call to the platform and is called only once', async (_name, fault, reason) => {
    const values = await logIn();
    inject('token', fault);

    expect(await look(values)).toEqual({ kind: 'misconfigured', reason });
    expect(calls()).toEqual({ platform: 0, signer: 1 });
  });

  it('that reports stale rules keeps the session intact', async () => {
    const values = await logIn();
    modes({ siteRules: 2 });
    const stale = await look(values);
    const asked = calls();
    modes({ signerRules: 2 });

    expect(stale).toEqual({ kind: 'misconfigured', reason: 'signer_unhealthy' });
    expect(asked).toEqual({ platform: 0, signer: 1 });
    expect((await look(values)).kind).toBe('accounts');
  });

  it('that does not notice stale rules loses the session, and the error blames the signer, not the user', async () => {
    const values = await logIn();
    modes({ siteRules: 2, signerHealth: 'absent' });

    expect(await look(values)).toEqual({ kind: 'misconfigured', reason: 'signature_or_session' });
    expect(calls()).toEqual({ platform: 1, signer: 1 });
  });

  it.each([{}, { signerUrl: '' }, { signerUrl: 'http://127.0.0.1:9/' }, { signerUrl: 'nowhere' }])(
    'that is missing prevents every call to the platform: %j',
    async (given) => {
      expect((await look(await logIn(), given)).kind).toBe('misconfigured');
      expect(calls()).toEqual({ platform: 0, signer: 0 });
    },
  );
});
