/** What every OAuth provider must make of a platform that falters: the right outcome, no repeat that could harm, no leak. */
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../../infra/local/aws/front/listen.ts';
import type { Fault } from '../../../infra/local/sandbox/control/control.ts';
import type { Failure } from '../../../lib/oauth/outcome.ts';
import { meetingOf } from './conformance.ts';
import { granted, refreshTokenOf, type Subject } from './subject.ts';

const lost: Failure = { kind: 'unknown', reason: 'answer_lost' };
const unreadable: Failure = { kind: 'unknown', reason: 'unreadable_answer' };

/** What goes wrong with a token call, and what it means there. */
const tokenFaults: readonly (readonly [string, Fault, Failure])[] = [
  [
    'trouble in JSON',
    { kind: 'status', status: 500, body: 'json' },
    { kind: 'retryable', reason: 'http_500' },
  ],
  [
    'trouble on a page',
    { kind: 'status', status: 503, body: 'html' },
    { kind: 'retryable', reason: 'http_503' },
  ],
  [
    'too many calls, with a time to wait',
    { kind: 'rate_limited', retryAfterSeconds: 7 },
    { kind: 'retryable', reason: 'http_429', afterSeconds: 7 },
  ],
  ['too many calls', { kind: 'rate_limited' }, { kind: 'retryable', reason: 'http_429' }],
  ['silence', { kind: 'hold_answer' }, lost],
  ['a lost answer', { kind: 'lose_answer' }, lost],
  ['half an answer', { kind: 'half_body', afterwards: 'close' }, lost],
  ['half an answer and silence', { kind: 'half_body', afterwards: 'stall' }, lost],
  ['an endless answer', { kind: 'oversized_body', bytes: 400_000 }, lost],
  ['garbage', { kind: 'garbage_body' }, unreadable],
];

