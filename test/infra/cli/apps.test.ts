import { PassThrough } from 'node:stream';
import { describe, expect } from 'vitest';
import { approve } from '../../../infra/local/sandbox/visitor/consent-visitor.ts';
import { it } from '../../support/fixtures/cli.ts';

const secret = 's4ndb0x-client-secret-of-an-app';

it.beforeAll(async ({ cli }) => {
  await cli.hawser('tenant create bakery');
});

describe('hawser app', () => {
  it('reads the client secret from a pipe and prints the redirect URI to register', async ({ cli }) => {
    const { code, stdout, stderr } = await cli.hawser('app set tiktok --client-id piped', `${secret}\n`);

    expect(code).toBe(0);
    expect(stdout).toBe(`${cli.stack.apiUrl}/integrations/callback/tiktok\n`);
    expect(stdout + stderr).not.toContain('s4ndb0x');
  });

  it('prompts at a terminal for the secret, hides it, and lets the person correct it', async ({ cli }) => {
    const raw: boolean[] = [];
    const terminal = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (on: boolean) => raw.push(on),
    });
    for (const typed of ['wrong', '\u0015', `${secret}x`, '\u007f', '\r']) terminal.write(typed);

    const { code, stdout, stderr } = await cli.hawser('app set tiktok --client-id typed', terminal);

    expect(code).toBe(0);
    expect(raw).toEqual([true, false]);
    expect(stderr).toContain('The client secret (it will not show): ');
    expect(stdout + stderr).not.toContain('s4ndb0x');
    expect(await cli.secretOf('tiktok')).toMatchObject({ clientId: 'typed', clientSecret: secret });
  });

  it('changes nothing when the person leaves the prompt with Ctrl-C', async ({ cli }) => {
    const before = await cli.secretOf('tiktok');
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    terminal.write('half\u0003');

    const { code, stderr } = await cli.hawser('app set tiktok --client-id other', terminal);

    expect(code).toBe(1);
    expect(stderr).toContain('Nothing was changed');
    expect(await cli.secretOf('tiktok')).toEqual(before);
  });

  it('refuses a secret as an argument, and does not print it', async ({ cli }) => {
    const option = await cli.hawser(`app set tiktok --client-id x --client-secret=${secret}`);
    const argument = await cli.hawser(`app set tiktok ${secret} --client-id x`);

    for (const { code, stdout, stderr } of [option, argument]) {
      expect(code).toBe(2);
      expect(stdout + stderr).not.toContain('s4ndb0x');
    }
  });

  it('refuses an empty secret, a missing setting, an unknown one, and an unknown provider', async ({
    cli,
  }) => {
    const refused = [
      [await cli.hawser('app set tiktok --client-id x', '\n'), 'client secret is missing'],
      [
        await cli.hawser('app set reddit --client-id x --setting userAgent=', secret),
        'needs the setting userAgent',
      ],
      [await cli.hawser('app set tiktok --client-id x --setting a=b', secret), 'has no setting a'],
      [
        await cli.hawser('app set tiktok --client-id x --issuer https://a.example', secret),
        'takes no issuer',
      ],
      [await cli.hawser('app set openid --client-id x', secret), 'needs its issuer'],
      [await cli.hawser('app set myspace --client-id x', secret), 'There is no provider "myspace"'],
    ] as const;

    for (const [{ code, stderr }, sentence] of refused) {
      expect(code).toBe(1);
      expect(stderr).toContain(sentence);
    }
  });

  it('reads several secrets from a pipe as one JSON object, and keeps the secrets that the object omits', async ({
    cli,
  }) => {
    const secrets = { clientSecret: secret, webhookSecret: 's4ndb0x-meta', verifyToken: 's4ndb0x-verify' };
    const set = 'app set instagram --client-id several';

    const all = await cli.hawser(`${set} --webhook-secret --verify-token`, JSON.stringify(secrets));
    const later = await cli.hawser(set, `${secret}-new`);

    expect([all.code, later.code]).toEqual([0, 0]);
    expect(all.stdout + all.stderr).not.toContain('s4ndb0x');
    expect(await cli.secretOf('instagram')).toMatchObject({
      ...secrets,
      clientSecret: `${secret}-new`,
      previousClientSecret: secret,
    });
  });

  it('prompts at a terminal for one secret after the other', async ({ cli }) => {
    const raw: boolean[] = [];
    const terminal = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (on: boolean) => raw.push(on),
    });
    // A person may paste several lines at once.
    terminal.write(`${secret}\rs4ndb0x-ver`);
    terminal.write('ify\u007fy\r');

    const { code, stdout, stderr } = await cli.hawser(
      'app set instagram-facebook --client-id typed --verify-token',
      terminal,
    );

    expect(code).toBe(0);
    expect(raw).toEqual([true, false]);
    expect(stderr).toMatch(
      /The client secret \(it will not show\): \nThe verify token \(it will not show\): \n/,
    );
    expect(stdout + stderr).not.toContain('s4ndb0x');
    expect(await cli.secretOf('instagram-facebook')).toMatchObject({
      clientSecret: secret,
      verifyToken: 's4ndb0x-verify',
    });
  });

  it('refuses several secrets in another form, and its error repeats none of them', async ({ cli }) => {
    const before = await cli.secretOf('instagram');
    const inputs = [
      secret,
      JSON.stringify([secret, secret]),
      JSON.stringify({ clientSecret: secret }),
      JSON.stringify({ clientSecret: secret, verifyToken: 7 }),
      JSON.stringify({ clientSecret: secret, verifyToken: secret, extra: secret }),
      `{"clientSecret":"${secret}",`,
    ];

    for (const input of inputs) {
      const { code, stdout, stderr } = await cli.hawser(
        'app set instagram --client-id x --verify-token',
        input,
      );
      expect(code).toBe(1);
      expect(stdout + stderr).not.toContain('s4ndb0x');
    }
    expect(await cli.secretOf('instagram')).toEqual(before);
  });

  it('does not ask for a secret that no check uses', async ({ cli }) => {
    const needless = [
      await cli.hawser('app set tiktok --client-id x --webhook-secret', secret),
      await cli.hawser('app set tiktok --client-id x --verify-token', secret),
      await cli.hawser('app set instagram-facebook --client-id x --webhook-secret', secret),
      await cli.hawser('app set onlyfans --setting signerUrl=https://signer.example --verify-token'),
    ];

    for (const { code, stderr } of needless)
      expect([code, stderr]).toEqual([2, expect.stringContaining('it takes no --')]);
  });

  it('shows the URLs for the webhooks and callbacks of a platform', async ({ cli }) => {
    const { stdout } = await cli.hawser('app show instagram');

    const at = (kind: string) => `${cli.stack.apiUrl}/integrations/${kind}/instagram`;
    expect(stdout).toContain(at('webhook'));
    expect(stdout).toContain(at('deauthorize'));
    expect(stdout).toContain(at('data-deletion'));
    expect(stdout).not.toContain('s4ndb0x');
  });

  it('keeps the settings of an app and shows all but its secret', async ({ cli }) => {
    const agent = 'web:com.example:v1 (by /u/example)';
    await cli.hawser(`app set reddit --client-id shown --setting "userAgent=${agent}"`, secret);

    const people = await cli.hawser('app show reddit');
    const programs = await cli.json('app show reddit');

    expect(people.stdout).toMatch(/^Client secret +filled in$/m);
    expect(people.stdout).not.toContain('s4ndb0x');
    expect(programs).toMatchObject({ clientId: 'shown', settings: { userAgent: agent }, secretFilled: true });
    expect(programs).not.toHaveProperty('secretId');
  });

  it("gives a tenant's own app an unguessable app id, and its flows use that app", async ({ cli }) => {
    await cli.hawser('return-url add bakery https://app.example/connected');
    const key = (await cli.hawser('key create bakery')).stdout.trim();

    const { stdout } = await cli.hawser('app set tiktok --tenant bakery --client-id own-client', secret);

    expect(stdout).toMatch(/\/integrations\/callback\/app_[A-Za-z0-9_-]{22}\n$/);
    const consent = new URL(await cli.authorizationUrl(key, 'tiktok', 'ana'));
    expect(consent.searchParams.get('client_key')).toBe('own-client');
    expect(consent.searchParams.get('redirect_uri')).toBe(stdout.trim());
    expect(await cli.json('app list --tenant bakery')).toMatchObject({ apps: [{ clientId: 'own-client' }] });
  });

  it('keeps the app id of an app that is set again, so that its redirect URI stays the same', async ({
    cli,
  }) => {
    const before = await cli.hawser('app set tiktok --tenant bakery --client-id own-client', secret);

    const after = await cli.hawser('app set tiktok --tenant bakery --client-id own-client', `${secret}2`);

    expect(after.stdout).toBe(before.stdout);
  });

  it("removes a tenant's own app with its secret, and the tenant uses the shared app again", async ({
    cli,
  }) => {
    const { appId } = (await cli.json('app show tiktok --tenant bakery')) as { appId: string };

    const removed = await cli.hawser('app remove tiktok --tenant bakery');

    expect(removed.code).toBe(0);
    await expect(cli.secretOf(appId)).rejects.toThrow();
    expect((await cli.hawser('app show tiktok --tenant bakery')).code).toBe(1);
    expect(await cli.json('tenant show bakery')).toMatchObject({ apps: {} });
  });

  it("cannot address a tenant's own app by its app id", async ({ cli }) => {
    await cli.hawser('app set tiktok --tenant bakery --client-id own-client', secret);
    const { appId } = (await cli.json('app show tiktok --tenant bakery')) as { appId: string };

    const removed = await cli.hawser(`app remove ${appId}`);

    expect(removed.code).toBe(1);
    expect((await cli.hawser('app show tiktok --tenant bakery')).code).toBe(0);
  });

  it('schedules the deletion of the secret of a shared app that is removed, and restores it when the app is set again', async ({
    cli,
  }) => {
    await cli.hawser('app set tiktok --client-id shared', secret);

    await cli.hawser('app remove tiktok');

    await expect(cli.secretOf('tiktok')).rejects.toThrow('marked for deletion');
    expect((await cli.hawser('app list')).stdout).not.toMatch(/^tiktok/m);
    expect((await cli.hawser('app set tiktok --client-id shared', secret)).code).toBe(0);
    expect(await cli.secretOf('tiktok')).toMatchObject({ clientId: 'shared', clientSecret: secret });
  });
});

