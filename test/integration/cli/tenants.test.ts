import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Desk, openDesk } from './operator-desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

describe('hawser tenant', () => {
  it('makes a tenant that list and show know', async () => {
    const created = await desk.hawser('tenant create bakery --name "Bakery & Sons"');
    const listed = await desk.hawser('tenant list');
    const shown = await desk.json('tenant show bakery');

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

  it('says on standard error which target it acts on, and keeps standard output for the answer', async () => {
    const { stdout, stderr } = await desk.hawser('tenant list --json');

    expect(stderr).toContain(`Acting on this machine, ${desk.stack.apiUrl}.`);
    expect(() => JSON.parse(stdout)).not.toThrow();
  });

  it('refuses an id that is taken, and one that is none', async () => {
    await desk.hawser('tenant create twice');

    const again = await desk.hawser('tenant create twice');
    const malformed = await desk.hawser('tenant create Not_An_Id');

    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('hawser: Tenant "twice" exists or has existed.');
    expect(malformed).toMatchObject({ code: 1, stdout: '' });
  });

  it('refuses a name that would lie to the people who are asked for access', async () => {
    const { code, stderr } = await desk.hawser('tenant create liar --name "\u202eknaB"');

    expect(code).toBe(1);
    expect(stderr).toContain('control characters');
  });

  it('changes the name and direct linking, and nothing that was not named', async () => {
    await desk.hawser('tenant create changing --name Before');
    await desk.hawser('return-url add changing https://app.example/connected');

    await desk.hawser('tenant set changing --direct on');
    await desk.hawser('tenant set changing --name After');

    expect(await desk.json('tenant show changing')).toMatchObject({
      name: 'After',
      directLinking: true,
      returnUrls: ['https://app.example/connected'],
    });
  });

  it('takes a KMS key of the tenant, and returns to the vault while nothing is sealed under it', async () => {
    const arn = 'arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555';
    await desk.hawser('tenant create sealed');

    const set = await desk.json(`tenant set sealed --kms-key ${arn}`);
    const returned = await desk.json('tenant set sealed --kms-key none');
    const malformed = await desk.hawser('tenant set sealed --kms-key alias/mine');

    expect(set).toMatchObject({ kmsKeyId: arn });
    expect(returned).not.toHaveProperty('kmsKeyId');
    expect(malformed.code).toBe(1);
  });

  it('keeps a KMS key under which a version of the tenant key is wrapped', async () => {
    const arn = await desk.makeKmsKey();
    await desk.hawser('tenant create wrapped');
    await desk.hawser(`tenant set wrapped --kms-key ${arn}`);
    await desk.hawser('rotate tenant-key wrapped');

    const refused = await desk.hawser('tenant set wrapped --kms-key none');

    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('sealed under its present KMS key');
    expect(await desk.json('tenant show wrapped')).toMatchObject({ kmsKeyId: arn });
  });

  it('deletes a tenant only with --yes, and then its keys are dead and its id stays taken', async () => {
    await desk.hawser('tenant create leaving');
    const key = (await desk.hawser('key create leaving')).stdout.trim();

    const asked = await desk.hawser('tenant delete leaving');
    const deleted = await desk.hawser('tenant delete leaving --yes');
    const repeated = await desk.hawser('tenant delete leaving --yes');

    expect(asked).toMatchObject({ code: 2, stdout: '' });
    expect(deleted.code).toBe(0);
    expect(repeated.code).toBe(0);
    expect(await desk.statusWith(key)).toBe(401);
    expect(await desk.json('tenant show leaving')).toMatchObject({ status: 'deleted' });
    expect((await desk.hawser('tenant create leaving')).code).toBe(1);
    expect((await desk.hawser('key create leaving')).stderr).toContain('has been deleted');
    expect((await desk.hawser('rotate tenant-key leaving')).code).toBe(1);
  });

  it('answers in one sentence when there is no such tenant', async () => {
    const { code, stderr } = await desk.hawser('tenant show nobody');

    expect(code).toBe(1);
    expect(stderr).toMatch(/^Acting on .*\nhawser: There is no tenant "nobody"\.\n$/);
  });
});
