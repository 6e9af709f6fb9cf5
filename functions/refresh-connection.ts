/** Works the refresh queue: does what is due for each connection named in it. */
import { batch } from '../lib/api/batch.ts';
import { connectionParts, now, openPrecious } from '../lib/api/compose.ts';
import { readSettings } from '../lib/config.ts';
import { createThrottle } from '../lib/integrations/throttle.ts';
import { workConnection } from '../lib/integrations/work-connection.ts';
import { refreshMessage } from '../lib/messages/refresh.ts';

const settings = readSettings('refresh-connection');
const parts = {
  ...connectionParts('refresh-connection', openPrecious(settings), settings),
  refreshAll: settings.proactiveRefresh === 'all',
};
const throttle = createThrottle(parts.registry, now);

export const handler = batch(
  { functionName: 'refresh-connection', now },
  refreshMessage,
  async (reference) => {
    await throttle(reference.provider, () => workConnection(parts, reference));
  },
);
