/**
 * Disconnects an account and ends access at the platform. From the first write on no token is handed out; the record
 * stays until the platform has confirmed, so that a repeated call, or the sweep, takes up where this one stopped.
 */
import type { SealedConnection } from '../connections/connection.ts';
import { IntegrationError } from '../errors.ts';
import type { DisconnectedView } from '../views.ts';
import type { Revocation, TokenOutcome, TokenReceipt } from '../vocabulary.ts';
import { tell, untold } from './connection-events.ts';
import { type Ended, endAccess } from './end-access.ts';
import { findOwnRecord, type OwnAccount } from './own-connection.ts';
import { type ConnectionParts, findProvider } from './parts.ts';
import { retryAt } from './refresh-schedule.ts';
import { leaseMilliseconds } from './refresh-token.ts';

const rounds = 5;
/** A revocation is tried for as long as it takes, at least once an hour. */
const longestPauseMilliseconds = 3_600_000;
/** How long a disconnect waits for a token call that is under way; inside the gateway's 30 s, with the revocation. */
const patienceMilliseconds = 12_000;
/** After this the sweep takes a disconnect over. */
const takeOverMilliseconds = 60_000;

/**
 * Revokes and deletes. Safe to repeat; what is pending goes on by itself.
 * @throws IntegrationError `INVALID_PROVIDER`, `ACCOUNT_NOT_FOUND`, `DISCONNECT_ERROR` when it was changed by others all the time.
 */
export async function disconnectIntegration(
  parts: ConnectionParts,
  account: OwnAccount,
): Promise<DisconnectedView> {
  for (let round = 0; round < rounds; round += 1) {
    const connection = await findOwnRecord(parts, account);
    const marked = await markDisconnecting(parts, connection);
    if (marked) {
      const revocation = await continueDisconnect(parts, marked);
      // The end of the connection is a fact whether or not its receipt can be read now.
      const receipts = isFinal(revocation)
        ? await parts.receipts.of(marked.id).catch(() => undefined)
        : undefined;
      return { disconnected: true, revocation, ...(receipts && { receipts }) };
    }
  }
  throw new IntegrationError('DISCONNECT_ERROR', 'The connection kept changing. Try again.', {
    retryAfterSeconds: 2,
  });
}

/** From here on no token is handed out, and the sweep will not forget it. Nothing when somebody came between. */
export async function markDisconnecting(
  parts: Pick<ConnectionParts, 'connections' | 'now'>,
  connection: SealedConnection,
): Promise<SealedConnection | undefined> {
  if (connection.status === 'disconnecting') return connection;
  const now = parts.now();
  return parts.connections.change(connection, {
    status: 'disconnecting',
    statusReason: undefined,
    statusSince: now,
    untold: undefined,
    failures: undefined,
    dueAt: now + takeOverMilliseconds,
    updatedAt: now,
  });
}

/** Takes a marked connection as far as the platform lets it. */
export async function continueDisconnect(
  parts: ConnectionParts,
  marked: SealedConnection,
): Promise<Revocation> {
  if (isFinal(marked.revocation)) {
    await remove(parts, marked);
    return marked.revocation;
  }
  const { revocation, last } = await endUnderLease(parts, marked).catch((error: unknown): Ended => {
    if (!(error instanceof IntegrationError)) throw error;
    // Whatever keeps the platform from being told now, it is told later; the tokens stay with us until then.
    parts.log('warn', 'revocation postponed', {
      connectionId: marked.id,
      provider: marked.provider,
      code: error.code,
    });
    return { revocation: 'revoke_pending', last: marked };
  });
  parts.count('disconnect', { provider: marked.provider, reason: revocation });
  if (isFinal(revocation)) await conclude(parts, last, revocation);
  else await postpone(parts, last);
  return revocation;
}

/** Waits out a token call that may be under way, then ends access as the only one who does. */
async function endUnderLease(parts: ConnectionParts, marked: SealedConnection): Promise<Ended> {
  const provider = findProvider(parts.registry, marked.provider);
  if (provider.auth !== 'oauth2' || provider.revocation.reach === 'none') {
    return { revocation: 'not_supported', last: marked };
  }
  const until = parts.now() + patienceMilliseconds;
  for (let current = marked; ; ) {
    const taking = await parts.leases.take(current.id, current.generation, leaseMilliseconds);
    if (taking.kind === 'taken') {
      const ended = await endAccess(parts, current, taking.lease);
      await parts.leases.release(taking.lease);
      return ended;
    }
    if (parts.now() >= until) return { revocation: 'revoke_pending', last: current };
    await parts.sleep(250 * (0.75 + 0.5 * parts.random()));
    const found = await parts.connections.get(current.tenantId, current.provider, current.accountId);
    // Another call may have finished the work, or a reconnect may have taken the account back.
    if (found?.id !== current.id) return { revocation: 'revoked', last: current };
    if (found.status !== 'disconnecting') return { revocation: 'revoke_pending', last: found };
    current = found;
  }
}

/** Writes down what the platform said, tells the tenant, and deletes; whichever step fails is done by the sweep. */
async function conclude(
  parts: ConnectionParts,
  last: SealedConnection,
  revocation: FinalRevocation,
): Promise<void> {
  if (last.status !== 'disconnecting') return;
  await parts.receipts.keep(last, receiptsOf(parts, last, revocation));
  const now = parts.now();
  const noted = await parts.connections.change(last, {
    revocation,
    updatedAt: now,
    ...untold('connection.disconnected', now),
  });
  if (noted) await remove(parts, noted);
}

/** What the outcome means for each of the tokens that the connection holds. */
function receiptsOf(
  parts: ConnectionParts,
  connection: SealedConnection,
  revocation: FinalRevocation,
): readonly TokenReceipt[] {
  const provider = findProvider(parts.registry, connection.provider);
  const shown = provider.auth === 'oauth2' ? provider.revocation.token : 'access_token';
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

async function remove(parts: ConnectionParts, connection: SealedConnection): Promise<void> {
  const told = await tell(parts, connection);
  if (told.untold === undefined) await parts.connections.remove(told);
}

async function postpone(parts: ConnectionParts, connection: SealedConnection): Promise<void> {
  if (connection.status !== 'disconnecting') return;
  const failures = (connection.failures ?? 0) + 1;
  await parts.connections.change(connection, {
    failures,
    dueAt: retryAt(failures, undefined, parts.now(), parts.random, longestPauseMilliseconds),
  });
}

function isFinal(revocation: Revocation | undefined): revocation is FinalRevocation {
  return revocation !== undefined && revocation !== 'revoke_pending';
}
