/**
 * How a destination fares: since when it fails, and its end when that has lasted. The table is written only when that
 * changes, and whoever is disabled is told of through the tenant's other destinations.
 */
import type { Queue } from '../aws/queue.ts';
import type { TenantId } from '../ids.ts';
import { buildDestinationDisabled } from '../messages/build-tenant-event.ts';
import type { EventMessage } from '../messages/events.ts';
import { requireNoConflict } from '../table/update.ts';
import type { Log } from '../telemetry/log.ts';
import type { Count } from '../telemetry/metrics.ts';
import { type Destination, type DestinationStore, recovered } from '../tenants/destination.ts';

export interface HealthDeps {
  readonly destinations: DestinationStore;
  /** What tenants are told. */
  readonly events: Queue<EventMessage>;
  readonly now: () => number;
  readonly log: Log;
  readonly count: Count;
}

/** How long a destination may fail without a success between. */
export const lastingFailureMilliseconds = 3 * 86_400_000;
/** Tries are half a day apart at most: after a longer silence nothing was being sent, and a failure is a new one. */
const silenceMilliseconds = 86_400_000;
/** How often it is written down that it goes on failing. */
const noteEveryMilliseconds = silenceMilliseconds / 4;

/** Something has arrived: what failed before is forgotten. */
export async function recordSuccess(
  { destinations }: HealthDeps,
  tenantId: TenantId,
  seen: Destination,
): Promise<void> {
  if (seen.failingSince === undefined) return;
  const updated = await destinations.updateOne(tenantId, seen.id, (one) =>
    one.status === 'active' && one.failingSince !== undefined ? recovered(one) : undefined,
  );
  requireNoConflict(updated);
}

/** Nothing has arrived: the first time is noted, and a new reason; after days of it the destination is disabled. */
export async function recordFailure(
  deps: HealthDeps,
  tenantId: TenantId,
  seen: Destination,
  error: string,
): Promise<void> {
  const now = deps.now();
  const { failedAt = now } = seen;
  const goesOn = now - failedAt < silenceMilliseconds;
  const failingSince = (goesOn ? seen.failingSince : undefined) ?? now;
  if (now - failingSince >= lastingFailureMilliseconds) {
    await disable(deps, tenantId, { ...seen, failingSince, lastError: error }, 'failing');
    return;
  }
  const isKnown = failingSince === seen.failingSince && seen.lastError === error;
  if (isKnown && now - failedAt < noteEveryMilliseconds) return;
  const updated = await deps.destinations.updateOne(tenantId, seen.id, (one) =>
    one.status === 'active' && one.failingSince === seen.failingSince && one.failedAt === seen.failedAt
      ? { ...one, failingSince, failedAt: now, lastError: error }
      : undefined,
  );
  requireNoConflict(updated);
}

/** The endpoint answered that it is gone for good. */
export async function recordGone(deps: HealthDeps, tenantId: TenantId, seen: Destination): Promise<void> {
  await disable(deps, tenantId, { ...seen, lastError: 'http_410' }, 'gone');
}

async function disable(
  deps: HealthDeps,
  tenantId: TenantId,
  ending: Destination,
  reason: 'failing' | 'gone',
): Promise<void> {
  const now = deps.now();
  // First the notice, whose id repeats with the try: a crash between the two then costs nobody the news.
  const event = buildDestinationDisabled(tenantId, ending, { reason, now });
  await deps.events.send({ body: { kind: 'destination_event', event }, group: tenantId });
  const updated = await deps.destinations.updateOne(tenantId, ending.id, (one) => {
    // A success in between has begun anew.
    const same = reason === 'gone' || one.failingSince === ending.failingSince;
    if (one.status === 'disabled' || !same) return undefined;
    const { lastError } = ending;
    return {
      ...one,
      status: 'disabled',
      disabledReason: reason,
      disabledAt: now,
      ...(lastError !== undefined && { lastError }),
    };
  });
  if (requireNoConflict(updated).kind !== 'updated') return;
  deps.count('destination_disabled');
  deps.log('warn', 'destination.disabled', { tenantId, destinationId: ending.id, reason });
}
