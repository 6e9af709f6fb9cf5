import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve } from '../../../infra/local/sandbox/visitor/consent-visitor.ts';
import { type Desk, openDesk } from './operator-desk.ts';

const secret = 's4ndb0x-client-secret-of-an-app';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  await desk.hawser('tenant create bakery');
});
afterAll(() => desk.close());

describe('hawser app', () => {
  it('reads the client secret from a pipe and prints the redirect URI to register', async () => {
    const { code, stdout, stderr } = await desk.hawser('app set tiktok --client-id piped', `${secret}\n`);

    expect(code).toBe(0);
    expect(stdout).toBe(`${desk.stack.apiUrl}/integrations/callback/tiktok\n`);
    expect(stdout + stderr).not.toContain('s4ndb0x');
  });

  it('asks a person at a terminal for the secret, does not show it, and lets it be corrected', async () => {
    const raw: boolean[] = [];
    const terminal = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (on: boolean) => raw.push(on),
    });
    for (const typed of ['wrong', '\u0015', `${secret}x`, '\u007f', '\r']) terminal.write(typed);

    const { code, stdout, stderr } = await desk.hawser('app set tiktok --client-id typed', terminal);

    expect(code).toBe(0);
    expect(raw).toEqual([true, false]);
    expect(stderr).toContain('The client secret (it will not show): ');
    expect(stdout + stderr).not.toContain('s4ndb0x');
    expect(await desk.secretOf('tiktok')).toMatchObject({ clientId: 'typed', clientSecret: secret });
  });

  it('changes nothing when the prompt is left with Ctrl-C', async () => {
    const before = await desk.secretOf('tiktok');
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    terminal.write('half\u0003');

    const { code, stderr } = await desk.hawser('app set tiktok --client-id other', terminal);

    expect(code).toBe(1);
    expect(stderr).toContain('Nothing was changed');
    expect(await desk.secretOf('tiktok')).toEqual(before);
  });

  it('takes no secret as an argument, and does not repeat one that was given so', async () => {
    const option = await desk.hawser(`app set tiktok --client-id x --client-secret=${secret}`);
    const argument = await desk.hawser(`app set tiktok ${secret} --client-id x`);

    for (const { code, stdout, stderr } of [option, argument]) {
      expect(code).toBe(2);
      expect(stdout + stderr).not.toContain('s4ndb0x');
    }
  });

  it('refuses an empty secret, a missing setting, an unknown one, and an unknown provider', async () => {
    const refused = [
      [await desk.hawser('app set tiktok --client-id x', '\n'), 'client secret is missing'],
      [
        await desk.hawser('app set reddit --client-id x --setting userAgent=', secret),
        'needs the setting userAgent',
      ],
      [await desk.hawser('app set tiktok --client-id x --setting a=b', secret), 'has no setting a'],
      [
        await desk.hawser('app set tiktok --client-id x --issuer https://a.example', secret),
        'takes no issuer',
      ],
      [await desk.hawser('app set openid --client-id x', secret), 'needs its issuer'],
      [await desk.hawser('app set myspace --client-id x', secret), 'There is no provider "myspace"'],
    ] as const;

    for (const [{ code, stderr }, sentence] of refused) {
      expect(code).toBe(1);
      expect(stderr).toContain(sentence);
    }
  });

  it('reads several secrets from a pipe as one JSON object, and keeps those that it is not given', async () => {
    const secrets = { clientSecret: secret, webhookSecret: 's4ndb0x-meta', verifyToken: 's4ndb0x-verify' };
    const set = 'app set instagram --client-id several';

    const all = await desk.hawser(`${set} --webhook-secret --verify-token`, JSON.stringify(secrets));
    const later = await desk.hawser(set, `${secret}-new`);

    expect([all.code, later.code]).toEqual([0, 0]);
    expect(all.stdout + all.stderr).not.toContain('s4ndb0x');
    expect(await desk.secretOf('instagram')).toMatchObject({
      ...secrets,
      clientSecret: `${secret}-new`,
      previousClientSecret: secret,
    });
  });

  it('asks a person at a terminal for one secret after the other', async () => {
    const raw: boolean[] = [];
    const terminal = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (on: boolean) => raw.push(on),
    });
    // A person may paste several lines at once.
    terminal.write(`${secret}\rs4ndb0x-ver`);
    terminal.write('ify\u007fy\r');

    const { code, stdout, stderr } = await desk.hawser(
      'app set instagram-facebook --client-id typed --verify-token',
      terminal,
    );

    expect(code).toBe(0);
    expect(raw).toEqual([true, false]);
    expect(stderr).toMatch(
      /The client secret \(it will not show\): \nThe verify token \(it will not show\): \n/,
    );
    expect(stdout + stderr).not.toContain('s4ndb0x');
    expect(await desk.secretOf('instagram-facebook')).toMatchObject({
      clientSecret: secret,
      verifyToken: 's4ndb0x-verify',
    });
  });

  it('refuses several secrets in another form, with none of them in the complaint', async () => {
    const before = await desk.secretOf('instagram');
    const inputs = [
      secret,
      JSON.stringify([secret, secret]),
      JSON.stringify({ clientSecret: secret }),
      JSON.stringify({ clientSecret: secret, verifyToken: 7 }),
      JSON.stringify({ clientSecret: secret, verifyToken: secret, extra: secret }),
      `{"clientSecret":"${secret}",`,
    ];

    for (const input of inputs) {
      const { code, stdout, stderr } = await desk.hawser(
        'app set instagram --client-id x --verify-token',
        input,
      );
      expect(code).toBe(1);
      expect(stdout + stderr).not.toContain('s4ndb0x');
    }
    expect(await desk.secretOf('instagram')).toEqual(before);
  });

  it('asks for no secret that nothing would be checked with', async () => {
    const needless = [
      await desk.hawser('app set tiktok --client-id x --webhook-secret', secret),
      await desk.hawser('app set tiktok --client-id x --verify-token', secret),
      await desk.hawser('app set instagram-facebook --client-id x --webhook-secret', secret),
      await desk.hawser('app set onlyfans --setting signerUrl=https://signer.example --verify-token'),
    ];

    for (const { code, stderr } of needless)
      expect([code, stderr]).toEqual([2, expect.stringContaining('it takes no --')]);
  });

  it('shows where a platform is to send its webhooks and callbacks', async () => {
    const { stdout } = await desk.hawser('app show instagram');

    const at = (kind: string) => `${desk.stack.apiUrl}/integrations/${kind}/instagram`;
    expect(stdout).toContain(at('webhook'));
    expect(stdout).toContain(at('deauthorize'));
    expect(stdout).toContain(at('data-deletion'));
    expect(stdout).not.toContain('s4ndb0x');
  });

  it('keeps the settings of an app and shows all but its secret', async () => {
    const agent = 'web:com.example:v1 (by /u/example)';
    await desk.hawser(`app set reddit --client-id shown --setting "userAgent=${agent}"`, secret);

    const people = await desk.hawser('app show reddit');
    const programs = await desk.json('app show reddit');

    expect(people.stdout).toMatch(/^Client secret +filled in$/m);
    expect(people.stdout).not.toContain('s4ndb0x');
    expect(programs).toMatchObject({ clientId: 'shown', settings: { userAgent: agent }, secretFilled: true });
    expect(programs).not.toHaveProperty('secretId');
  });

  it("gives a tenant's own app a context that cannot be guessed, and its flows use it", async () => {
    await desk.hawser('return-url add bakery https://app.example/connected');
    const key = (await desk.hawser('key create bakery')).stdout.trim();

    const { stdout } = await desk.hawser('app set tiktok --tenant bakery --client-id own-client', secret);

    expect(stdout).toMatch(/\/integrations\/callback\/app_[A-Za-z0-9_-]{22}\n$/);
    const consent = new URL(await desk.authorizationUrl(key, 'tiktok', 'ana'));
    expect(consent.searchParams.get('client_key')).toBe('own-client');
    expect(consent.searchParams.get('redirect_uri')).toBe(stdout.trim());
    expect(await desk.json('app list --tenant bakery')).toMatchObject({ apps: [{ clientId: 'own-client' }] });
  });

  it('keeps the context of an app that is set again, so that its redirect URI stays', async () => {
    const before = await desk.hawser('app set tiktok --tenant bakery --client-id own-client', secret);

    const after = await desk.hawser('app set tiktok --tenant bakery --client-id own-client', `${secret}2`);

    expect(after.stdout).toBe(before.stdout);
  });

  it("removes a tenant's own app with its secret, and the tenant is back on the shared one", async () => {
    const { appId } = (await desk.json('app show tiktok --tenant bakery')) as { appId: string };

    const removed = await desk.hawser('app remove tiktok --tenant bakery');

    expect(removed.code).toBe(0);
    await expect(desk.secretOf(appId)).rejects.toThrow();
    expect((await desk.hawser('app show tiktok --tenant bakery')).code).toBe(1);
    expect(await desk.json('tenant show bakery')).toMatchObject({ apps: {} });
  });

  it("cannot reach a tenant's own app by its context", async () => {
    await desk.hawser('app set tiktok --tenant bakery --client-id own-client', secret);
    const { appId } = (await desk.json('app show tiktok --tenant bakery')) as { appId: string };

    const removed = await desk.hawser(`app remove ${appId}`);

    expect(removed.code).toBe(1);
    expect((await desk.hawser('app show tiktok --tenant bakery')).code).toBe(0);
  });

  it('schedules the deletion of the secret of a shared app that is removed, and restores it when the app is set again', async () => {
    await desk.hawser('app set tiktok --client-id shared', secret);

    await desk.hawser('app remove tiktok');

    await expect(desk.secretOf('tiktok')).rejects.toThrow('marked for deletion');
    expect((await desk.hawser('app list')).stdout).not.toMatch(/^tiktok/m);
    expect((await desk.hawser('app set tiktok --client-id shared', secret)).code).toBe(0);
    expect(await desk.secretOf('tiktok')).toMatchObject({ clientId: 'shared', clientSecret: secret });
  });
});

