/** Records for the tests of the stores, complete and valid, with what a test wants different, and a clock it can set. */
import type { Connection, SealedConnection } from '../../lib/connections/connection.ts';
import type { Flow } from '../../lib/flows/flow.ts';
import {
  type AccountId,
  type AppId,
  newConnectionId,
  newFlowId,
  newGrantId,
  type ProviderId,
  type TenantId,
  type UserId,
} from '../../lib/ids.ts';
import type { Tenant } from '../../lib/tenants/tenant.ts';

export const tenantId = 'acme' as TenantId;
export const userId = 'user-1' as UserId;
export const tiktok = 'tiktok' as ProviderId;
export const sharedTikTok = 'tiktok' as AppId;

export function testClock() {
  let milliseconds = Date.UTC(2026, 10, 20, 12);
  return {
    now: () => milliseconds,
    advance(seconds: number): void {
      milliseconds += seconds * 1_000;
    },
  };
}

export function aFlow(now: number, changes: Partial<Flow> = {}): Flow {
  return {
    id: newFlowId(),
    tenantId,
    tenantName: 'Acme',
    userId,
    provider: tiktok,
    appId: sharedTikTok,
    clientId: 'client',
    appVersion: 1,
    target: {
      issuerInResponse: false,
      endpoints: {
        authorization: 'https://platform.example/authorize',
        token: 'https://platform.example/token',
        profile: 'https://platform.example/me',
      },
    },
    scopes: ['user.info.basic'],
    redirectUri: 'https://hawser.example/integrations/callback/tiktok',
    returnUrl: 'https://app.example/connected',
    completion: 'confirm',
    sealedVerifier: Uint8Array.of(1, 2, 3),
    status: 'pending',
    createdAt: now,
    expiresAt: now + 600_000,
    ...changes,
  };
}

export function aConnection(changes: Partial<SealedConnection> = {}): SealedConnection {
  const accountId = changes.accountId ?? ('account-1' as AccountId);
  return {
    id: newConnectionId(),
    tenantId,
    userId,
    provider: tiktok,
    accountId,
    appId: sharedTikTok,
    grantId: newGrantId(),
    platformUserId: accountId,
    linking: 'confirmed',
    status: 'active',
    generation: 1,
    displayName: 'Mira Lindqvist',
    metadata: { username: 'mira.bakes', verified: true, followers: 48_210 },
    requestedScopes: ['user.info.basic'],
    scopes: ['user.info.basic'],
    tokenType: 'Bearer',
    obtainedAt: 1_000,
    expiresAt: 8_200_000,
    refreshable: true,
    connectedAt: 1_000,
    updatedAt: 1_000,
    sealed: { accessToken: Uint8Array.of(1, 2, 3), refreshToken: Uint8Array.of(4, 5) },
    ...changes,
  };
}

/** A connection as a list shows it. */
export function open(connection: SealedConnection): Connection {
  const { sealed: _, ...rest } = connection;
  return rest;
}

export function aTenant(changes: Partial<Tenant> = {}): Tenant {
  return {
    id: tenantId,
    name: 'Acme',
    status: 'active',
    returnUrls: ['https://app.example/connected'],
    directLinking: false,
    apps: {},
    createdAt: 1_000,
    ...changes,
  };
}

/** The number of concurrent callers that won. */
export function winners(outcomes: readonly boolean[]): number {
  return outcomes.filter(Boolean).length;
}
