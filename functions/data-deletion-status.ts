/** `GET /integrations/data-deletion/{app}`: shows a person the status of the data deletion that they requested. */

import { readSettings } from '../lib/config.ts';
import { webhookRoutes } from '../lib/contract/webhook-routes.ts';
import { deletionStatusPage, unknownDeletionPage } from '../lib/data-deletion/deletion-status-page.ts';
import { codeDigest, createDeletionStore } from '../lib/data-deletion/deletion-store.ts';
import { catalogue } from '../lib/errors.ts';
import type { AppId } from '../lib/ids.ts';
import { now, openActivityTable } from '../lib/runtime/compose.ts';
import { http } from '../lib/runtime/http/http.ts';

const deletions = createDeletionStore(openActivityTable(readSettings('data-deletion-status')), now);

export const handler = http(webhookRoutes.dataDeletionStatus, { now }, async ({ params, query }) => {
  const deletion = await deletions.find(params.app as AppId, codeDigest(query.code));
  if (!deletion) return { kind: 'page', status: catalogue.NOT_FOUND.status, ...unknownDeletionPage };
  return { kind: 'page', status: 200, ...deletionStatusPage(deletion, query.code) };
});
