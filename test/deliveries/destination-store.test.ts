/** A tenant's destinations share one record; optimistic locking keeps concurrent changes from overwriting each other. */
import { expect } from 'vitest';
import { it } from '../support/fixtures/deliveries.ts';

it('the destination store keeps every one of several concurrent changes', async ({ deliveries }) => {
  const tenantId = deliveries.newTenant();
  const { id } = await deliveries.addEndpoint(tenantId, 'https://one.example/hook');

  await Promise.all([
    deliveries.destinations.updateOne(tenantId, id, (one) => ({ ...one, failingSince: 1 })),
    deliveries.destinations.updateOne(tenantId, id, (one) => ({ ...one, lastError: 'http_500' })),
    deliveries.addBus(tenantId, 'first'),
    deliveries.addBus(tenantId, 'second'),
  ]);

  const found = await deliveries.destinations.list(tenantId);
  expect(found.find((one) => one.id === id)).toMatchObject({ failingSince: 1, lastError: 'http_500' });
  expect(found.length).toBe(3);
});

it('the destination store keeps a destination that is added while another one is disabled', async ({
  deliveries,
}) => {
  const tenantId = deliveries.newTenant();
  const { id } = await deliveries.addEndpoint(tenantId, 'https://one.example/hook');

  await Promise.all([
    deliveries.destinations.updateOne(tenantId, id, (one) => ({ ...one, status: 'disabled' })),
    deliveries.addBus(tenantId, 'second'),
  ]);

  const found = await deliveries.destinations.list(tenantId);
  expect(found.map(({ kind, status }) => [kind, status])).toEqual([
    ['https', 'disabled'],
    ['eventbridge', 'active'],
  ]);
});

it('the destination store writes nothing for an empty change or a missing destination', async ({
  deliveries,
}) => {
  const tenantId = deliveries.newTenant();
  const { id } = await deliveries.addEndpoint(tenantId, 'https://one.example/hook');
  deliveries.aws.resetCalls();

  const changed = [
    await deliveries.destinations.updateOne(tenantId, id, () => undefined),
    await deliveries.destinations.updateOne(tenantId, 'dst_unknown', (one) => one),
  ];

  expect(changed.map(({ kind }) => kind === 'updated')).toEqual([false, false]);
  expect(deliveries.aws.calls().filter(({ action }) => action !== 'dynamodb:GetItem')).toEqual([]);
});

it('the destination store returns sealed secrets byte for byte, and they open for their destination only', async ({
  deliveries,
}) => {
  const tenantId = deliveries.newTenant();
  const { id, sealed } = await deliveries.addEndpoint(tenantId, 'https://one.example/hook');

  const found = await deliveries.destinations.get(tenantId, id);

  expect(found?.kind === 'https' && Buffer.from(found.secret).equals(sealed)).toBe(true);
  expect(JSON.stringify(found)).not.toContain('whsec_');
});
