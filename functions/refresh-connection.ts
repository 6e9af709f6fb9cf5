/** Worker of the queue `refresh`: refreshes, probes or disconnects each connection that a message names. */

import { readSettings } from '../lib/config.ts';
import { createRefreshWorker } from '../lib/integrations/worker/refresh-worker.ts';
import { refreshMessage } from '../lib/messages/refresh.ts';
import { createPauseStore } from '../lib/provider-apps/paused-providers.ts';
import { batch } from '../lib/runtime/batch.ts';
import { connectionDeps, now, openConnectionsTable } from '../lib/runtime/compose.ts';

const settings = readSettings('refresh-connection');
const connectionsTable = openConnectionsTable(settings);
const work = createRefreshWorker({
  ...connectionDeps('refresh-connection', connectionsTable, settings),
  refreshAll: settings.proactiveRefresh === 'all',
  pauses: createPauseStore(connectionsTable, now),
});

export const handler = batch(
  { functionName: 'refresh-connection', now },
  refreshMessage,
  async (message) => void (await work(message)),
);
