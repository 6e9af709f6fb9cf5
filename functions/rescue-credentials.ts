/** Works the rescue queue: stores renewed credentials that could not be stored when the platform gave them. */
import { batch } from '../lib/api/batch.ts';
import { now, openPrecious, rescueParts } from '../lib/api/compose.ts';
import { readSettings } from '../lib/config.ts';
import { applyRescued } from '../lib/integrations/rescue.ts';
import { rescueMessage } from '../lib/messages/rescue.ts';

const settings = readSettings('rescue-credentials');
const parts = rescueParts(openPrecious(settings), settings);

export const handler = batch({ functionName: 'rescue-credentials', now }, rescueMessage, (rescued) =>
  applyRescued(parts, rescued),
);
