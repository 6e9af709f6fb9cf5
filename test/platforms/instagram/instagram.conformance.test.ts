/** Instagram with Instagram Login against its sandbox: the conformance suite, and the behaviour of this flavour only. */
import { describe, expect, it } from 'vitest';
import { startInstagram } from '../../../infra/local/platforms/instagram/instagram.ts';
import { instagram } from '../../../lib/platforms/instagram/definition.ts';
import { conforms, meetingOf } from '../../support/conformance/conformance.ts';
import { survivesFaults } from '../../support/conformance/conformance-faults.ts';
import { granted, refreshTokenOf, type Subject } from '../../support/conformance/subject.ts';

const subject: Subject = {
  provider: instagram,
  async start(options) {
    const sandbox = await startInstagram(options);
    // The suite refreshes tokens within their first minute; the tests below cover what Instagram does with those.
    sandbox.control({ command: 'set_modes', modes: { minimumAgeSeconds: 0 } });
    return sandbox;
  },
  originsOf: ({ origin, apiOrigin }) => ({
    'https://www.instagram.com': origin,
    'https://api.instagram.com': origin,
    'https://graph.instagram.com': apiOrigin,
  }),
  settings: {},
  scopes: [
    'instagram_business_basic',
    'instagram_business_content_publish',
    'instagram_business_manage_comments',
  ],
  fewerScopes: ['instagram_business_basic', 'instagram_business_manage_comments'],
  people: ['saltmarsh', 'yuki'],
  refreshesWithoutClient: true,
};

const graphError = (code: number, more: object = {}) => ({
  error: { message: 'No.', type: 'OAuthException', code, fbtrace_id: 'AbC', ...more },
});

