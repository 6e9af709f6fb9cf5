/** TikTok against its sandbox: the conformance suite, and the behaviour that only TikTok has. */
import { describe, expect, it } from 'vitest';
import { startTikTok } from '../../../infra/local/platforms/tiktok/tiktok.ts';
import { tiktok } from '../../../lib/platforms/tiktok/definition.ts';
import { conforms, meetingOf } from '../../support/conformance/conformance.ts';
import { survivesFaults } from '../../support/conformance/conformance-faults.ts';
import { granted, refreshTokenOf, type Subject } from '../../support/conformance/subject.ts';

const subject: Subject = {
  provider: tiktok,
  start: startTikTok,
  originsOf: ({ origin, apiOrigin }) => ({
    'https://www.tiktok.com': origin,
    'https://open.tiktokapis.com': apiOrigin,
  }),
  settings: {},
  scopes: ['user.info.basic', 'user.info.profile', 'user.info.stats'],
  fewerScopes: ['user.info.basic'],
  people: ['mira', 'jose'],
  // Documented nowhere; the sandbox refuses, which is the harder case.
  revokingTwice: 'misconfigured',
};

describe('tiktok', () => {
  describe('conforms', () => conforms(subject));
  describe('survives', () => survivesFaults(subject));

  describe('beyond the suite', () => {
    const meeting = meetingOf(subject);

    it('is understood although it sends every error under 200', async () => {
      const { adapter, connect, consent, exchange, sandbox, stranger } = meeting();
      sandbox.control({ command: 'set_modes', modes: { oauthErrorStatus: 'always_200' } });
      const consented = await consent();
      const before = await connect();

      const refused = await exchange(consented, stranger);
      await exchange(consented);
      const reused = await exchange(consented);
      await adapter.refreshAccessToken(refreshTokenOf(before), '');
      const dead = await adapter.refreshAccessToken(refreshTokenOf(before), '');

      expect(refused).toEqual({ kind: 'misconfigured', reason: 'invalid_client' });
      expect(reused).toEqual({ kind: 'reconnect_required', reason: 'invalid_grant' });
      expect(dead).toEqual({ kind: 'reconnect_required', reason: 'invalid_grant' });
    });

    it('may keep the refresh token on a refresh', async () => {
      const { adapter, connect, sandbox } = meeting();
      sandbox.control({ command: 'set_modes', modes: { rotation: 'fixed' } });
      const before = await connect();

      const after = granted(await adapter.refreshAccessToken(refreshTokenOf(before), ''));

      expect(refreshTokenOf(after).reveal()).toBe(refreshTokenOf(before).reveal());
    });

    it('states the lifetime of the refresh token and the account that granted it', async () => {
      const { adapter, connect } = meeting();

      const tokens = await connect();

      const profile = await adapter.getUserProfile(tokens.accessToken, tokens.scopes ?? []);
      expect(tokens.refreshExpiresInSeconds).toBeGreaterThan(15_000_000);
      expect(profile).toMatchObject({
        accounts: [
          {
            accountId: tokens.subject,
            displayName: 'Mira Lindqvist',
            metadata: { username: 'mira.bakes', verified: true, followers: 48_210 },
          },
        ],
      });
    });

    it.each(['scope_not_authorized', 'scope_permission_missed'])(
      'refuses a field beyond the granted scopes with %s, which is not retryable',
      async (excessField) => {
        const { adapter, connect, sandbox } = meeting();
        sandbox.control({ command: 'set_modes', modes: { excessField } });
        const tokens = await connect({ scopes: ['user.info.basic'] });

        const profile = await adapter.getUserProfile(tokens.accessToken, ['user.info.profile']);

        expect(profile).toEqual({ kind: 'reconnect_required', reason: excessField });
      },
    );
  });
});
