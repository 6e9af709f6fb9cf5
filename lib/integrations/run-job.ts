/**
 * Ends every connection of a user or a tenant: marks them all, has each revoked by the refresh worker, and is done when
 * none is left. Every step can be repeated; the job is taken up again each minute until then.
 */
import type { Queue } from '../aws/queue.ts';
import type { Connection } from '../connections/connection.ts';
import type { ConnectionStore } from '../connections/connection-store.ts';
import type { JobStore } from '../tenants/job.ts';

export interface JobParts {
  readonly connections: ConnectionStore;
  readonly jobs: JobStore;
  /** The queue whose worker revokes. */
  readonly refreshQueue: Queue;
  readonly now: () => number;
}

const pageSize = 50;
/** Writes at once; a tenant's connections lie in different partitions, so this is about sockets, not about DynamoDB. */
const together = 10;

/** Answers whether nothing is left to do. */
export async function runJob(parts: JobParts, id: string): Promise<boolean> {
  const job = await parts.jobs.get(id);
  if (job?.status !== 'running') return true;
  await parts.jobs.touch(job);
  let left = 0;
  let cursor: string | undefined;
  do {
    const page = await parts.connections.list({
      tenantId: job.tenantId,
      ...(job.userId !== undefined && { userId: job.userId }),
      limit: pageSize,
      ...(cursor !== undefined && { cursor }),
    });
    if (page === 'invalid_cursor') throw new Error('The list of connections refused its own cursor.');
    left += page.connections.length;
    for (let from = 0; from < page.connections.length; from += together) {
      await Promise.all(
        page.connections.slice(from, from + together).map((connection) => mark(parts, connection)),
      );
    }
    await parts.refreshQueue.sendAll(
      page.connections.map(({ tenantId, provider, accountId }) => ({
        body: { tenantId, provider, accountId },
        group: tenantId,
      })),
    );
    cursor = page.cursor;
  } while (cursor !== undefined);
  if (left > 0) return false;
  await parts.jobs.finish(job);
  return true;
}

/** No token is handed out from here on, and the worker finds it due at once. */
async function mark(parts: JobParts, listed: Connection): Promise<void> {
  const connection = await parts.connections.get(listed.tenantId, listed.provider, listed.accountId);
  if (!connection || connection.status === 'disconnecting') return;
  const now = parts.now();
  await parts.connections.change(connection, {
    status: 'disconnecting',
    statusReason: undefined,
    statusSince: now,
    untold: undefined,
    failures: undefined,
    dueAt: now,
    updatedAt: now,
  });
}
