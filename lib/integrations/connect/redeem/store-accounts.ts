/**
 * The last step of a redemption: stores a connection for each account of the grant. Accounts that another user of the
 * tenant holds stay theirs; the grant counts as stored as soon as one account of it is.
 */
import type { SealedConnection } from '../../../connections/connection.ts';
import { IntegrationError } from '../../../errors.ts';
import type { Flow } from '../../../flows/flow.ts';
import { type AccountId, type GrantId, newGrantId } from '../../../ids.ts';
import { type Account, platformUserOf } from '../../../providers/account.ts';
import type { FlowDeps } from '../../deps.ts';
import { publishPending } from '../../lifecycle/event-outbox.ts';
import { type NewCredentials, type Recipient, storeConnection } from '../store-connection.ts';
import type { GrantedTokens, Redemption } from './redemption.ts';

interface IdentifiedGrant extends GrantedTokens {
  readonly accounts: readonly Account[];
}

type StoreOutcome =
  | {
      readonly kind: 'stored';
      readonly accounts: readonly AccountId[];
      /** The connections as they were, where a reconnect replaced their credentials. */
      readonly replaced: readonly SealedConnection[];
    }
  /** Another user of the tenant holds every account. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'not_stored' }
  /** The answer to a write was lost, and so was the look at what it left. */
  | { readonly kind: 'possibly_stored' };

export async function storeAccounts(
  deps: FlowDeps,
  redemption: Redemption,
  grant: IdentifiedGrant,
): Promise<StoreOutcome> {
  const { flow, sealer } = redemption;
  const grantId = newGrantId();
  const stored: AccountId[] = [];
  const replaced: SealedConnection[] = [];
  for (const account of grant.accounts) {
    const credentials = credentialsFor(redemption, grant, { grantId, account, now: deps.now() });
    const result = await storeConnection(deps.connections, sealer, credentials).catch(databaseFailed);
    if (result.kind === 'database_failed') {
      if (stored.length > 0) break;
      const maybe = await mayBeStored(deps, flow, grant.accounts, grantId);
      return { kind: maybe ? 'possibly_stored' : 'not_stored' };
    }
    if (result.kind === 'taken') continue;
    await publishPending(deps, result.connection);
    stored.push(result.connection.accountId);
    if (result.replaced) replaced.push(result.replaced);
  }
  return stored.length === 0 ? { kind: 'taken' } : { kind: 'stored', accounts: stored, replaced };
}

function credentialsFor(
  { flow }: Redemption,
  { tokens, scopes, platform }: GrantedTokens,
  { grantId, account, now }: Pick<NewCredentials, 'grantId' | 'account' | 'now'>,
): NewCredentials {
  const { consent, refresh } = platform.provider;
  return {
    recipient: recipientOf(flow),
    grantId,
    account,
    platformUserId: platformUserOf(account),
    tokens,
    scopes,
    frozen: { target: platform.target },
    lifetimeSeconds: tokens.expiresInSeconds ?? consent.assumedLifetimeSeconds,
    refreshable: refresh !== undefined && tokens.refreshToken !== undefined,
    now,
  };
}

function recipientOf(flow: Flow): Recipient {
  return {
    tenantId: flow.tenantId,
    userId: flow.userId,
    provider: flow.provider,
    appId: flow.appId,
    linking: flow.completion === 'direct' ? 'direct' : 'confirmed',
    requestedScopes: flow.scopes,
    flowBeganAt: flow.createdAt,
  };
}

/** A database that does not answer must not cost the tokens just obtained; anything else is a fault of ours. */
function databaseFailed(error: unknown): { readonly kind: 'database_failed' } {
  if (error instanceof IntegrationError) return { kind: 'database_failed' };
  throw error;
}

async function mayBeStored(
  deps: Pick<FlowDeps, 'connections'>,
  flow: Flow,
  accounts: readonly Account[],
  grantId: GrantId,
): Promise<boolean> {
  try {
    const found = await Promise.all(
      accounts.map(({ accountId }) =>
        deps.connections.get(flow.tenantId, flow.provider, accountId as AccountId),
      ),
    );
    return found.some((connection) => connection?.grantId === grantId);
  } catch {
    return true;
  }
}
