/**
 * Worker of three dead-letter queues (incoming, events, deliveries): files each message as a failure that can be listed
 * and replayed.
 */

import { readSettings } from '../lib/config.ts';
import { fileFailure } from '../lib/failures/file-failure.ts';
import { eachRecord } from '../lib/runtime/batch.ts';
import { now, openActivityTable, openConnectionsTable } from '../lib/runtime/compose.ts';
import { fileDeps } from '../lib/runtime/compose-webhooks.ts';
import type { FiledQueue } from '../lib/vocabulary.ts';

const settings = readSettings('file-failures');
const deps = fileDeps(openConnectionsTable(settings), openActivityTable(settings));
const queues: ReadonlyMap<string, FiledQueue> = new Map([
  [settings.incomingDeadLettersArn, 'incoming'],
  [settings.eventsDeadLettersArn, 'events'],
  [settings.deliveriesDeadLettersArn, 'deliveries'],
]);

export const handler = eachRecord({ functionName: 'file-failures', now }, async (record) => {
  const queue = queues.get(record.eventSourceARN);
  if (queue === undefined) throw new Error('No setting names this dead-letter queue.');
  await fileFailure(deps, {
    queue,
    messageId: record.messageId,
    body: record.body,
    sentAt: Number(record.attributes.SentTimestamp),
    receives: Number(record.attributes.ApproximateReceiveCount),
  });
});
