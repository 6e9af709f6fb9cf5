/** Works the refresh queue: does what is due for each connection named in it. */
import { batch } from '../lib/api/batch.ts';
import { connectionParts, now, openPrecious } from '../lib/api/compose.ts';
import { readSettings } from '../lib/config.ts';
import { createRefreshWorker } from '../lib/integrations/refresh-worker.ts';
import { refreshMessage } from '../lib/messages/refresh.ts';
import { createPauseStore } from '../lib/tenants/paused-providers.ts';

const settings = readSettings('refresh-connection');
const precious = openPrecious(settings);
const work = createRefreshWorker({
  ...connectionParts('refresh-connection', precious, settings),
  refreshAll: settings.proactiveRefresh === 'all',
  pauses: createPauseStore(precious, now),
});

export const handler = batch(
  { functionName: 'refresh-connection', now },
  refreshMessage,
  async (message) => void (await work(message)),
);
