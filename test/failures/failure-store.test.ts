/** Messages that failed for good: kept whole, whatever their size, and forgotten whole. */
import { expect } from 'vitest';
import { createFailureStore, failureIdOf } from '../../lib/failures/failure-store.ts';
import type { AppId } from '../../lib/ids.ts';
import { it } from '../support/fixtures/deliveries.ts';
import { tenantId, tiktok } from '../support/records.ts';

const described = {
  queue: 'incoming' as const,
  type: 'comments',
  tenantId,
  provider: tiktok,
  appId: 'tiktok' as AppId,
  platformUserId: 'owner-1',
  fields: ['text'],
  bytes: 0,
  error: 'PROCESSING_FAILED',
  tries: 5,
  sentAt: 1,
};

it.for([
  ['none', ''],
  ['little', '{}'],
  // What DynamoDB keeps in one item ends at 400 KB, what SQS carries in one message at 1 MiB.
  ['as much as a message can be', 'ü'.repeat(512 * 1024)],
  ['characters of two halves, wherever it is cut', `x${'🪝'.repeat(250_000)}`],
] as const)('keeps a message that says %s', async ([, message], { deliveries }) => {
  const failures = createFailureStore(deliveries.table, deliveries.deps.now);
  const id = failureIdOf(deliveries.clock.now, crypto.randomUUID());

  await failures.file({ ...described, id }, message);

  expect((await failures.message(tenantId, id)) === message).toBe(true);
  await failures.deleteBefore(tenantId, {
    appId: described.appId,
    provider: tiktok,
    externalIds: new Set(['owner-1']),
    before: Date.now(),
  });
  expect(await failures.message(tenantId, id)).toBeUndefined();
});
