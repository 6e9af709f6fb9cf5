import { expect } from 'vitest';
import type { ConnectedCliFixture } from '../../support/cli/connected-cli.ts';
import type { ConnectedCliFixtures } from '../../support/fixtures/connected-cli.ts';
import { it } from '../../support/fixtures/connected-cli.ts';

const reseal = ({ cli, tenant }: ConnectedCliFixtures) => cli.json(`rotate tenant-key ${tenant.id} --reseal`);

it('reseal seals every connection of the tenant under the newest key version, and no other tenant’s', async ({
  cli,
  tenant,
}) => {
  const ana = await cli.connectPerson(tenant, 'ana', 'mira');
  await cli.connectPerson(tenant, 'ben', 'jose');
  const other = await cli.newTenant();
  const foreign = await cli.connectPerson(other, 'zoe', 'sora');

  const counts = await reseal({ cli, tenant });

  expect(counts).toEqual({
    tenantId: tenant.id,
    version: 2,
    made: true,
    resealed: 2,
    current: 0,
    gone: 0,
    left: 0,
  });
  expect(await versionsOf(cli, ana)).toEqual([2]);
  expect(await versionsOf(cli, foreign)).toEqual([1]);
  expect(await cli.recordOf(ana)).toMatchObject({ generation: 1, status: 'active', dueAt: ana.dueAt });
  expect(await cli.tokenStatus(tenant.key, ana)).toBe(200);
});

it('reseal resumes after an interruption when it runs again', async ({ cli, tenant }) => {
  const ana = await cli.connectPerson(tenant, 'ana', 'mira');
  const ben = await cli.connectPerson(tenant, 'ben', 'jose');
  await reseal({ cli, tenant });
  // As if the first run had not come to this one.
  await cli.store.change(ben, { sealed: ben.sealed });
  const before = await cli.recordOf(ana);

  const again = await reseal({ cli, tenant });

  expect(again).toMatchObject({ version: 2, made: false, resealed: 1, current: 1 });
  expect(await versionsOf(cli, ben)).toEqual([2]);
  expect((await cli.recordOf(ana))?.sealed).toEqual(before?.sealed);
});

it('reseal counts the tokens that do not open, and reseals the rest', async ({ cli, tenant }) => {
  const ana = await cli.connectPerson(tenant, 'ana', 'mira');
  const ben = await cli.connectPerson(tenant, 'ben', 'jose');
  // Sealed for another place.
  await cli.store.change(ben, { sealed: ana.sealed });

  const { stdout, stderr } = await cli.hawser(`rotate tenant-key ${tenant.id} --reseal`);

  expect(stdout).toMatch(/^Resealed +1$/m);
  expect(stdout).toMatch(/^Not resealed +1$/m);
  expect(stderr).toContain('do not open');
  expect(stdout + stderr).not.toContain('s4ndb0x');
});

async function versionsOf(
  cli: ConnectedCliFixture,
  connection: Parameters<ConnectedCliFixture['recordOf']>[0],
) {
  const { keyVersions } = await cli.stack.operator.inspectConnection(connection);
  return keyVersions;
}
