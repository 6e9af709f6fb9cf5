/** Works the queue of verified webhook events: each is handled once, for the connections it concerns. */
import { batch } from '../lib/api/batch.ts';
import { now, openActivity, openPrecious, processParts } from '../lib/api/compose.ts';
import { readSettings } from '../lib/config.ts';
import { parseWork } from '../lib/webhooks/incoming-event.ts';
import { processEvent, reachWaiting } from '../lib/webhooks/process-event.ts';

const settings = readSettings('process-event');
const parts = processParts(openPrecious(settings), openActivity(settings), settings);

export const handler = batch({ functionName: 'process-event', now }, parseWork, (work) =>
  'connected' in work ? reachWaiting(parts, work.connected) : processEvent(parts, work),
);
