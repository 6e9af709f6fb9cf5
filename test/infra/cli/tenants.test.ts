import { describe, expect } from 'vitest';
import { it } from '../../support/fixtures/cli.ts';

describe('hawser tenant', () => {
  it('creates a tenant that list and show return', async ({ cli }) => {
    const created = await cli.hawser('tenant create bakery --name "Bakery & Sons"');
    const listed = await cli.hawser('tenant list');
    const shown = await cli.json('tenant show bakery');

    expect(created.code).toBe(0);
    expect(listed.stdout).toMatch(/^ID +NAME +STATUS +DIRECT +CREATED\n/);
    expect(listed.stdout).toMatch(/^bakery +Bakery & Sons +active +off +\d{4}-/m);
    expect(shown).toMatchObject({
      id: 'bakery',
      name: 'Bakery & Sons',
      status: 'active',
      directLinking: false,
    });
  });

  it('says on standard error which target it acts on, and keeps standard output for the answer', async ({
    cli,
  }) => {
    const { stdout, stderr } = await cli.hawser('tenant list --json');

    expect(stderr).toContain(`Acting on this machine, ${cli.stack.apiUrl}.`);
    expect(() => JSON.parse(stdout)).not.toThrow();
  });

  it('refuses an id that is in use, and a malformed one', async ({ cli }) => {
    await cli.hawser('tenant create twice');

    const again = await cli.hawser('tenant create twice');
    const malformed = await cli.hawser('tenant create Not_An_Id');

    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('hawser: Tenant "twice" exists or has existed.');
    expect(malformed).toMatchObject({ code: 1, stdout: '' });
  });

  it('refuses a name that could mislead people on the consent page', async ({ cli }) => {
    const { code, stderr } = await cli.hawser('tenant create liar --name "\u202eknaB"');

    expect(code).toBe(1);
    expect(stderr).toContain('control characters');
  });

  it('changes the name and direct linking, and no other setting', async ({ cli }) => {
    await cli.hawser('tenant create changing --name Before');
    await cli.hawser('return-url add changing https://app.example/connected');

    await cli.hawser('tenant set changing --direct on');
    await cli.hawser('tenant set changing --name After');

    expect(await cli.json('tenant show changing')).toMatchObject({
      name: 'After',
      directLinking: true,
      returnUrls: ['https://app.example/connected'],
    });
  });

  it("accepts a KMS key of the tenant, and can revert to the vault's key while nothing is sealed under it", async ({
    cli,
  }) => {
    const arn = 'arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555';
    await cli.hawser('tenant create sealed');

    const set = await cli.json(`tenant set sealed --kms-key ${arn}`);
    const returned = await cli.json('tenant set sealed --kms-key none');
    const malformed = await cli.hawser('tenant set sealed --kms-key alias/mine');

    expect(set).toMatchObject({ kmsKeyId: arn });
    expect(returned).not.toHaveProperty('kmsKeyId');
    expect(malformed.code).toBe(1);
  });

  it('keeps a KMS key under which a version of the tenant key is wrapped', async ({ cli }) => {
    const arn = await cli.makeKmsKey();
    await cli.hawser('tenant create wrapped');
    await cli.hawser(`tenant set wrapped --kms-key ${arn}`);
    await cli.hawser('rotate tenant-key wrapped');

    const refused = await cli.hawser('tenant set wrapped --kms-key none');

    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('sealed under its present KMS key');
    expect(await cli.json('tenant show wrapped')).toMatchObject({ kmsKeyId: arn });
  });

  it('deletes a tenant only with --yes; its API keys stop working and its id stays reserved', async ({
    cli,
  }) => {
    await cli.hawser('tenant create leaving');
    const key = (await cli.hawser('key create leaving')).stdout.trim();

    const asked = await cli.hawser('tenant delete leaving');
    const deleted = await cli.hawser('tenant delete leaving --yes');
    const repeated = await cli.hawser('tenant delete leaving --yes');

    expect(asked).toMatchObject({ code: 2, stdout: '' });
    expect(deleted.code).toBe(0);
    expect(repeated.code).toBe(0);
    expect(await cli.statusWith(key)).toBe(401);
    expect(await cli.json('tenant show leaving')).toMatchObject({ status: 'deleted' });
    expect((await cli.hawser('tenant create leaving')).code).toBe(1);
    expect((await cli.hawser('key create leaving')).stderr).toContain('has been deleted');
    expect((await cli.hawser('rotate tenant-key leaving')).code).toBe(1);
  });

  it('reports an unknown tenant in one sentence', async ({ cli }) => {
    const { code, stderr } = await cli.hawser('tenant show nobody');

    expect(code).toBe(1);
    expect(stderr).toMatch(/^Acting on .*\nhawser: There is no tenant "nobody"\.\n$/);
  });
});
