/**
 * Disconnects an account and ends access at the platform. From the first write on no token is handed out; the record
 * stays until the platform has confirmed, so that a repeated call, or the sweep, continues where this one stopped.
 */

import type { SealedConnection } from '../../connections/connection.ts';
import { unlessOvertaken } from '../../connections/connection-change.ts';
import { postponeRevocation } from '../../connections/reschedule.ts';
import { beginDisconnect, concludeDisconnect } from '../../connections/transitions.ts';
import type { DisconnectedView } from '../../contract/views.ts';
import { IntegrationError } from '../../errors.ts';
import type { Revocation, TokenOutcome, TokenReceipt } from '../../vocabulary.ts';
import type { ConnectionDeps } from '../deps.ts';
import { publishPending } from '../lifecycle/event-outbox.ts';
import { refreshError } from '../lifecycle/refresh-errors.ts';
import { survive } from '../lifecycle/refresh-outcome.ts';
import { leaseMilliseconds } from '../lifecycle/refresh-token.ts';
import { findProvider } from '../platform/find-provider.ts';
import { findOwnRecord, type OwnAccount } from '../tokens/own-connection.ts';
import { type Ended, endAccess } from './end-access.ts';

/** How long a disconnect waits for a token call in flight; inside the gateway's 30 s, with the revocation. */
const patienceMilliseconds = 12_000;
/** After this the sweep takes a disconnect over. */
const takeOverMilliseconds = 60_000;

/**
 * Revokes and deletes. Safe to repeat; the sweep continues a pending revocation.
 * @throws IntegrationError `INVALID_PROVIDER`, `ACCOUNT_NOT_FOUND`, `DISCONNECT_ERROR` when others kept changing it.
 */
export async function disconnectIntegration(
  deps: ConnectionDeps,
  account: OwnAccount,
): Promise<DisconnectedView> {
  const connection = await findOwnRecord(deps, account);
  const marked = await deps.connections.update(connection, (current) => {
    const now = deps.now();
    return beginDisconnect(current, { now, dueAt: now + takeOverMilliseconds });
  });
  if (marked.kind === 'gone') throw refreshError({ kind: 'disconnected' });
  if (marked.kind === 'contended') {
    throw new IntegrationError('DISCONNECT_ERROR', 'The connection kept changing. Try again.', {
      retryAfterSeconds: 2,
    });
  }
  const revocation = await continueDisconnect(deps, marked.connection);
  // The end of the connection is a fact whether or not its receipt can be read now.
  const receipts = isFinal(revocation)
    ? await deps.receipts.of(connection.id).catch(() => undefined)
    : undefined;
  return { disconnected: true, revocation, ...(receipts && { receipts }) };
}

/** Takes a disconnect that has begun as far as the platform lets it. */
export async function continueDisconnect(
  deps: ConnectionDeps,
  marked: SealedConnection,
): Promise<Revocation> {
  if (isFinal(marked.revocation)) {
    await removeOncePublished(deps, marked);
    return marked.revocation;
  }
  const ended = await survive(() => endUnderLease(deps, marked));
  if (ended.kind === 'unavailable') {
    // The platform could not be asked now, and is asked later; the tokens stay with us until then.
    deps.log('warn', 'revocation.postponed', {
      connectionId: marked.id,
      provider: marked.provider,
      code: ended.error.code,
    });
  }
  const { revocation, last } =
    ended.kind === 'ended' ? ended : { revocation: 'revoke_pending' as const, last: marked };
  deps.count('disconnect', { provider: marked.provider, reason: revocation });
  if (isFinal(revocation)) await recordRevocation(deps, last, revocation);
  else await postponeDisconnect(deps, last);
  return revocation;
}

/** Waits for a token call in flight to end, then ends access as the only holder of the lease. */
async function endUnderLease(deps: ConnectionDeps, marked: SealedConnection): Promise<Ended> {
  const { revocation } = await findProvider(deps.providers, marked);
  if (!revocation) {
    return { kind: 'ended', revocation: 'not_supported', last: marked };
  }
  const until = deps.now() + patienceMilliseconds;
  for (let current = marked; ; ) {
    const taking = await deps.leases.take(current.id, current.generation, leaseMilliseconds);
    if (taking.kind === 'taken') {
      const ended = await endAccess(deps, current, taking.lease);
      await deps.leases.release(taking.lease);
      return ended;
    }
    if (deps.now() >= until) return { kind: 'ended', revocation: 'revoke_pending', last: current };
    await deps.sleep(250 * (0.75 + 0.5 * deps.random()));
    const found = await deps.connections.get(current.tenantId, current.provider, current.accountId);
    // Another call may have finished the work, or the user may have reconnected the account.
    if (found?.id !== current.id) return { kind: 'ended', revocation: 'revoked', last: current };
    if (found.status !== 'disconnecting') return { kind: 'ended', revocation: 'revoke_pending', last: found };
    current = found;
  }
}

/** Records what the platform said, publishes the event and deletes; the sweep repeats whichever step fails. */
async function recordRevocation(
  deps: ConnectionDeps,
  last: SealedConnection,
  revocation: FinalRevocation,
): Promise<void> {
  if (last.status !== 'disconnecting') return;
  await deps.receipts.keep(last, await receiptsOf(deps, last, revocation));
  const recorded = await deps.connections.update(
    last,
    unlessOvertaken(last, (current) => concludeDisconnect(current, { revocation, now: deps.now() })),
  );
  if (recorded.kind === 'changed') await removeOncePublished(deps, recorded.connection);
}

/** What the outcome means for each of the tokens that the connection holds. */
async function receiptsOf(
  deps: ConnectionDeps,
  connection: SealedConnection,
  revocation: FinalRevocation,
): Promise<readonly TokenReceipt[]> {
  const provider = await findProvider(deps.providers, connection);
  const shown = provider.revocation?.token ?? 'access_token';
  const held = [
    'access_token',
    ...(connection.sealed.refreshToken ? ['refresh_token' as const] : []),
  ] as const;
  const only = held.length === 1 ? held[0] : shown;
  const { presented, other } = tokenOutcomes[revocation];
  return held.map((token) => ({ token, outcome: token === only ? presented : other }));
}

type FinalRevocation = Exclude<Revocation, 'revoke_pending'>;

/** What became of the token that was shown to the platform, or would have been, and of the other one. */
const tokenOutcomes: Readonly<
  Record<FinalRevocation, { readonly presented: TokenOutcome; readonly other: TokenOutcome }>
> = {
  revoked: { presented: 'revoked', other: 'ended_with_it' },
  shared_grant: { presented: 'left_to_shared_grant', other: 'left_to_shared_grant' },
  not_supported: { presented: 'dies_of_age', other: 'dies_of_age' },
};

async function removeOncePublished(deps: ConnectionDeps, connection: SealedConnection): Promise<void> {
  const published = await publishPending(deps, connection);
  if (published.pendingEvent === undefined) await deps.connections.remove(published);
}

async function postponeDisconnect(deps: ConnectionDeps, last: SealedConnection): Promise<void> {
  await deps.connections.update(
    last,
    unlessOvertaken(last, (current) => postponeRevocation(current, { now: deps.now(), random: deps.random })),
  );
}

function isFinal(revocation: Revocation | undefined): revocation is FinalRevocation {
  return revocation !== undefined && revocation !== 'revoke_pending';
}