describe('hawser connections', () => {
  it('lists who is connected, lets no app go on which connections stand, and shows no secret', async () => {
    await desk.hawser('tenant create cafe');
    await desk.hawser(`return-url add cafe https://cafe.example/connected`);
    const redirectUri = (await desk.hawser('app set tiktok --tenant cafe --client-id cafe-client', secret))
      .stdout;
    desk.stack.platforms.sandboxes.tiktok.addClient({
      clientId: 'cafe-client',
      clientSecret: secret,
      redirectUris: [redirectUri.trim()],
    });
    const key = (await desk.hawser('key create cafe')).stdout.trim();
    await desk.connect(key, 'tiktok', 'ana', (url) => approve(url, { account: 'mira' }, fetch));

    const people = await desk.hawser('connections list cafe');
    const ofAna = await desk.json('connections list cafe --user ana');
    const ofBen = await desk.json('connections list cafe --user ben');

    expect(people.stdout).toMatch(/^con_\S+ +ana +tiktok +\S+ +active +\d{4}-/m);
    expect(people.stdout + JSON.stringify(ofAna)).not.toContain('s4ndb0x');
    expect(ofAna).toMatchObject({ connections: [{ userId: 'ana', provider: 'tiktok', status: 'active' }] });
    expect(ofBen).toEqual({ connections: [] });
    expect((await desk.hawser('app remove tiktok --tenant cafe')).stderr).toContain('Connections stand on');
  });
});

describe('hawser setup and rotate', () => {
  it('finds everything filled in already', async () => {
    expect(await desk.json('setup')).toEqual({ made: [] });
  });

  it('keeps the state secret before as the previous one, and shows neither', async () => {
    const before = await desk.readSecret('hawser/state');

    const { code, stdout, stderr } = await desk.hawser('rotate state-secret');

    const after = await desk.readSecret('hawser/state');
    expect(code).toBe(0);
    expect(after['previous']).toBe(before['current']);
    expect(after['current']).not.toBe(before['current']);
    for (const value of Object.values(after)) expect(stdout + stderr).not.toContain(value);
  });

  it('replaces the session signing key', async () => {
    const before = await desk.readSecret('hawser/session-key');

    const { code } = await desk.hawser('rotate session-key');

    expect(code).toBe(0);
    expect((await desk.readSecret('hawser/session-key'))['keyId']).not.toBe(before['keyId']);
  });

  it("raises the version of a tenant's key", async () => {
    const first = (await desk.json('rotate tenant-key bakery')) as { version: number };

    expect(await desk.json('rotate tenant-key bakery')).toMatchObject({ version: first.version + 1 });
  });
});
