/**
 * OnlyFans, whose users lend a browser session: disabled until the operator enables it, connected after one session probe,
 * served to the tenant's backend alone, and never refreshed. Over HTTP against the whole stack.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Input } from '../../infra/cli/terminal/io.ts';
import { openFolder, runIn } from '../support/cli/cli-fixture.ts';
import { accountOf } from '../support/stack/flow-steps.ts';
import { openFixture, type Values } from './onlyfans-fixture.ts';

const { stack, tenant, sandbox, modes, inject, calls, logIn, connect, failToConnect, statusOf } =
  openFixture();
const signerUrl = () => `${sandbox().origin}/signer`;

describe('the OnlyFans provider', () => {
  it('is neither listed nor called until the operator enables it with one command that names a signer and asks for no secret', async () => {
    const user = tenant().user('ada');
    const credentials = await logIn();
    const place = openFolder();
    onTestFinished(() => place[Symbol.dispose]());
    const { apiUrl, endpoints } = stack().local;
    place.write('.local/endpoints.json', {
      apiUrl,
      platforms: { onlyfans: sandbox().origin },
      aws: endpoints,
    });
    const hawser = (argv: string) => runIn(place.folder, argv.split(' '), unreadable);

    const removed = await hawser('app remove onlyfans');
    const { providers: before } = await tenant().client.ok('listProviders');
    const refused = await failToConnect(user, credentials);
    const asked = calls();
    const registered = await hawser(`app set onlyfans --setting signerUrl=${signerUrl()}`);
    const shown = await hawser('app show onlyfans --json');
    const listed = await hawser('app list');
    const { providers: after } = await tenant().client.ok('listProviders');
    const connection = await connect(user, credentials);

    expect([removed.code, registered.code, shown.code]).toEqual([0, 0, 0]);
    expect(before.map(({ id }) => id)).not.toContain('onlyfans');
    expect(refused).toMatchObject({ code: 'INVALID_PROVIDER', status: 404 });
    expect(asked).toEqual({ platform: 0, signer: 0 });
    expect(registered.stdout).toBe('onlyfans is on.\n');
    expect(registered.stderr).not.toContain('secret');
    expect(JSON.parse(shown.stdout)).toEqual({
      appId: 'onlyfans',
      provider: 'onlyfans',
      version: expect.any(Number),
      settings: { signerUrl: signerUrl() },
    });
    expect(listed.stdout).toMatch(/^onlyfans +- +-$/m);
    expect(after.find(({ id }) => id === 'onlyfans')).toMatchObject({
      name: 'OnlyFans',
      auth: 'credentials',
      scopes: [],
      fields: [
        { id: 'auth_id', secret: false, required: true },
        { id: 'sess', secret: true, required: true },
        { id: 'x_bc', secret: true, required: true },
        { id: 'user_agent', secret: false, required: true },
        { id: 'auth_uid', secret: true, required: false },
        { id: 'cookies', secret: true, required: false },
      ],
    });
    expect(connection.status).toBe('active');
  });

  it('cannot be enabled without a signer, with an unsafe signer URL or with a client', async () => {
    const { operator } = stack().local;
    const set = (settings: Values, client: object = {}) =>
      operator.setApp({ provider: 'onlyfans', settings, ...client });

    await expect(set({ signerUrl: '' })).rejects.toThrow('needs the setting signerUrl');
    for (const url of [
      'signer.example',
      'http://signer.example/sign',
      'https://a:b@signer.example/',
      'ftp://signer.example',
      'https://signer.example/#a',
    ]) {
      await expect(set({ signerUrl: url })).rejects.toThrow('must be an https address');
    }
    const safe = { signerUrl: 'https://signer.example/sign' };
    await expect(set(safe, { clientId: 'a', clientSecret: 's4ndb0x' })).rejects.toThrow('takes no client id');
    await expect(operator.setApp({ provider: 'tiktok', settings: {} })).rejects.toThrow(
      'needs its client id',
    );
  });

  it('can be enabled for a single tenant and disabled again once that tenant’s connections are gone', async () => {
    const { operator } = stack().local;
    const user = tenant().user('ada');
    const onlyOne = { provider: 'onlyfans', tenantId: tenant().id, settings: { signerUrl: signerUrl() } };

    const { appId } = await operator.setApp(onlyOne);
    const connection = await connect(user, await logIn());
    await expect(operator.removeApp('onlyfans', tenant().id)).rejects.toThrow('Connections use this app');
    await tenant().client.ok('disconnect', accountOf(user, connection));
    await operator.removeApp('onlyfans', tenant().id);

    expect(appId).toMatch(/^app_/);
    await expect(operator.findApp('onlyfans', tenant().id)).rejects.toThrow('not registered');
  });
});

describe('an OnlyFans connection', () => {
  it.each(['apiKey', 'session'] as const)(
    'is created, used by the backend and disconnected with the credential %s',
    async (by) => {
      const user = by === 'apiKey' ? tenant().user('ada') : await tenant().session('ada');
      const backend = tenant().user('ada');
      const credentials = await logIn('guarded');

      const connection = await connect(user, { ...credentials, cookies: 'fp=s4ndb0xfp' });
      const listed = await statusOf(user);
      const token = await tenant().client.ok('getToken', accountOf(backend, connection));
      const refresh = await user.client.fails('refreshToken', accountOf(user, connection));
      const asked = calls();
      const gone = await user.client.ok('disconnect', accountOf(user, connection));
      const afterwards = await tenant().client.fails('getToken', accountOf(backend, connection));

      expect(connection).toMatchObject({
        provider: 'onlyfans',
        accountId: '31415926',
        userId: 'ada',
        status: 'active',
        linking: 'confirmed',
        displayName: 'Guarded Garden',
        scopes: [],
        missingScopes: [],
        refreshable: false,
        expiresAt: null,
        metadata: { username: 'guarded.garden', performer: true },
      });
      expect(listed).toEqual(connection);
      expect(token).toMatchObject({ tokenType: 'Session', expiresAt: null, scopes: [] });
      expect(JSON.parse(token.accessToken)).toEqual({ ...credentials, extra_cookies: 'fp=s4ndb0xfp' });
      expect(refresh.code).toBe('NO_REFRESH_TOKEN');
      expect(asked).toEqual({ platform: 1, signer: 1 });
      expect(gone).toEqual({
        disconnected: true,
        revocation: 'not_supported',
        receipts: [{ token: 'access_token', outcome: 'dies_of_age' }],
      });
      expect(afterwards.code).toBe('ACCOUNT_NOT_FOUND');
      expect(calls()).toEqual(asked);
    },
  );

  it('gives its credentials to no browser', async () => {
    const user = await tenant().session('ada');
    const connection = await connect(user, await logIn());

    const refused = await user.client.fails('getToken', accountOf(user, connection));

    expect(['FORBIDDEN', 'UNAUTHORIZED']).toContain(refused.code);
  });

  it('can be reconnected in place by its own user and by no other user', async () => {
    const [ada, bo] = [tenant().user('ada'), tenant().user('bo')];
    const first = await connect(ada, await logIn());
    const refreshed = await logIn();

    const taken = await failToConnect(bo, refreshed);
    const second = await connect(ada, refreshed, { reconnect: first.accountId });
    const token = await tenant().client.ok('getToken', accountOf(ada, second));

    expect(taken.code).toBe('ACCOUNT_ALREADY_CONNECTED');
    expect(second.id).toBe(first.id);
    expect(JSON.parse(token.accessToken)).toEqual(refreshed);
  });

  it('is refused without a call to the platform when the credentials are missing, malformed or of another account', async () => {
    const user = tenant().user('ada');
    const credentials = await logIn();

    const other = await failToConnect(user, credentials, { reconnect: '20406080' });
    const malformed = await failToConnect(user, { ...credentials, sess: 's4ndb0x\r\nx: y', x_bc: '' });
    const none = await failToConnect(user, undefined);

    expect(other.code).toBe('ACCOUNT_MISMATCH');
    expect(malformed).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { fields: ['credentials.sess', 'credentials.x_bc'] },
    });
    expect(none.code).toBe('INVALID_REQUEST');
    expect(calls()).toEqual({ platform: 0, signer: 0 });
  });

  it('is refused when the platform does not recognize the session, after a single probe', async () => {
    const user = tenant().user('ada');
    const credentials = await logIn();

    const refused = await failToConnect(user, { ...credentials, user_agent: 'Mozilla/5.0 EXAMPLE' });
    const asked = calls();
    const again = await failToConnect(user, credentials);

    expect(refused).toMatchObject({
      code: 'CREDENTIALS_REFUSED',
      status: 422,
      details: { reason: 'session_ended' },
    });
    expect(asked).toEqual({ platform: 1, signer: 1 });
    // The probe with wrong credentials has ended the browser's own session.
    expect(again).toMatchObject({ code: 'CREDENTIALS_REFUSED', details: { reason: 'access_denied' } });
    expect(await statusOf(user)).toBeUndefined();
  });

  it.each<[string, () => void, string, string, number]>([
    [
      'the signer fails',
      () => inject('token', { kind: 'status', status: 500, body: 'json' }),
      'OAUTH_INIT_ERROR',
      'signer_failed',
      0,
    ],
    [
      'the signer reports that its rules are stale',
      () => modes({ siteRules: 2 }),
      'OAUTH_INIT_ERROR',
      'signer_unhealthy',
      0,
    ],
    [
      'the signer’s rules are stale without its knowing',
      () => modes({ siteRules: 2, signerHealth: 'absent' }),
      'OAUTH_INIT_ERROR',
      'signature_or_session',
      1,
    ],
    ['the platform blocks the call', () => modes({ edge: 'challenge' }), 'PROVIDER_ERROR', 'blocked', 1],
    [
      'the platform rate-limits the call',
      () => inject('profile', { kind: 'rate_limited' }),
      'PROVIDER_ERROR',
      'http_429',
      1,
    ],
    [
      'the platform is down',
      () => inject('profile', { kind: 'status', status: 502, body: 'html' }),
      'PROVIDER_ERROR',
      'http_502',
      1,
    ],
    [
      'the answer is lost',
      () => inject('profile', { kind: 'lose_answer' }),
      'PROVIDER_ERROR',
      'answer_lost',
      1,
    ],
  ])(
    'is not created when %s, and neither signer nor platform is called twice',
    async (_name, arrange, code, reason, platform) => {
      const user = tenant().user('ada');
      const credentials = await logIn();
      arrange();

      const refused = await failToConnect(user, credentials);

      expect(refused).toMatchObject({ code, details: { reason } });
      expect(calls()).toEqual({ platform, signer: 1 });
      expect(await statusOf(user)).toBeUndefined();
    },
  );
});

/** A standard input that fails on every read, so that a prompt for a secret fails the test. */
const unreadable: Input = {
  isTTY: false,
  [Symbol.asyncIterator]() {
    throw new Error('A secret was asked for.');
  },
};
