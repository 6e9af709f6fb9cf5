/** What every OAuth provider must do before its sandbox platform when nothing goes wrong on the way. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyIssuer } from '../../../lib/oauth/issuer.ts';
import { Secret } from '../../../lib/telemetry/secret.ts';
import {
  granted,
  type Meeting,
  meet,
  otherRedirectUri,
  profileTokenOf,
  refreshTokenOf,
  type Subject,
} from './subject.ts';

const gone = expect.objectContaining({ kind: 'reconnect_required' });

/** The meeting that the tests of a suite share; faults do not outlive their test. */
export function meetingOf(subject: Subject): () => Meeting {
  let meeting: Meeting | undefined;
  const current = () => {
    if (meeting === undefined) throw new Error('The sandbox is not running.');
    return meeting;
  };
  beforeAll(async () => {
    meeting = await meet(subject);
  });
  afterEach(() => {
    current().sandbox.control({ command: 'clear_faults' });
    current().sandbox.control({ command: 'reset_calls' });
  });
  afterAll(() => meeting?.sandbox.close());
  return current;
}

export function conforms(subject: Subject): void {
  const { provider, scopes, people, account = 'any' } = subject;
  const reExchanged = provider.refresh?.kind === 're-exchange';
  const meeting = meetingOf(subject);

  describe('a consent', () => {
    it('starts at a URL that the platform accepts, and returns code and state', async () => {
      const { consent, target } = meeting();

      const { location, code, state } = await consent();

      expect(code.reveal()).not.toBe('');
      expect(location.searchParams.get('state')).toBe(state);
      expect(verifyIssuer(target, location.searchParams.get('iss') ?? undefined)).toBe('accepted');
    });

    it('that is denied returns access_denied with the state', async () => {
      const { consent } = meeting();

      const { location, state } = await consent({ decision: 'deny' });

      expect(location.searchParams.get('error')).toBe('access_denied');
      expect(location.searchParams.get('state')).toBe(state);
      expect(location.searchParams.has('code')).toBe(false);
    });
  });

  describe('a code', () => {
    it('gives tokens, their lifetime and the scopes granted', async () => {
      const { connect } = meeting();

      const tokens = await connect();

      expect(tokens.accessToken.reveal()).toContain('s4ndb0x');
      expect(tokens.tokenType).toBe('Bearer');
      expect(tokens.expiresInSeconds).toBeGreaterThan(60);
      expect([...(tokens.scopes ?? scopes)].sort()).toEqual([...scopes].sort());
      expect(tokens.refreshToken !== undefined).toBe(provider.refresh !== undefined);
    });

    it('row 22: gives the scopes that were left ticked, and still a profile', async () => {
      const { connect, adapter } = meeting();

      const tokens = await connect({ scopes: subject.fewerScopes });

      const profile = await adapter.getUserProfile(tokens.accessToken, tokens.scopes ?? [], tokens.account);
      expect([...(tokens.scopes ?? [])].sort()).toEqual([...subject.fewerScopes].sort());
      expect(profile.kind).toBe('accounts');
    });

    it('row 6: works once', async () => {
      const { consent, exchange } = meeting();
      const consented = await consent();
      await exchange(consented);

      expect(await exchange(consented)).toEqual(gone);
    });

    it('is refused when nobody gave it, or under another redirect URI', async () => {
      const { adapter, consent, exchange } = meeting();
      const consented = await consent();

      const invented = await exchange({ ...consented, code: new Secret('s4ndb0x-invented') });
      const redirected = await exchange(consented, adapter, otherRedirectUri);

      expect([invented, redirected]).toEqual([gone, gone]);
    });

    it('is refused to a client that cannot prove itself, and not spent by it', async () => {
      const { consent, exchange, stranger } = meeting();
      const consented = await consent();

      const refused = await exchange(consented, stranger);
      const taken = await exchange(consented);

      expect(refused.kind).toBe('misconfigured');
      expect(taken.kind).toBe('granted');
    });

    it.skipIf(provider.consent.pkce === 'none')('row 7: is refused without its own verifier', async () => {
      const { consent, exchange } = meeting();
      const [one, other] = [await consent(), await consent()];

      expect(await exchange({ ...one, pkce: other.pkce })).toEqual(gone);
    });

    it.skipIf(!provider.consent.idToken)(
      'row 8: is worth nothing when its ID token is of another flow',
      async () => {
        const { consent, exchange } = meeting();
        const consented = await consent();

        const outcome = await exchange({ ...consented, nonce: 'another-nonce' });

        expect(outcome).toEqual({ kind: 'unknown', reason: 'unreadable_answer' });
      },
    );
  });

  describe('a profile', () => {
    it('row 9: tells one person from another by an id that stays', async () => {
      const { adapter, connect } = meeting();
      const visits = [people[0], people[0], people[1]] as const;
      const profiles = [];
      for (const person of visits) {
        const tokens = await connect({ account: person });
        const profile = await adapter.getUserProfile(
          tokens.accessToken,
          tokens.scopes ?? scopes,
          tokens.account,
        );
        if (profile.kind !== 'accounts') throw new Error(`No profile: ${profile.kind}.`);
        const [only] = profile.accounts;
        profiles.push(only);
        // The token answer and the profile speak of the same person.
        if (tokens.subject !== undefined)
          expect(tokens.subject).toBe(only?.platformUserId ?? only?.accountId);
      }

      const [first, again, other] = profiles;
      expect(first?.accountId).toMatch(/^.{1,128}$/);
      expect(first?.displayName).not.toBe('');
      expect(again?.accountId).toBe(first?.accountId);
      expect(other?.accountId).not.toBe(first?.accountId);
    });

    it('is refused to a token that ran out, or that nobody gave', async () => {
      const { adapter, connect, sandbox } = meeting();
      const { accessToken } = await connect();
      sandbox.control({ command: 'expire_access_tokens' });

      expect(await adapter.getUserProfile(accessToken, scopes)).toEqual(gone);
      expect(await adapter.getUserProfile(new Secret('s4ndb0x-invented'), scopes)).toEqual(gone);
    });
  });

  describe.skipIf(provider.refresh === undefined)('a refresh', () => {
    it('row 20: gives a token that works, and spends the old one just as declared', async () => {
      const { adapter, connect } = meeting();
      const before = await connect();

      const after = granted(await adapter.refreshAccessToken(refreshTokenOf(before), account));

      const profile = await adapter.getUserProfile(profileTokenOf(provider, after), after.scopes ?? scopes);
      expect(after.accessToken.reveal()).not.toBe(before.accessToken.reveal());
      expect(profile.kind).toBe('accounts');
      const again = await adapter.refreshAccessToken(refreshTokenOf(before), account);
      if (provider.refresh?.kind === 'rotating') {
        expect(refreshTokenOf(after).reveal()).not.toBe(refreshTokenOf(before).reveal());
        expect(again).toEqual(gone);
      } else {
        // A token that is its own refresh token must be kept in both places.
        expect(after.refreshToken !== undefined).toBe(reExchanged);
        expect(again.kind).toBe('granted');
      }
    });

    it.skipIf(subject.refreshesWithoutClient)(
      'row 20: is refused to a client that cannot prove itself, and costs the user nothing',
      async () => {
        const { adapter, connect, stranger } = meeting();
        const refreshToken = refreshTokenOf(await connect());

        const refused = await stranger.refreshAccessToken(refreshToken, account);
        const taken = await adapter.refreshAccessToken(refreshToken, account);

        expect(refused.kind).toBe('misconfigured');
        expect(taken.kind).toBe('granted');
      },
    );

    it('is refused when the user took the access away, or the token ran out, or nobody gave it', async () => {
      const { adapter, connect, sandbox } = meeting();
      const removed = refreshTokenOf(await connect());
      sandbox.control({ command: 'kill_grants' });
      const expired = refreshTokenOf(await connect());
      sandbox.control({ command: reExchanged ? 'expire_access_tokens' : 'expire_refresh_tokens' });

      for (const spent of [removed, expired, new Secret('s4ndb0x-invented')]) {
        expect(await adapter.refreshAccessToken(spent, account)).toEqual(gone);
      }
    });

    it.skipIf(reExchanged)(
      'row 20: whose answer holds no refresh token gives none, so that the old one is kept',
      async () => {
        const { adapter, connect, inject } = meeting();
        const before = await connect();
        inject('token', { kind: 'without_refresh_token' });

        const after = granted(await adapter.refreshAccessToken(refreshTokenOf(before), account));

        expect(after).not.toHaveProperty('refreshToken');
      },
    );
  });

  describe.skipIf(provider.revocation === undefined)('a revocation', () => {
    it('ends access at the platform', async () => {
      const { adapter, connect } = meeting();
      const tokens = await connect();

      const outcome = await adapter.revokeAccess(tokens);

      expect(outcome).toEqual({ kind: 'revoked' });
      expect(await adapter.getUserProfile(tokens.accessToken, scopes)).toEqual(gone);
      if (provider.refresh === undefined) return;
      expect(await adapter.refreshAccessToken(refreshTokenOf(tokens), account)).toEqual(gone);
    });

    it("leaves another user's access alone", async () => {
      const { adapter, connect } = meeting();
      const [one, other] = [await connect(), await connect({ account: people[1] })];

      await adapter.revokeAccess(one);

      expect((await adapter.getUserProfile(other.accessToken, scopes)).kind).toBe('accounts');
    });

    it('reaches as far as declared when the same user consented twice', async () => {
      const { adapter, connect } = meeting();
      const [one, other] = [await connect(), await connect()];

      await adapter.revokeAccess(one);

      const left = await adapter.getUserProfile(other.accessToken, scopes);
      // A wider reach may be declared than the platform has; a narrower one would end others' access unseen.
      if (provider.revocation?.reach === 'token') expect(left.kind).toBe('accounts');
    });

    it('may be repeated', async () => {
      const { adapter, connect } = meeting();
      const tokens = await connect();
      await adapter.revokeAccess(tokens);

      expect((await adapter.revokeAccess(tokens)).kind).toBe(subject.revokingTwice);
    });

    it('is refused to a client that cannot prove itself, and ends nothing', async () => {
      const { adapter, connect, stranger } = meeting();
      const tokens = await connect();

      const refused = await stranger.revokeAccess(tokens);

      expect(refused.kind).toBe('misconfigured');
      expect((await adapter.getUserProfile(tokens.accessToken, scopes)).kind).toBe('accounts');
    });
  });
}
