/** What the domain's verbs depend on, built once per function instance. */
import type { Queue } from '../aws/queue.ts';
import type { SecretSource } from '../aws/secret-source.ts';
import type { ConnectionStore } from '../connections/connection-store.ts';
import type { LeaseStore } from '../connections/lease-store.ts';
import type { RevocationReceipts } from '../connections/revocation-receipts.ts';
import type { FlowStore } from '../flows/flow-store.ts';
import type { EventMessage } from '../messages/events.ts';
import type { RescueMessage } from '../messages/rescue.ts';
import type { PlatformHttp } from '../platform-http/platform-http.ts';
import type { ProviderAppStore } from '../provider-apps/provider-app.ts';
import type { Providers } from '../providers/providers.ts';
import type { Log } from '../telemetry/log.ts';
import type { Count } from '../telemetry/metrics.ts';
import type { TenantStore } from '../tenants/tenant.ts';
import type { Vault } from '../vault/vault.ts';
import type { RefreshOutcome } from './lifecycle/refresh-outcome.ts';

export interface ConnectionDeps {
  readonly connections: ConnectionStore;
  readonly leases: LeaseStore;
  /** What became of the tokens of ended connections. */
  readonly receipts: RevocationReceipts;
  /** The events queue: what tenants receive. */
  readonly events: Queue<EventMessage>;
  /** Where refreshed credentials that could not be stored wait, sealed. */
  readonly rescue: Queue<RescueMessage>;
  /** Refreshes in flight in this process, by connection and generation. */
  readonly inFlightRefreshes: Map<string, Promise<RefreshOutcome>>;
  readonly apps: ProviderAppStore;
  readonly vault: Vault;
  readonly providers: Providers;
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

export interface FlowDeps extends ConnectionDeps {
  readonly flows: FlowStore;
  readonly publicUrl: string;
}

export interface ConnectDeps {
  readonly tenants: TenantStore;
  readonly apps: ProviderAppStore;
  readonly connections: ConnectionStore;
  readonly flows: FlowStore;
  readonly vault: Vault;
  readonly providers: Providers;
  readonly publicUrl: string;
  readonly now: () => number;
  readonly count: Count;
}
