/** Instagram with Facebook Login against its sandbox: the conformance suite, and several accounts from one consent. */
import { describe, expect, it } from 'vitest';
import { startInstagramFacebook } from '../../../infra/local/platforms/instagram-facebook/instagram-facebook.ts';
import { instagramFacebook } from '../../../lib/platforms/instagram/definition.ts';
import { conforms, meetingOf } from '../../support/conformance/conformance.ts';
import { survivesFaults } from '../../support/conformance/conformance-faults.ts';
import { granted, refreshTokenOf, type Subject } from '../../support/conformance/subject.ts';

const bakery = '17841405793187218';
const ferry = '17841460000000777';

const subject: Subject = {
  provider: instagramFacebook,
  async start(options) {
    const sandbox = await startInstagramFacebook(options);
    // Stricter than Meta's default: every call that lacks its proof then fails.
    sandbox.control({ command: 'set_modes', modes: { requireProof: true } });
    return sandbox;
  },
  originsOf: ({ origin, apiOrigin }) => ({
    'https://www.facebook.com': origin,
    'https://graph.facebook.com': apiOrigin,
  }),
  settings: { graphVersion: 'v25.0' },
  scopes: ['instagram_basic', 'instagram_content_publish', 'pages_read_engagement', 'pages_show_list'],
  fewerScopes: ['instagram_basic', 'pages_show_list'],
  people: ['greta', 'haruto'],
  account: bakery,
  revokingTwice: 'revoked',
};

