/**
 * Works one message of the refresh queue within the limits of its provider app. What must wait moves away from the front
 * of the due index with one write, so that the sweep does not read and send it each minute: behind an open circuit by
 * backoff, at a paused provider into the provider's parked partition.
 *
 * Parking strands nothing:
 * - **Pause.** The sweep marks what it finds at a paused provider; the worker reads the pause again, parks the connection,
 *   and the sweep meets it no more. Work that a user, a tenant or a job asked for is not marked and is done.
 * - **Resume.** The sweep reads the parked partitions of resumed providers beside the others, a bounded part of each
 *   sweep, and sends what is there without a mark. There is no job that moves connections back: the work itself writes
 *   the next `dueAt`, and every such write puts the connection into its usual partition.
 * - **Crash in the middle.** Each step is one conditional write. A worker that dies before it leaves the connection where
 *   it was, where the sweep of that partition finds it; SQS also delivers its message again.
 * - **A worker that reads the pause, and parks after the resume.** Its time-out is a minute; the sweep reads the
 *   partitions for fifteen, and until it has found them empty from the beginning.
 * - **Pause again while parked connections are being worked.** What is left stays parked, and the next resume starts over,
 *   because it carries its own time.
 * - **Disconnect, reconnect, or a refresh by a reader while parked.** Each writes `dueAt` or the whole record, and so
 *   takes the connection out. If it becomes due while the pause lasts, it is parked again, its revocation with it.
 * - **The sweep's record is lost.** Then every resumed provider counts as not emptied, and its partitions are read again.
 */
import type { SealedConnection } from '../../connections/connection.ts';
import { holdBack } from '../../connections/reschedule.ts';
import type { RefreshMessage } from '../../messages/refresh.ts';
import type { PauseStore } from '../../provider-apps/paused-providers.ts';
import { createPlatformLimiter, usualConcurrency } from './platform-limiter.ts';
import { type WorkDeps, type Worked, workConnection } from './work-connection.ts';

export interface RefreshWorkerDeps extends WorkDeps {
  readonly pauses: Pick<PauseStore, 'read'>;
}

/** What became of a message: the work's own outcome, or why there was none. */
export type RefreshOutcome = Worked | 'parked' | 'held_back';

/** A connection that was read longer ago is read again before it is worked. */
const freshMilliseconds = 1_000;

/** One for each function instance, whose limits it keeps. */
export function createRefreshWorker(deps: RefreshWorkerDeps) {
  const limit = createPlatformLimiter(deps.now);

  return async (message: RefreshMessage): Promise<RefreshOutcome> => {
    const { tenantId, provider, accountId } = message;
    const connection = await deps.connections.get(tenantId, provider, accountId);
    if (connection?.dueAt === undefined || connection.dueAt > deps.now()) return 'nothing';
    if (message.park && (await deps.pauses.read()).paused.includes(provider)) {
      return (await deps.connections.park(connection)) ? 'parked' : 'nothing';
    }
    const outcome = await limit({
      app: connection.appId,
      concurrency: async () =>
        (await deps.providers.find(tenantId, provider))?.concurrency ?? usualConcurrency,
      work: (waitedMilliseconds) =>
        workConnection(deps, message, waitedMilliseconds > freshMilliseconds ? undefined : connection),
    });
    return outcome === 'circuit_open' ? postponeHeldBack(connection) : outcome;
  };

  async function postponeHeldBack(connection: SealedConnection): Promise<RefreshOutcome> {
    const { change } = holdBack(connection, { now: deps.now(), random: deps.random });
    await deps.connections.claim(connection, change);
    return 'held_back';
  }
}
