/** Works the queue of verified webhook events: each is handled once, for the connections it concerns. */

import { readSettings } from '../lib/config.ts';
import { workDeletion } from '../lib/data-deletion/data-deletion.ts';
import { incomingMessage } from '../lib/messages/incoming.ts';
import { batch } from '../lib/runtime/batch.ts';
import { now, openActivityTable, openConnectionsTable, processDeps } from '../lib/runtime/compose.ts';
import { deletionDeps } from '../lib/runtime/compose-webhooks.ts';
import { processEvent, reachWaiting } from '../lib/webhooks/process-event.ts';

const settings = readSettings('process-event');
const [precious, activity] = [openConnectionsTable(settings), openActivityTable(settings)];
const deps = processDeps(precious, activity, settings);
const deleting = deletionDeps(precious, activity, settings);

export const handler = batch({ functionName: 'process-event', now }, incomingMessage, (message) => {
  switch (message.kind) {
    case 'webhook_event':
      return processEvent(deps, message);
    case 'connected':
      return reachWaiting(deps, message);
    case 'data_deletion':
      return workDeletion(deleting, message);
  }
});
