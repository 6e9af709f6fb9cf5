import { describe, expect } from 'vitest';
import { it } from '../../support/fixtures/cli.ts';

it.beforeAll(async ({ cli }) => {
  await cli.hawser('tenant create bakery');
});

describe('hawser key', () => {
  it('prints a new key alone on standard output, and the API takes it', async ({ cli }) => {
    const { code, stdout, stderr } = await cli.hawser('key create bakery --label backend');

    expect(code).toBe(0);
    expect(stdout).toMatch(/^hwk_[0-9a-f]{16}_[0-9a-f]{64}_[0-9a-f]{8}\n$/);
    expect(stderr).not.toContain(stdout.trim());
    expect(await cli.statusWith(stdout.trim())).toBe(200);
  });

  it('gives programs the key with its id', async ({ cli }) => {
    const made = await cli.json('key create bakery --label "for programs"');

    expect(made).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      tenantId: 'bakery',
      label: 'for programs',
      key: expect.stringMatching(/^hwk_/),
    });
  });

  it('never shows a key again', async ({ cli }) => {
    const key = (await cli.hawser('key create bakery --label once')).stdout.trim();
    const secret = key.split('_')[2] ?? '';

    const said = [
      await cli.hawser('key list bakery'),
      await cli.hawser('key list bakery --json'),
      await cli.hawser('tenant show bakery --json'),
    ];

    expect(said[0]?.stdout).toMatch(/once/);
    for (const { stdout, stderr } of said) expect(stdout + stderr).not.toContain(secret);
  });

  it('revokes a key by its id', async ({ cli }) => {
    const key = (await cli.hawser('key create bakery --label doomed')).stdout.trim();
    const id = key.split('_')[1] ?? '';

    const revoked = await cli.hawser(`key revoke bakery ${id}`);

    expect(revoked.code).toBe(0);
    expect(await cli.statusWith(key)).toBe(401);
    expect((await cli.hawser('key list bakery')).stdout).toMatch(new RegExp(`${id} +doomed +revoked`));
  });

  it("neither revokes another tenant's key nor repeats what was pasted in place of an id", async ({
    cli,
  }) => {
    await cli.hawser('tenant create rival');
    const key = (await cli.hawser('key create rival')).stdout.trim();

    const foreign = await cli.hawser(`key revoke bakery ${key.split('_')[1]}`);
    const pasted = await cli.hawser(`key revoke rival ${key}`);

    expect(foreign.code).toBe(1);
    expect(pasted.code).toBe(1);
    expect(pasted.stdout + pasted.stderr).not.toContain(key);
    expect(await cli.statusWith(key)).toBe(200);
  });
});

describe('hawser return-url', () => {
  it('adds, lists and removes exact URLs', async ({ cli }) => {
    await cli.hawser('return-url add bakery https://app.example/connected');
    await cli.hawser('return-url add bakery https://app.example/again');

    const removed = await cli.hawser('return-url remove bakery https://app.example/again');

    expect(removed.code).toBe(0);
    expect((await cli.hawser('return-url list bakery')).stdout).toBe('https://app.example/connected\n');
    expect((await cli.hawser('return-url remove bakery https://app.example/again')).code).toBe(1);
  });

  it('refuses what could send a browser anywhere else', async ({ cli }) => {
    for (const url of [
      'http://app.example/connected',
      'https://user@app.example/',
      'https://app.example/?next=x',
      'https://app.example/#x',
      'javascript:alert(1)',
      'http://localhost.evil.example/',
    ]) {
      expect(await cli.hawser(`return-url add bakery ${url}`), url).toMatchObject({ code: 1, stdout: '' });
    }
  });

  it("accepts plain http on this machine's own addresses while it acts on this machine", async ({ cli }) => {
    const { code, stdout } = await cli.hawser('return-url add bakery http://localhost:3000/connected');

    expect(code).toBe(0);
    expect(stdout).toContain('http://localhost:3000/connected\n');
  });
});