describe('hawser connections', () => {
  it('lists connections without secrets, and refuses to remove an app that connections use', async ({
    cli,
  }) => {
    await cli.hawser('tenant create cafe');
    await cli.hawser(`return-url add cafe https://cafe.example/connected`);
    const redirectUri = (await cli.hawser('app set tiktok --tenant cafe --client-id cafe-client', secret))
      .stdout;
    cli.stack.platforms.sandboxes.tiktok.addClient({
      clientId: 'cafe-client',
      clientSecret: secret,
      redirectUris: [redirectUri.trim()],
    });
    const key = (await cli.hawser('key create cafe')).stdout.trim();
    await cli.connect(key, 'tiktok', 'ana', (url) => approve(url, { account: 'mira' }, fetch));

    const people = await cli.hawser('connections list cafe');
    const ofAna = await cli.json('connections list cafe --user ana');
    const ofBen = await cli.json('connections list cafe --user ben');

    expect(people.stdout).toMatch(/^con_\S+ +ana +tiktok +\S+ +active +\d{4}-/m);
    expect(people.stdout + JSON.stringify(ofAna)).not.toContain('s4ndb0x');
    expect(ofAna).toMatchObject({ connections: [{ userId: 'ana', provider: 'tiktok', status: 'active' }] });
    expect(ofBen).toEqual({ connections: [] });
    expect((await cli.hawser('app remove tiktok --tenant cafe')).stderr).toContain(
      'Connections use this app',
    );
  });
});

describe('hawser setup and rotate', () => {
  it('find every secret already filled in', async ({ cli }) => {
    expect(await cli.json('setup')).toEqual({ made: [] });
  });

  it('keep the old state secret as the previous one, and print neither', async ({ cli }) => {
    const before = await cli.readSecret('hawser/state');

    const { code, stdout, stderr } = await cli.hawser('rotate state-secret');

    const after = await cli.readSecret('hawser/state');
    expect(code).toBe(0);
    expect(after['previous']).toBe(before['current']);
    expect(after['current']).not.toBe(before['current']);
    for (const value of Object.values(after)) expect(stdout + stderr).not.toContain(value);
  });

  it('replace the session signing key', async ({ cli }) => {
    const before = await cli.readSecret('hawser/session-key');

    const { code } = await cli.hawser('rotate session-key');

    expect(code).toBe(0);
    expect((await cli.readSecret('hawser/session-key'))['keyId']).not.toBe(before['keyId']);
  });

  it("raise the version of a tenant's key", async ({ cli }) => {
    const first = (await cli.json('rotate tenant-key bakery')) as { version: number };

    expect(await cli.json('rotate tenant-key bakery')).toMatchObject({ version: first.version + 1 });
  });
});
