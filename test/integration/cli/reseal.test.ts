/** A new version of a tenant's key, and everything sealed anew under it, while the stack goes on working. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ConnectedDesk, openConnectedDesk } from './connected-desk.ts';

let desk: ConnectedDesk;
let tenant: Awaited<ReturnType<ConnectedDesk['newTenant']>>;

beforeAll(async () => {
  desk = await openConnectedDesk();
});
afterAll(() => desk.close());
beforeEach(async () => {
  await desk.reset();
  tenant = await desk.newTenant();
});

const reseal = () => desk.json(`rotate tenant-key ${tenant.id} --reseal`);

it('seals every connection of the tenant under the newest version, and nobody else’s', async () => {
  const ana = await desk.connectPerson(tenant, 'ana', 'mira');
  await desk.connectPerson(tenant, 'ben', 'jose');
  const other = await desk.newTenant();
  const foreign = await desk.connectPerson(other, 'zoe', 'sora');

  const counts = await reseal();

  expect(counts).toEqual({
    tenantId: tenant.id,
    version: 2,
    made: true,
    resealed: 2,
    current: 0,
    gone: 0,
    left: 0,
  });
  expect(await versionsOf(ana)).toEqual([2]);
  expect(await versionsOf(foreign)).toEqual([1]);
  expect(await desk.recordOf(ana)).toMatchObject({ generation: 1, status: 'active', dueAt: ana.dueAt });
  expect(await desk.tokenStatus(tenant.key, ana)).toBe(200);
});

it('goes on where it was interrupted when it is run again', async () => {
  const ana = await desk.connectPerson(tenant, 'ana', 'mira');
  const ben = await desk.connectPerson(tenant, 'ben', 'jose');
  await reseal();
  // As if the first run had not come to this one.
  await desk.store.change(ben, { sealed: ben.sealed });
  const before = await desk.recordOf(ana);

  const again = await reseal();

  expect(again).toMatchObject({ version: 2, made: false, resealed: 1, current: 1 });
  expect(await versionsOf(ben)).toEqual([2]);
  expect((await desk.recordOf(ana))?.sealed).toEqual(before?.sealed);
});

it('counts what does not open, and seals the rest', async () => {
  const ana = await desk.connectPerson(tenant, 'ana', 'mira');
  const ben = await desk.connectPerson(tenant, 'ben', 'jose');
  // Sealed for another place.
  await desk.store.change(ben, { sealed: ana.sealed });

  const { stdout, stderr } = await desk.hawser(`rotate tenant-key ${tenant.id} --reseal`);

  expect(stdout).toMatch(/^Sealed anew +1$/m);
  expect(stdout).toMatch(/^Left as they were +1$/m);
  expect(stderr).toContain('do not open');
  expect(stdout + stderr).not.toContain('s4ndb0x');
});

async function versionsOf(connection: Parameters<ConnectedDesk['recordOf']>[0]) {
  const { keyVersions } = await desk.stack.operator.inspectConnection(connection);
  return keyVersions;
}
