/**
 * Finds what is due and puts it into the refresh queue, a provider and shard at a time, the longest due first. It
 * writes nothing; it reads what is due and no more; it stops filling a queue that is not being emptied.
 */

import type { Queue } from '../aws/queue.ts';
import type { ConnectionReference, ConnectionStore } from '../connections/connection-store.ts';
import { type RefreshMessage, refreshMessageFor } from '../messages/refresh.ts';
import type { Registry } from '../providers/registry.ts';
import { dueShards } from '../table/keys.ts';
import type { Item } from '../table/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { PauseStore } from '../tenants/paused-providers.ts';

export interface SweepParts {
  readonly connections: ConnectionStore;
  readonly registry: Registry;
  readonly pauses: PauseStore;
  readonly queue: Queue<RefreshMessage>;
  /** Messages that wait in the refresh queue or are being worked on. */
  readonly backlog: () => Promise<number>;
  readonly now: () => number;
  readonly log: Log;
}

/** A queue that holds this many has work for minutes; more would only be the same connections again. */
const fullQueue = 20_000;
const pageSize = 500;
/** Calls of SQS cost the same with one message or ten, and a shard seldom has ten that are due. */
const messagesPerCall = 10;

/** Answers how many connections were sent to be worked on. */
export async function sweepDue(parts: SweepParts): Promise<number> {
  let room = fullQueue - (await parts.backlog());
  if (room <= 0) {
    parts.log('warn', 'sweep skipped', { reason: 'queue_full' });
    return 0;
  }
  const paused = await parts.pauses.list();
  const providers = parts.registry.all.map(({ id }) => id).filter((id) => !paused.includes(id));
  let sent = 0;
  const waiting: ConnectionReference[] = [];
  const send = (count: number) => parts.queue.sendAll(waiting.splice(0, count).map(refreshMessageFor));
  await Promise.all(
    providers.map(async (provider) => {
      for (let shard = 0; shard < dueShards; shard += 1) {
        let after: Item | undefined;
        do {
          const page = await parts.connections.due({
            provider,
            shard,
            now: parts.now(),
            limit: Math.min(pageSize, Math.max(room, 1)),
            ...(after && { after }),
          });
          waiting.push(...page.references);
          room -= page.references.length;
          sent += page.references.length;
          after = room > 0 ? page.last : undefined;
          await send(waiting.length - (waiting.length % messagesPerCall));
        } while (after);
        if (room <= 0) return;
      }
    }),
  );
  await send(waiting.length);
  return sent;
}
