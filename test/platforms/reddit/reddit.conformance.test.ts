/** Reddit against its sandbox: the conformance suite, and the behaviour that only Reddit has. */
import { describe, expect, it } from 'vitest';
import { startReddit } from '../../../infra/local/platforms/reddit/reddit.ts';
import { reddit } from '../../../lib/platforms/reddit/definition.ts';
import { conforms, meetingOf } from '../../support/conformance/conformance.ts';
import { survivesFaults } from '../../support/conformance/conformance-faults.ts';
import { granted, refreshTokenOf, type Subject } from '../../support/conformance/subject.ts';

const subject: Subject = {
  provider: reddit,
  start: startReddit,
  originsOf: ({ origin, apiOrigin }) => ({
    'https://www.reddit.com': origin,
    'https://oauth.reddit.com': apiOrigin,
  }),
  settings: { userAgent: 'web:com.example.hawser:v1.0.0 (by /u/example)' },
  scopes: ['identity', 'read', 'submit'],
  fewerScopes: ['identity'],
  people: ['harbour', 'zoe'],
  revokingTwice: 'revoked',
};

describe('reddit', () => {
  describe('conforms', () => conforms(subject));
  describe('survives', () => survivesFaults(subject));

  describe('beyond the suite', () => {
    const meeting = meetingOf(subject);

    it.each([
      { oauthErrorStatus: 400, deadRefreshError: 'invalid_grant' },
      { oauthErrorStatus: 200, deadRefreshError: 'invalid_request' },
      { oauthErrorStatus: 400, deadRefreshError: 'bad_request' },
    ])('refuses dead codes and refresh tokens in three ways: %j', async (modes) => {
      const { adapter, connect, consent, exchange, sandbox } = meeting();
      sandbox.control({ command: 'set_modes', modes });
      const consented = await consent();
      await exchange(consented);
      const dead = refreshTokenOf(await connect());
      sandbox.control({ command: 'kill_grants' });

      expect((await exchange(consented)).kind).toBe('reconnect_required');
      expect((await adapter.refreshAccessToken(dead, '')).kind).toBe('reconnect_required');
    });

    it('may also rotate refresh tokens', async () => {
      const { adapter, connect, sandbox } = meeting();
      sandbox.control({ command: 'set_modes', modes: { rotation: 'rotating' } });
      const before = refreshTokenOf(await connect());

      const after = refreshTokenOf(granted(await adapter.refreshAccessToken(before, '')));

      expect(after.reveal()).not.toBe(before.reveal());
      expect((await adapter.refreshAccessToken(before, '')).kind).toBe('reconnect_required');
      expect((await adapter.refreshAccessToken(after, '')).kind).toBe('granted');
      sandbox.control({ command: 'set_modes', modes: { rotation: 'fixed' } });
    });

    it('joins scopes with commas or spaces, and answers a revocation with 200 or 204', async () => {
      const { adapter, connect, sandbox } = meeting();
      sandbox.control({ command: 'set_modes', modes: { scopeSeparator: ',', revokeStatus: 204 } });

      const tokens = await connect();

      expect(tokens.scopes).toEqual(subject.scopes);
      expect(await adapter.revokeAccess(tokens)).toEqual({ kind: 'revoked' });
    });

    it.each(['html', 'json'])('refuses a dead access token with a body in %s', async (unauthorizedBody) => {
      const { adapter, connect, sandbox } = meeting();
      sandbox.control({ command: 'set_modes', modes: { unauthorizedBody } });
      const { accessToken } = await connect();
      sandbox.control({ command: 'expire_access_tokens' });

      expect((await adapter.getUserProfile(accessToken, [])).kind).toBe('reconnect_required');
    });

    it('reports an exhausted rate budget as a rate limit only', async () => {
      const { adapter, connect, sandbox } = meeting();
      sandbox.control({ command: 'set_modes', modes: { rateBudget: 0 } });
      const { accessToken } = await connect();

      const profile = await adapter.getUserProfile(accessToken, []);

      expect(profile).toMatchObject({ kind: 'retryable', reason: 'http_429' });
      expect(profile).toHaveProperty('afterSeconds');
      sandbox.control({ command: 'set_modes', modes: { rateBudget: 1_000 } });
    });

    it('returns profile URLs without HTML escapes', async () => {
      const { adapter, connect } = meeting();
      const { accessToken } = await connect({ account: 'suspended' });

      const profile = await adapter.getUserProfile(accessToken, []);

      expect(profile).toMatchObject({
        accounts: [
          {
            accountId: 'zzbann3',
            displayName: 'u/gone_fishing',
            avatarUrl: expect.stringMatching(/\?width=256&height=256&s=9c2f$/),
            metadata: { suspended: true, karma: -40 },
          },
        ],
      });
    });
  });

  describe('without the User-Agent that it requires', () => {
    const meeting = meetingOf({ ...subject, settings: { userAgent: 'node' } });

    it('refuses every call, which is no evidence against a grant', async () => {
      const { consent, exchange } = meeting();

      expect(await exchange(await consent())).toMatchObject({ kind: 'retryable' });
    });
  });
});
