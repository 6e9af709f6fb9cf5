/**
 * Connects an account whose user gives credentials instead of a consent. The platform sees them once, and they are
 * stored only if it says that they belong to the account they claim.
 */
import { type AccountId, isOpaqueId, newGrantId, type TenantId, type UserId } from '../../ids.ts';
import { type Account, platformUserOf } from '../../providers/account.ts';
import type { Values } from '../../providers/adapter/fill.ts';
import { readVariables } from '../../providers/connection-variables.ts';
import type { ProbedProvider } from '../../providers/provider.ts';
import type { Secret } from '../../telemetry/secret.ts';
import type { TenantStore } from '../../tenants/tenant.ts';
import type { ConnectionDeps } from '../deps.ts';
import { publishPending } from '../lifecycle/event-outbox.ts';
import { type ProbeTarget, probe, probeTargetOf } from '../lifecycle/probe-session.ts';
import { activeTenant, appFor } from '../platform/tenant-app.ts';
import { type ConnectedAccounts, viewConnection } from '../tokens/connection-view.ts';
import { type Recipient, storeConnection } from './store-connection.ts';

export interface CredentialsRequest {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly credentials: Readonly<Record<string, string>>;
  /** The account to reconnect; another one is refused before the platform is asked. */
  readonly reconnect?: AccountId;
  /** Values of the variables that the provider lists. */
  readonly variables?: Values;
}

export type CredentialsOutcome =
  | (ConnectedAccounts & { readonly kind: 'connected' })
  /** Fields that are missing, unknown or malformed. */
  | { readonly kind: 'malformed'; readonly fields: readonly string[] }
  /** Names of the variables that are missing, unknown or malformed. */
  | { readonly kind: 'variables_malformed'; readonly names: readonly string[] }
  /** The credentials are of another account than the one to reconnect. */
  | { readonly kind: 'account_mismatch' }
  /** Another user of the tenant holds the account. */
  | { readonly kind: 'account_taken' }
  | ProbeFailure;

type ProbeFailure =
  /** The platform does not accept the credentials for the account that they claim. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The app's own settings are at fault. */
  | { readonly kind: 'misconfigured'; readonly reason: string }
  /** The platform did not say. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly afterSeconds?: number };

/** @throws IntegrationError for a tenant that is deleted and for an app that is not registered. */
export async function connectCredentials(
  deps: ConnectionDeps & { readonly tenants: TenantStore },
  provider: ProbedProvider,
  request: CredentialsRequest,
): Promise<CredentialsOutcome> {
  const tenant = await activeTenant(deps.tenants, request.tenantId);
  const app = await appFor(deps.apps, tenant, provider.id);
  const { appId } = app;
  const reading = provider.probe.read(request.credentials);
  if (reading.kind === 'malformed') return reading;
  const expected = reading.claimedAccount ?? request.reconnect;
  if (request.reconnect !== undefined && request.reconnect !== expected) return { kind: 'account_mismatch' };
  // Once the platform has accepted the credentials, sealing must not fail for want of a key.
  const sealer = await deps.vault.sealerFor(tenant.id);
  const variables = await readRequestVariables(deps, provider, request);
  if (variables.kind === 'malformed') return { kind: 'variables_malformed', names: variables.names };
  const target = probeTargetOf(provider, app, variables.values);
  const claim = { appId, secret: reading.secret, target, expected };
  const identified = await identifyAccount(deps, provider, claim);
  if (identified.kind !== 'identified') return identified;

  const { account } = identified;
  const stored = await storeConnection(deps.connections, sealer, {
    recipient: recipientOf(request, provider, appId),
    grantId: newGrantId(),
    account,
    platformUserId: platformUserOf(account),
    tokens: { accessToken: reading.secret, tokenType: 'Session' },
    scopes: [],
    frozen: { probeTarget: target },
    lifetimeSeconds: undefined,
    refreshable: false,
    now: deps.now(),
  });
  if (stored.kind === 'taken') return { kind: 'account_taken' };
  deps.count('connect_completed', { provider: provider.id });
  const connection = viewConnection(await publishPending(deps, stored.connection));
  return { kind: 'connected', connection, connections: [connection] };
}

/** The request's variables; a reconnect need not repeat those of its connection. */
async function readRequestVariables(
  deps: ConnectionDeps,
  { id, data }: ProbedProvider,
  { tenantId, reconnect, variables = {} }: CredentialsRequest,
) {
  const before = reconnect === undefined ? undefined : await deps.connections.get(tenantId, id, reconnect);
  return readVariables(data, variables, before?.probeTarget?.variables);
}

/** The account that the platform says the credentials are of, if it is the one they claim. */
async function identifyAccount(
  deps: ConnectionDeps,
  provider: ProbedProvider,
  claim: {
    readonly appId: Recipient['appId'];
    readonly secret: Secret;
    readonly target: ProbeTarget;
    /** The account that the credentials claim, or that is reconnected; any account where neither is known. */
    readonly expected: string | undefined;
  },
): Promise<{ readonly kind: 'identified'; readonly account: Account } | ProbeFailure> {
  const outcome = await probe(deps, provider, claim);
  switch (outcome.kind) {
    case 'accounts': {
      const account = outcome.accounts.find(
        ({ accountId }) => accountId === (claim.expected ?? accountId) && isOpaqueId(accountId),
      );
      return account ? { kind: 'identified', account } : { kind: 'refused', reason: 'account_mismatch' };
    }
    case 'reconnect_required':
      return { kind: 'refused', reason: outcome.reason };
    case 'misconfigured':
      return outcome;
    case 'retryable':
      return { ...outcome, kind: 'unavailable' };
    case 'unknown':
      return { kind: 'unavailable', reason: outcome.reason };
  }
}

function recipientOf(
  { tenantId, userId }: CredentialsRequest,
  provider: ProbedProvider,
  appId: Recipient['appId'],
): Recipient {
  return { tenantId, userId, provider: provider.id, appId, linking: 'confirmed', requestedScopes: [] };
}