export function survivesFaults(subject: Subject): void {
  const { provider, scopes, account = 'any' } = subject;
  const revocable = provider.revocation !== undefined;
  const meeting = meetingOf(subject);
  /** Where a refresh exchanges the access token, that one stays good and nothing can be lost. */
  const spends = provider.refresh?.kind !== 're-exchange';

  describe('the exchange of a code', () => {
    it.each(tokenFaults)(
      'that meets %s is reported as such, and not repeated',
      async (_name, fault, expected) => {
        const { consent, exchange, inject, sandbox } = meeting();
        const consented = await consent();
        inject('token', fault);

        expect(await exchange(consented)).toEqual(expected);
        expect(sandbox.calls().calls.token).toBe(1);
      },
    );
  });

  describe('a refresh', () => {
    it.each(tokenFaults.filter(([, { kind }]) => kind !== 'oversized_body' || !spends))(
      'that meets %s is reported as such, and not repeated',
      async (_name, fault, expected) => {
        const { adapter, connect, inject, sandbox } = meeting();
        const refreshToken = refreshTokenOf(await connect());
        sandbox.control({ command: 'reset_calls' });
        inject('token', fault);

        expect(await adapter.refreshAccessToken(refreshToken, account)).toEqual(expected);
        expect(sandbox.calls().calls.token).toBe(1);
      },
    );

    it.skipIf(!spends)(
      'whose answer is beyond the size cap keeps the tokens that came before it',
      async () => {
        const { adapter, connect, inject } = meeting();
        const refreshToken = refreshTokenOf(await connect());
        inject('token', { kind: 'oversized_body', bytes: 2_000_000 });

        expect((await adapter.refreshAccessToken(refreshToken, account)).kind).toBe('granted');
      },
    );

    it('that the platform never began may be repeated with the same token', async () => {
      const { adapter, connect, inject } = meeting();
      const refreshToken = refreshTokenOf(await connect());
      inject('token', { kind: 'status', status: 502, body: 'html' });
      await adapter.refreshAccessToken(refreshToken, account);

      expect((await adapter.refreshAccessToken(refreshToken, account)).kind).toBe('granted');
    });

    it.each([['-1'], ['soon'], [-3_600], [0], [1e99], [null]])(
      'whose token lives for %j seconds is not taken at its word',
      async (value) => {
        const { adapter, connect, inject } = meeting();
        const refreshToken = refreshTokenOf(await connect());
        inject('token', { kind: 'expires_in', value });

        const tokens = granted(await adapter.refreshAccessToken(refreshToken, account));

        // Nothing is said, or what the platform answers when it is asked another way.
        expect(tokens.expiresInSeconds ?? 3_600).toBeGreaterThan(60);
        expect(tokens.expiresInSeconds ?? 3_600).toBeLessThan(1e9);
      },
    );
  });

  describe('a redirect', () => {
    /** Where no secret may ever arrive. */
    async function elsewhere() {
      const visits: string[] = [];
      const server = createServer((request, response) => {
        visits.push(String(request.url));
        response.end('{}');
      });
      const port = await listenOnLoopback(server, 0);
      onTestFinished(() => void server.close());
      return { visits, location: `http://127.0.0.1:${port}/` };
    }

    it.each([301, 302, 303, 307, 308] as const)(
      'row 11: is not followed with secrets: %i',
      async (status) => {
        const { adapter, connect, inject } = meeting();
        const { visits, location } = await elsewhere();
        const tokens = await connect();
        const redirect = { kind: 'redirect', status, location } as const;
        inject('token', redirect);
        inject('profile', redirect);
        inject('revoke', redirect);

        const outcomes = [
          await adapter.refreshAccessToken(refreshTokenOf(tokens), account),
          await adapter.getUserProfile(tokens.accessToken, scopes),
          ...(revocable ? [await adapter.revokeAccess(tokens)] : []),
        ];

        expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['retryable']));
        expect(visits).toEqual([]);
      },
    );
  });

  describe('a profile', () => {
    it.each<readonly [string, Fault]>([
      ['trouble', { kind: 'status', status: 500, body: 'html' }],
      ['a lost answer', { kind: 'lose_answer' }],
      ['half an answer', { kind: 'half_body', afterwards: 'close' }],
    ])('that meets %s once is read again', async (_name, fault) => {
      const { adapter, connect, inject } = meeting();
      const { accessToken } = await connect();
      inject('profile', fault);

      expect((await adapter.getUserProfile(accessToken, scopes)).kind).toBe('accounts');
    });

    it.each<readonly [string, Fault, Failure]>([
      ['trouble', { kind: 'status', status: 500, body: 'html' }, { kind: 'retryable', reason: 'http_500' }],
      ['a lost answer', { kind: 'lose_answer' }, lost],
      ['garbage', { kind: 'garbage_body' }, unreadable],
      ['an endless answer', { kind: 'oversized_body', bytes: 400_000 }, lost],
      [
        'too many calls',
        { kind: 'rate_limited', retryAfterSeconds: 30 },
        { kind: 'retryable', reason: 'http_429', afterSeconds: 30 },
      ],
    ])('that meets %s every time is reported as such', async (_name, fault, expected) => {
      const { adapter, connect, inject, sandbox } = meeting();
      const { accessToken } = await connect();
      inject('profile', fault, 9);

      expect(await adapter.getUserProfile(accessToken, scopes)).toEqual(expected);
      expect(sandbox.calls().calls.profile).toBeLessThanOrEqual(2);
    });
  });

  describe.skipIf(!revocable)('a revocation', () => {
    it.each<readonly [string, Fault, Partial<Failure>]>([
      ['trouble', { kind: 'status', status: 500, body: 'html' }, { reason: 'http_500' }],
      ['too many calls', { kind: 'rate_limited', retryAfterSeconds: 30 }, { reason: 'http_429' }],
      ['a lost answer', { kind: 'lose_answer' }, { reason: 'answer_lost' }],
    ])(
      'that meets %s is to be repeated, and then succeeds or finds nothing left',
      async (_name, fault, expected) => {
        const { adapter, connect, inject } = meeting();
        const tokens = await connect();
        inject('revoke', fault);

        const first = await adapter.revokeAccess(tokens);
        const second = await adapter.revokeAccess(tokens);

        expect(first).toMatchObject({ kind: 'retryable', ...expected });
        expect(['revoked', subject.revokingTwice]).toContain(second.kind);
        expect((await adapter.getUserProfile(tokens.accessToken, scopes)).kind).toBe('reconnect_required');
      },
    );
  });

  describe('a platform that is not there', () => {
    it('is unreachable, and may be asked again', async () => {
      const { adapter, connect, sandbox } = meeting();
      const tokens = await connect();
      await sandbox.close();
      // The first call may still meet a kept connection that is just ending, and must then be taken for lost.
      await adapter.getUserProfile(tokens.accessToken, scopes);

      const outcomes = [
        await adapter.refreshAccessToken(refreshTokenOf(tokens), account),
        await adapter.getUserProfile(tokens.accessToken, scopes),
        ...(revocable ? [await adapter.revokeAccess(tokens)] : []),
      ];

      for (const outcome of outcomes) expect(outcome).toEqual({ kind: 'retryable', reason: 'unreachable' });
    });
  });
}
