/** Worker of the queue `rescue`: stores refreshed credentials whose first write failed. */

import { readSettings } from '../lib/config.ts';
import { applyRescued } from '../lib/integrations/lifecycle/rescue.ts';
import { rescueMessage } from '../lib/messages/rescue.ts';
import { batch } from '../lib/runtime/batch.ts';
import { now, openConnectionsTable, rescueDeps } from '../lib/runtime/compose.ts';

const settings = readSettings('rescue-credentials');
const deps = rescueDeps(openConnectionsTable(settings), settings);

export const handler = batch({ functionName: 'rescue-credentials', now }, rescueMessage, (rescued) =>
  applyRescued(deps, rescued),
);