describe('instagram-facebook', () => {
  describe('conforms', () => conforms(subject));
  describe('survives', () => survivesFaults(subject));

  describe('outside the shared suite', () => {
    const meeting = meetingOf(subject);
    const setModes = (modes: Readonly<Record<string, string | number | boolean>>) =>
      expect(meeting().sandbox.control({ command: 'set_modes', modes })).toMatchObject({ ok: true });
    async function accountsOf(visit = {}) {
      const { adapter, connect } = meeting();
      const tokens = await connect(visit);
      const profile = await adapter.getUserProfile(tokens.accessToken, tokens.scopes ?? []);
      if (profile.kind !== 'accounts') throw new Error(`No accounts: ${JSON.stringify(profile)}.`);
      return { tokens, accounts: profile.accounts };
    }

    it.each([25, 1])('finds every linked account of every Page, %i Pages at a time', async (pageSize) => {
      setModes({ pageSize });

      const { tokens, accounts } = await accountsOf();

      setModes({ pageSize: 25 });
      expect(accounts.map(({ accountId }) => accountId)).toEqual([bakery, ferry]);
      expect(accounts.map(({ platformUserId }) => platformUserId)).toEqual([tokens.subject, tokens.subject]);
      const pageTokens = accounts.map(({ accessToken }) => accessToken?.reveal() ?? '');
      expect(pageTokens[0]).toMatch(/^EAAPs4ndb0x104520000000011Z/);
      expect(pageTokens[1]).toMatch(/^EAAPs4ndb0x104520000000013Z/);
      expect(accounts[0]).toMatchObject({
        displayName: '@saltmarsh.bakery',
        avatarUrl: expect.stringContaining('/_sandbox/avatars/saltmarsh.svg?'),
        metadata: {
          ig_business_id: bakery,
          page_id: '104520000000011',
          page_name: 'Saltmarsh Bakery',
          username: 'saltmarsh.bakery',
          name: 'Saltmarsh Bakery',
          followers_count: 18_422,
          follows_count: 311,
          media_count: 902,
          flavour: 'facebook_login',
          data_access_expires_at: expect.stringMatching(/^20\d\d-\d\d-\d\dT[\d:]+\.000Z$/),
        },
      });
      expect(accounts[1]).not.toHaveProperty('avatarUrl');
    });

    it('finds no account when no Page has a linked one', async () => {
      const { tokens, accounts } = await accountsOf({ account: 'pageless' });

      expect(accounts).toEqual([]);
      // The platform user must be known even then, because a revocation needs it.
      expect(tokens.subject).toMatch(/^2\d{16}$/);
    });

    it('stores a user token of sixty days for refreshes', async () => {
      const { connect } = meeting();

      const tokens = await connect();

      expect(tokens.expiresInSeconds).toBe(5_184_000);
      expect(refreshTokenOf(tokens).reveal()).toMatch(/^EAALs4ndb0x/);
    });

    it('refreshes each account of a grant separately, with its own Page token', async () => {
      const { adapter } = meeting();
      const { tokens } = await accountsOf();

      const one = granted(await adapter.refreshAccessToken(refreshTokenOf(tokens), bakery));
      const two = granted(await adapter.refreshAccessToken(refreshTokenOf(tokens), ferry));

      expect(one.accessToken.reveal()).toMatch(/^EAAPs4ndb0x104520000000011Z/);
      expect(two.accessToken.reveal()).toMatch(/^EAAPs4ndb0x104520000000013Z/);
      for (const refreshed of [one, two]) {
        expect(refreshTokenOf(refreshed).reveal()).toMatch(/^EAALs4ndb0x/);
        expect(refreshTokenOf(refreshed).reveal()).not.toBe(refreshTokenOf(tokens).reveal());
        expect(refreshed.expiresInSeconds).toBe(5_184_000);
      }
    });

    it('requires a reconnect only for the account whose Page is gone', async () => {
      const { adapter } = meeting();
      const { tokens } = await accountsOf();
      setModes({ lostPage: '104520000000013', pageSize: 1 });

      const lost = await adapter.refreshAccessToken(refreshTokenOf(tokens), ferry);
      const kept = await adapter.refreshAccessToken(refreshTokenOf(tokens), bakery);

      setModes({ lostPage: '', pageSize: 25 });
      expect(lost).toEqual({ kind: 'reconnect_required', reason: 'page_gone' });
      expect(kept.kind).toBe('granted');
    });

    it('does not treat unreadable Pages as deleted ones', async () => {
      const { adapter, connect, inject } = meeting();
      const tokens = await connect();
      inject('profile', { kind: 'lose_answer' }, 2);

      const outcome = await adapter.refreshAccessToken(refreshTokenOf(tokens), bakery);

      expect(outcome).toEqual({ kind: 'retryable', reason: 'answer_lost' });
    });

    it('returns the remaining lifetime of a token that the platform does not extend', async () => {
      const { adapter, connect, sandbox } = meeting();
      sandbox.control({ command: 'set_lifetimes', accessTokenSeconds: 900_000 });
      const tokens = await connect();
      sandbox.control({ command: 'set_lifetimes', accessTokenSeconds: 5_184_000 });
      setModes({ exchange: 'keeps_end' });

      const refreshed = granted(await adapter.refreshAccessToken(refreshTokenOf(tokens), bakery));

      setModes({ exchange: 'extends' });
      expect(refreshed.expiresInSeconds).toBeLessThanOrEqual(900_000);
      expect(refreshed.expiresInSeconds).toBeGreaterThan(890_000);
    });

    it.each([
      ['absent', expect.closeTo(5_184_000, -2)],
      ['never', undefined],
    ])(
      'asks the platform for the lifetime of a token when the response omits it: %s',
      async (expiresIn, expected) => {
        const { connect } = meeting();
        setModes({ expiresIn });

        const tokens = await connect();

        setModes({ expiresIn: 'present' });
        expect(tokens.expiresInSeconds).toEqual(expected);
      },
    );

    it('stores no token when the platform refuses the long-lived one', async () => {
      const { consent, exchange, sandbox } = meeting();
      const consented = await consent();
      sandbox.control({
        command: 'inject',
        endpoint: 'token',
        calls: 2,
        grantType: 'fb_exchange_token',
        fault: { kind: 'lose_answer' },
      });

      expect(await exchange(consented)).toEqual({ kind: 'retryable', reason: 'answer_lost' });
    });

    it.each(['object', 'true'])('accepts either response to a revocation: %s', async (deletionAnswer) => {
      const { adapter, connect } = meeting();
      setModes({ deletionAnswer });

      expect(await adapter.revokeAccess(await connect())).toEqual({ kind: 'revoked' });
    });

    it('revokes with the token of the user, not of the Page', async () => {
      const { adapter } = meeting();
      const { tokens, accounts } = await accountsOf();
      const [{ accessToken } = { accessToken: undefined }] = accounts;
      const refreshToken = refreshTokenOf(tokens);

      const outcome = await adapter.revokeAccess({ accessToken: accessToken ?? refreshToken, refreshToken });

      expect(outcome).toEqual({ kind: 'revoked' });
      expect((await adapter.getUserProfile(refreshToken, [])).kind).toBe('reconnect_required');
    });

    it('treats only the refusal of a dead token as a revocation', async () => {
      const { adapter, connect, inject } = meeting();
      const tokens = await connect();
      const error = { message: 'No.', type: 'OAuthException', code: 200, fbtrace_id: 'AbC' };
      inject('revoke', { kind: 'status', status: 403, body: 'json', json: { error } });

      expect((await adapter.revokeAccess(tokens)).kind).not.toBe('revoked');
    });
  });
});
