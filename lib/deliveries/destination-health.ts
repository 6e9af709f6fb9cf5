/**
 * Tracks a destination's health: records since when its deliveries fail, and disables it after days of failure. It
 * writes only on a change, and announces a disabled destination to the tenant's other destinations.
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
  /** Outbound events. */
  readonly events: Queue<EventMessage>;
  readonly now: () => number;
  readonly log: Log;
  readonly count: Count;
}

/** How long a destination may fail without one success before it is disabled. */
export const lastingFailureMilliseconds = 3 * 86_400_000;
/**
 * Attempts are at most half a day apart: after a longer silence nothing was being sent, and a failure starts a new
 * period.
 */
const silenceMilliseconds = 86_400_000;
/** How often a continuing failure is recorded. */
const noteEveryMilliseconds = silenceMilliseconds / 4;

/** Clears the failure period after a successful delivery. */
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

/** Records the start of a failure period or a new reason, and disables the destination after days of failure. */
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

/** Disables a destination that answered 410. */
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
  // The event goes first, under an id that a retry repeats: a crash between the two then loses no notice.
  const event = buildDestinationDisabled(tenantId, ending, { reason, now });
  await deps.events.send({ body: { kind: 'destination_event', event }, group: tenantId });
  const updated = await deps.destinations.updateOne(tenantId, ending.id, (one) => {
    // A success in between has ended the failure period.
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
