/** A tenant's destinations in their one record: changed together, and never by one over another. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeliveryHouse, openDeliveryHouse } from './delivery-house.ts';

let house: DeliveryHouse;

beforeAll(async () => {
  house = await openDeliveryHouse();
});
afterAll(() => house.close());

it('keeps each of the changes that are made at once', async () => {
  const tenantId = house.newTenant();
  const { id } = await house.addEndpoint(tenantId, 'https://one.example/hook');

  await Promise.all([
    house.destinations.updateOne(tenantId, id, (one) => ({ ...one, failingSince: 1 })),
    house.destinations.updateOne(tenantId, id, (one) => ({ ...one, lastError: 'http_500' })),
    house.addBus(tenantId, 'first'),
    house.addBus(tenantId, 'second'),
  ]);

  const found = await house.destinations.list(tenantId);
  expect(found.find((one) => one.id === id)).toMatchObject({ failingSince: 1, lastError: 'http_500' });
  expect(found.length).toBe(3);
});

it('keeps a new destination that is added while another one is disabled', async () => {
  const tenantId = house.newTenant();
  const { id } = await house.addEndpoint(tenantId, 'https://one.example/hook');

  await Promise.all([
    house.destinations.updateOne(tenantId, id, (one) => ({ ...one, status: 'disabled' })),
    house.addBus(tenantId, 'second'),
  ]);

  const found = await house.destinations.list(tenantId);
  expect(found.map(({ kind, status }) => [kind, status])).toEqual([
    ['https', 'disabled'],
    ['eventbridge', 'active'],
  ]);
});

it('writes nothing where nothing is to change, nor for a destination that is not there', async () => {
  const tenantId = house.newTenant();
  const { id } = await house.addEndpoint(tenantId, 'https://one.example/hook');
  house.aws.resetCalls();

  const changed = [
    await house.destinations.updateOne(tenantId, id, () => undefined),
    await house.destinations.updateOne(tenantId, 'dst_unknown', (one) => one),
  ];

  expect(changed.map(({ kind }) => kind === 'updated')).toEqual([false, false]);
  expect(house.aws.calls().filter(({ action }) => action !== 'dynamodb:GetItem')).toEqual([]);
});

it('gives back sealed secrets byte for byte, which open at their destination alone', async () => {
  const tenantId = house.newTenant();
  const { id, sealed } = await house.addEndpoint(tenantId, 'https://one.example/hook');

  const found = await house.destinations.get(tenantId, id);

  expect(found?.kind === 'https' && Buffer.from(found.secret).equals(sealed)).toBe(true);
  expect(JSON.stringify(found)).not.toContain('whsec_');
});
