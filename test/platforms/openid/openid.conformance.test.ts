/** OpenID Connect against an independent, certified server: the conformance suite, discovery included. */
import { describe, expect, it } from 'vitest';
import { startOpenId } from '../../../infra/local/platforms/openid/openid.ts';
import { discoverServer } from '../../../lib/oauth/discovery.ts';
import { openid } from '../../../lib/platforms/openid/definition.ts';
import { conforms, meetingOf } from '../../support/conformance/conformance.ts';
import { survivesFaults } from '../../support/conformance/conformance-faults.ts';
import type { Subject } from '../../support/conformance/subject.ts';

const subject: Subject = {
  provider: openid,
  start: startOpenId,
  targetOf: ({ origin }, http) => discoverServer(http, origin),
  settings: {},
  scopes: ['openid', 'profile', 'offline_access'],
  fewerScopes: ['openid', 'offline_access'],
  people: ['ines', 'tomas'],
  revokingTwice: 'revoked',
};

describe('openid', () => {
  describe('conforms', () => conforms(subject));
  describe('survives', () => survivesFaults(subject));

  describe('beyond the suite', () => {
    const meeting = meetingOf(subject);

    it('row 1: announces the iss parameter, and sends it on success and on denial', async () => {
      const { consent, sandbox, target } = meeting();

      const [approved, denied] = [await consent(), await consent({ decision: 'deny' })];

      expect(target).toMatchObject({ issuer: sandbox.origin, issuerInResponse: true });
      expect(approved.location.searchParams.get('iss')).toBe(sandbox.origin);
      expect(denied.location.searchParams.get('iss')).toBe(sandbox.origin);
    });

    it('issues no refresh token when the user left offline access unticked', async () => {
      const { connect } = meeting();

      const tokens = await connect({ scopes: ['openid', 'profile'] });

      expect(tokens).not.toHaveProperty('refreshToken');
      expect(tokens.scopes).not.toContain('offline_access');
    });

    it('returns the name and picture of the person', async () => {
      const { adapter, connect } = meeting();
      const { accessToken, subject: who } = await connect();

      const profile = await adapter.getUserProfile(accessToken, []);

      expect(profile).toMatchObject({
        accounts: [{ accountId: who, displayName: 'Inês Åkerblom', metadata: { username: 'ines.akerblom' } }],
      });
    });

    it('row 20: revokes the whole grant when a spent refresh token is replayed', async () => {
      const { adapter, connect } = meeting();
      const before = await connect();
      const after = await adapter.refreshAccessToken(before.refreshToken ?? before.accessToken, '');
      await adapter.refreshAccessToken(before.refreshToken ?? before.accessToken, '');

      const newest = after.kind === 'granted' ? after.tokens.refreshToken : undefined;

      expect(newest).toBeDefined();
      expect((await adapter.refreshAccessToken(newest ?? before.accessToken, '')).kind).toBe(
        'reconnect_required',
      );
    });
  });
});
