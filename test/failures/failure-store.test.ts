/** The failure store keeps dead-lettered messages of any size complete and deletes them completely. */
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
  ['an empty one', ''],
  ['a short one', '{}'],
  // DynamoDB limits an item to 400 KB, SQS limits a message to 1 MiB.
  ['one of the maximum size', 'ü'.repeat(512 * 1024)],
  ['surrogate pairs at every cut', `x${'🪝'.repeat(250_000)}`],
] as const)(
  'the failure store returns and deletes a whole message: %s',
  async ([, message], { deliveries }) => {
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
  },
);
