/** Worker of the queue `incoming`: handles webhook events, releases waiting ones, and processes data deletions. */

import { readSettings } from '../lib/config.ts';
import { processDeletion } from '../lib/data-deletion/process-deletion.ts';
import { incomingMessage } from '../lib/messages/incoming.ts';
import { batch } from '../lib/runtime/batch.ts';
import { now, openActivityTable, openConnectionsTable, processDeps } from '../lib/runtime/compose.ts';
import { deletionDeps } from '../lib/runtime/compose-webhooks.ts';
import { processEvent, releaseWaitingEvents } from '../lib/webhooks/process-event.ts';

const settings = readSettings('process-event');
const [connectionsTable, activity] = [openConnectionsTable(settings), openActivityTable(settings)];
const deps = processDeps(connectionsTable, activity, settings);
const deleting = deletionDeps(connectionsTable, activity, settings);

export const handler = batch({ functionName: 'process-event', now }, incomingMessage, (message) => {
  switch (message.kind) {
    case 'webhook_event':
      return processEvent(deps, message);
    case 'connected':
      return releaseWaitingEvents(deps, message);
    case 'data_deletion':
      return processDeletion(deleting, message);
  }
});
