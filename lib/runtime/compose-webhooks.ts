/** The dependencies of the functions for platforms' callbacks, data deletion and failures. */

import { createSqs } from '../aws/clients.ts';
import type { SettingsOf } from '../config.ts';
import { createConnectionStore } from '../connections/connection-store.ts';
import { createDeletionStore } from '../data-deletion/deletion-store.ts';
import type { DeletionDeps } from '../data-deletion/process-deletion.ts';
import type { CallbackDeps } from '../data-deletion/receive-signed-callback.ts';
import { createFailureStore } from '../failures/failure-store.ts';
import type { FileDeps } from '../failures/file-failure.ts';
import type { AppId } from '../ids.ts';
import { beginDisconnect } from '../integrations/disconnect/begin-disconnect.ts';
import { refreshMessageFor } from '../messages/refresh.ts';
import { createProviderAppStore } from '../provider-apps/provider-app.ts';
import type { Table } from '../table/table.ts';
import { createIdempotencyStore } from '../webhooks/idempotency-store.ts';
import { createWaitingEvents } from '../webhooks/waiting-events.ts';
import { createWebhookApps } from '../webhooks/webhook-app.ts';
import { count, now, openActivityTable, openProviders, queueOf, secretSource } from './compose.ts';

/** For receiving a platform's callbacks. */
export function callbackDeps(
  settings: SettingsOf<'activityTable' | 'incomingQueueUrl' | 'appSecretPrefix' | 'publicUrl'>,
): CallbackDeps {
  return {
    findApp: createWebhookApps({
      secrets: secretSource(),
      prefix: settings.appSecretPrefix,
      providers: openProviders(),
      now,
    }),
    deletions: createDeletionStore(openActivityTable(settings), now),
    queue: queueOf('incoming', settings),
    publicUrl: settings.publicUrl,
    now,
    count,
  };
}

/** For deleting the data of a platform user. */
export function deletionDeps(
  table: Table,
  activity: Table,
  settings: SettingsOf<'eventsQueueUrl' | 'incomingQueueUrl' | 'refreshQueueUrl'>,
): DeletionDeps {
  const sqs = createSqs();
  const connections = createConnectionStore(table);
  const refreshQueue = queueOf('refresh', settings, sqs);
  return {
    deletions: createDeletionStore(activity, now),
    connections,
    waiting: createWaitingEvents(activity, now),
    failures: createFailureStore(activity, now),
    tenantOf: tenantOf(table),
    async endConnection(connection) {
      const exists = await beginDisconnect({ connections, now }, connection);
      if (exists) await refreshQueue.send(refreshMessageFor(connection));
    },
    events: queueOf('events', settings, sqs),
    queue: queueOf('incoming', settings, sqs),
  };
}

/** For filing dead-lettered messages. */
export function fileDeps(table: Table, activity: Table): FileDeps {
  return {
    failures: createFailureStore(activity, now),
    idempotency: createIdempotencyStore(activity, now),
    tenantOf: tenantOf(table),
    count,
  };
}

function tenantOf(table: Table) {
  const apps = createProviderAppStore(table);
  return async (appId: AppId) => (await apps.get(appId))?.tenantId;
}
