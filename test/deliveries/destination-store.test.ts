/** A tenant's destinations in their one record: changed together, and never by one over another. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeliveryFixture, openDeliveryFixture } from '../support/deliveries/delivery-fixture.ts';

let fixture: DeliveryFixture;

beforeAll(async () => {
  fixture = await openDeliveryFixture();
});
afterAll(() => fixture.close());

it('keeps each of the changes that are made at once', async () => {
  const tenantId = fixture.newTenant();
  const { id } = await fixture.addEndpoint(tenantId, 'https://one.example/hook');

  await Promise.all([
    fixture.destinations.updateOne(tenantId, id, (one) => ({ ...one, failingSince: 1 })),
    fixture.destinations.updateOne(tenantId, id, (one) => ({ ...one, lastError: 'http_500' })),
    fixture.addBus(tenantId, 'first'),
    fixture.addBus(tenantId, 'second'),
  ]);

  const found = await fixture.destinations.list(tenantId);
  expect(found.find((one) => one.id === id)).toMatchObject({ failingSince: 1, lastError: 'http_500' });
  expect(found.length).toBe(3);
});

it('keeps a new destination that is added while another one is disabled', async () => {
  const tenantId = fixture.newTenant();
  const { id } = await fixture.addEndpoint(tenantId, 'https://one.example/hook');

  await Promise.all([
    fixture.destinations.updateOne(tenantId, id, (one) => ({ ...one, status: 'disabled' })),
    fixture.addBus(tenantId, 'second'),
  ]);

  const found = await fixture.destinations.list(tenantId);
  expect(found.map(({ kind, status }) => [kind, status])).toEqual([
    ['https', 'disabled'],
    ['eventbridge', 'active'],
  ]);
});

it('writes nothing where nothing is to change, nor for a destination that is not there', async () => {
  const tenantId = fixture.newTenant();
  const { id } = await fixture.addEndpoint(tenantId, 'https://one.example/hook');
  fixture.aws.resetCalls();

  const changed = [
    await fixture.destinations.updateOne(tenantId, id, () => undefined),
    await fixture.destinations.updateOne(tenantId, 'dst_unknown', (one) => one),
  ];

  expect(changed.map(({ kind }) => kind === 'updated')).toEqual([false, false]);
  expect(fixture.aws.calls().filter(({ action }) => action !== 'dynamodb:GetItem')).toEqual([]);
});

it('gives back sealed secrets byte for byte, which open at their destination alone', async () => {
  const tenantId = fixture.newTenant();
  const { id, sealed } = await fixture.addEndpoint(tenantId, 'https://one.example/hook');

  const found = await fixture.destinations.get(tenantId, id);

  expect(found?.kind === 'https' && Buffer.from(found.secret).equals(sealed)).toBe(true);
  expect(JSON.stringify(found)).not.toContain('whsec_');
});
