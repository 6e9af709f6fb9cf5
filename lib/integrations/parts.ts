/** What the domain's verbs work with, built once per function instance, and the way from a record to its platform. */

import type { Queue } from '../aws/queue.ts';
import type { SecretSource } from '../aws/secret-source.ts';
import type { ConnectionStore } from '../connections/connection-store.ts';
import type { LeaseStore } from '../connections/lease-store.ts';
import type { RevocationReceipts } from '../connections/revocation-receipts.ts';
import { IntegrationError } from '../errors.ts';
import type { FlowStore } from '../flows/flow-store.ts';
import type { ContextId, ProviderId, TenantId } from '../ids.ts';
import type { EventMessage } from '../messages/events.ts';
import type { RescueMessage } from '../messages/rescue.ts';
import { callTimeoutMilliseconds, type PlatformHttp } from '../platform-http/platform-http.ts';
import { createAdapter } from '../providers/adapter.ts';
import type { OAuthProvider, Provider } from '../providers/definition.ts';
import type { PlatformAdapter } from '../providers/platform-adapter.ts';
import type { Registry } from '../providers/registry.ts';
import type { Log } from '../telemetry/log.ts';
import type { Count } from '../telemetry/metrics.ts';
import { type ProviderApp, type ProviderAppStore, readClientSecret } from '../tenants/provider-app.ts';
import type { TenantStore } from '../tenants/tenant.ts';
import type { Vault } from '../vault/vault.ts';
import type { RefreshOutcome } from './refresh-outcome.ts';

export interface ConnectionParts {
  readonly connections: ConnectionStore;
  readonly leases: LeaseStore;
  /** What became of the tokens of ended connections. */
  readonly receipts: RevocationReceipts;
  /** The events queue: what tenants are told. */
  readonly events: Queue<EventMessage>;
  /** Where renewed credentials wait, sealed, that could not be stored. */
  readonly rescue: Queue<RescueMessage>;
  /** Refreshes in flight in this process, by connection and generation. */
  readonly inFlightRefreshes: Map<string, Promise<RefreshOutcome>>;
  readonly apps: ProviderAppStore;
  readonly vault: Vault;
  readonly registry: Registry;
  readonly secrets: SecretSource;
  readonly http: PlatformHttp;
  readonly now: () => number;
  /** Waits; passed in so that time can be played. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** A number from 0 to below 1, for jitter. */
  readonly random: () => number;
  readonly log: Log;
  readonly count: Count;
}

export interface FlowParts extends ConnectionParts {
  readonly flows: FlowStore;
  readonly publicUrl: string;
}

export interface ConnectParts {
  readonly tenants: TenantStore;
  readonly apps: ProviderAppStore;
  readonly connections: ConnectionStore;
  readonly flows: FlowStore;
  readonly vault: Vault;
  readonly registry: Registry;
  readonly publicUrl: string;
  readonly now: () => number;
  readonly count: Count;
}

/** A platform of one provider app, opened for a connection. */
export type OpenPlatform = Awaited<ReturnType<typeof openPlatform>>;

/** Where a provider app's platform is. */
export type Target = Parameters<typeof createAdapter>[0]['target'];

/**
 * The provider of that id.
 * @throws IntegrationError `INVALID_PROVIDER` when there is none.
 */
export function findProvider(registry: Registry, id: string): Provider {
  const provider = registry.find(id);
  if (!provider)
    throw new IntegrationError(
      'INVALID_PROVIDER',
      'There is no such provider. See GET /integrations/providers.',
    );
  return provider;
}

/**
 * The same, for what only a platform with consent pages can be asked.
 * @throws IntegrationError `INVALID_PROVIDER`; `INVALID_REQUEST` when its users give credentials instead.
 */
export function findOAuthProvider(registry: Registry, id: string): OAuthProvider {
  const provider = findProvider(registry, id);
  if (provider.auth !== 'oauth2') {
    throw new IntegrationError('INVALID_REQUEST', 'This provider takes credentials. Send them in connect.');
  }
  return provider;
}

/** Where the platform of an app is: as the provider's definition says, or as the app was registered. */
export function targetOf(registry: Registry, provider: OAuthProvider, app: ProviderApp): Target {
  const endpoints = registry.endpointsOf(provider, app.settings);
  if (endpoints) return { endpoints, issuerInResponse: false };
  if (app.server) return app.server;
  throw new IntegrationError(
    'OAUTH_INIT_ERROR',
    'This provider app has no endpoints. Register it again with its issuer.',
  );
}

/**
 * Asks a platform something on behalf of one provider app. When the platform refuses the client secret in memory,
 * the secret is read afresh and the question asked once more: a refused client has spent nothing.
 */
export async function openPlatform(
  parts: Pick<ConnectionParts, 'apps' | 'registry' | 'secrets' | 'http' | 'now'>,
  place: { readonly provider: ProviderId; readonly context: ContextId; readonly tenantId: TenantId },
  frozen?: { readonly target: Target; readonly clientId: string; readonly appVersion: number },
): Promise<{
  readonly provider: OAuthProvider;
  /** @param deadline the second question is not asked when it might not be answered by then. */
  ask<Outcome extends { readonly kind: string }>(
    question: (platform: PlatformAdapter) => Promise<Outcome>,
    deadline?: number,
  ): Promise<Outcome>;
}> {
  const provider = findOAuthProvider(parts.registry, place.provider);
  const app = await parts.apps.get(place.context);
  if (
    !app ||
    app.provider !== provider.id ||
    (app.tenantId !== undefined && app.tenantId !== place.tenantId)
  ) {
    throw new IntegrationError(
      'OAUTH_INIT_ERROR',
      'The provider app of this connection is no longer registered.',
    );
  }
  if (frozen && (frozen.clientId !== app.clientId || frozen.appVersion !== app.version)) {
    throw new IntegrationError('OAUTH_INIT_ERROR', 'This provider app was registered anew. Start again.');
  }
  const target = frozen?.target ?? targetOf(parts.registry, provider, app);
  const connect = (clientSecret: Awaited<ReturnType<typeof readClientSecret>>) =>
    createAdapter({
      provider,
      target,
      app: { clientId: app.clientId, clientSecret, settings: app.settings },
      http: parts.http,
      now: parts.now,
    });
  const known = await readClientSecret(parts.secrets, app);

  return {
    provider,
    async ask(question, deadline = Number.POSITIVE_INFINITY) {
      const outcome = await question(connect(known));
      if (outcome.kind !== 'misconfigured') return outcome;
      const fresh = await readClientSecret(parts.secrets, app, true);
      const inTime = parts.now() + callTimeoutMilliseconds < deadline;
      return fresh.reveal() === known.reveal() || !inTime ? outcome : question(connect(fresh));
    },
  };
}