describe('instagram', () => {
  describe('conforms', () => conforms(subject));
  describe('survives', () => survivesFaults(subject));

  describe('outside the shared suite', () => {
    const meeting = meetingOf(subject);
    const setModes = (modes: Readonly<Record<string, string | number | boolean>>) =>
      expect(meeting().sandbox.control({ command: 'set_modes', modes })).toMatchObject({ ok: true });

    it('stores a token of sixty days, which is also its refresh token', async () => {
      const { connect } = meeting();

      const tokens = await connect();

      expect(tokens.expiresInSeconds).toBe(5_184_000);
      expect(tokens.accessToken.reveal()).toMatch(/^IGAALs4ndb0x/);
      expect(refreshTokenOf(tokens).reveal()).toBe(tokens.accessToken.reveal());
    });

    it.each([
      { tokenBody: 'wrapped', permissions: 'text', ids: 'text', profileBody: 'flat' },
      { tokenBody: 'flat', permissions: 'list', ids: 'number', profileBody: 'wrapped' },
    ])('reads every documented shape and loses no digit of an id: %j', async (modes) => {
      const { adapter, connect } = meeting();
      setModes(modes);

      const tokens = await connect();
      const profile = await adapter.getUserProfile(tokens.accessToken, tokens.scopes ?? []);

      expect(tokens.scopes).toEqual(subject.scopes);
      expect(profile).toEqual({
        kind: 'accounts',
        accounts: [
          {
            accountId: '17841405793187218',
            platformUserId: expect.stringMatching(/^2\d{16}$/),
            displayName: '@saltmarsh.bakery',
            avatarUrl: expect.stringContaining('/_sandbox/avatars/saltmarsh.svg?'),
            metadata: {
              ig_business_id: '17841405793187218',
              app_scoped_id: expect.stringMatching(/^2\d{16}$/),
              username: 'saltmarsh.bakery',
              name: 'Saltmarsh Bakery',
              account_type: 'BUSINESS',
              followers_count: 18_422,
              follows_count: 311,
              media_count: 902,
              flavour: 'instagram_login',
            },
          },
        ],
      });
    });

    it.each(['graph', 'flat'])(
      'recognises the refusal of a wrong secret in the shape "%s"',
      async (secretRefusal) => {
        const { consent, exchange, stranger } = meeting();
        setModes({ secretRefusal });

        const refused = await exchange(await consent(), stranger);

        expect(refused).toEqual({ kind: 'misconfigured', reason: 'client_refused' });
      },
    );

    it('stores no token when the platform refuses the long-lived one, because an hour is too short for a connection', async () => {
      const { consent, exchange, sandbox } = meeting();
      const consented = await consent();
      sandbox.control({
        command: 'inject',
        endpoint: 'token',
        calls: 2,
        grantType: 'ig_exchange_token',
        fault: { kind: 'status', status: 500, body: 'json' },
      });

      expect(await exchange(consented)).toEqual({ kind: 'retryable', reason: 'http_500' });
    });

    it('retries the request for the long-lived token, which is safe to repeat', async () => {
      const { consent, exchange, sandbox } = meeting();
      const consented = await consent();
      sandbox.control({
        command: 'inject',
        endpoint: 'token',
        calls: 1,
        grantType: 'ig_exchange_token',
        fault: { kind: 'lose_answer' },
      });

      expect((await exchange(consented)).kind).toBe('granted');
    });

    it('does not blame the app for a failure after the code was redeemed, or the spent code would be sent again', async () => {
      const { consent, exchange, sandbox } = meeting();
      const consented = await consent();
      sandbox.control({
        command: 'inject',
        endpoint: 'token',
        calls: 1,
        grantType: 'ig_exchange_token',
        fault: {
          kind: 'status',
          status: 400,
          body: 'json',
          json: graphError(1, { message: 'Error validating client secret.' }),
        },
      });

      expect((await exchange(consented)).kind).toBe('retryable');
    });

    it.each([100, 10, 190, 2_207])(
      'keeps a token younger than a day that the platform refuses to refresh with code %i',
      async (tooEarlyCode) => {
        const { adapter, connect } = meeting();
        setModes({ minimumAgeSeconds: 86_400, tooEarlyCode });
        const tokens = await connect();

        const outcome = await adapter.refreshAccessToken(refreshTokenOf(tokens), '17841405793187218');

        setModes({ minimumAgeSeconds: 0 });
        expect(outcome).toEqual({ kind: 'unchanged' });
        expect((await adapter.getUserProfile(tokens.accessToken, [])).kind).toBe('accounts');
      },
    );

    it('does not treat a token as dead when the profile check fails', async () => {
      const { adapter, connect, inject } = meeting();
      const tokens = await connect();
      inject('token', { kind: 'status', status: 400, body: 'json', json: graphError(190) });
      inject('profile', { kind: 'status', status: 500, body: 'json' });

      const outcome = await adapter.refreshAccessToken(refreshTokenOf(tokens), '');

      expect(outcome).toEqual({ kind: 'retryable', reason: 'refusal_unconfirmed' });
    });

    it.each([458, 459, 460, 464, 467])(
      'treats a token as dead when the profile refuses it too: subcode %i',
      async (deadTokenSubcode) => {
        const { adapter, connect, sandbox } = meeting();
        setModes({ deadTokenSubcode });
        const tokens = await connect();
        sandbox.control({ command: 'kill_grants' });

        const outcome = await adapter.refreshAccessToken(refreshTokenOf(tokens), '');

        expect(outcome).toMatchObject({ kind: 'reconnect_required' });
      },
    );

    it('keeps the same token when the platform only extends its expiry', async () => {
      const { adapter, connect } = meeting();
      setModes({ refreshedToken: 'same' });
      const before = await connect();

      const after = granted(await adapter.refreshAccessToken(refreshTokenOf(before), ''));

      setModes({ refreshedToken: 'new' });
      expect(after.accessToken.reveal()).toBe(before.accessToken.reveal());
      expect(after.expiresInSeconds).toBe(5_184_000);
    });

    it.each([
      [80_002, 400],
      [4, 403],
      [17, 429],
      [613, 400],
    ])(
      'waits as long as the usage header says for code %i under status %i',
      async (throttleCode, throttleStatus) => {
        const { adapter, connect } = meeting();
        setModes({ callBudget: 0, throttleCode, throttleStatus });
        const { accessToken } = await connect();

        const profile = await adapter.getUserProfile(accessToken, []);

        setModes({ callBudget: 10_000 });
        expect(profile).toMatchObject({ kind: 'retryable' });
        // The hour's window began earlier in this suite, and the header counts whole minutes.
        expect(profile).toHaveProperty('afterSeconds', expect.closeTo(3_600, -3));
      },
    );

    it('returns no retry delay when the platform names none', async () => {
      const { adapter, connect } = meeting();
      setModes({ callBudget: 0, throttleStatus: 400, throttleCode: 80_002, regainTime: false });
      const { accessToken } = await connect();

      const profile = await adapter.getUserProfile(accessToken, []);

      setModes({ callBudget: 10_000, regainTime: true });
      expect(profile).toEqual({ kind: 'retryable', reason: '80002' });
    });

    it('yields no profile when the basic permission is missing', async () => {
      const { adapter, connect } = meeting();
      const tokens = await connect({ scopes: ['instagram_business_manage_comments'] });

      const profile = await adapter.getUserProfile(tokens.accessToken, tokens.scopes ?? []);

      expect(tokens.scopes).toEqual(['instagram_business_manage_comments']);
      expect(profile).toEqual({ kind: 'reconnect_required', reason: '10' });
    });
  });
});
