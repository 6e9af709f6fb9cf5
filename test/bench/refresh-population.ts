/** Connections as they would be after months of use: of every kind, each at some point of its token's life. */
import type { SealedConnection } from '../../lib/connections/connection.ts';
import { idleDueAt, nextDueAt } from '../../lib/connections/schedule.ts';
import type { AccountId, AppId, ConnectionId, GrantId, TenantId, UserId } from '../../lib/ids.ts';
import { refreshPolicyOf } from '../../lib/integrations/lifecycle/refresh-policy-of.ts';
import { sealCredentials } from '../../lib/integrations/platform/credentials.ts';
import type { ConsentProvider } from '../../lib/providers/provider.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import type { Sealer } from '../../lib/vault/vault.ts';
import type { Platforms } from './refresh-platforms.ts';

/** Who asks for an account's tokens. */
export type Use =
  /** Somebody, every day. */
  | 'steady'
  /** Nobody for weeks, and nobody now. */
  | 'idle'
  /** Somebody until a few days ago. */
  | 'ceasing'
  /** Nobody for weeks, until some day of the time that is simulated. */
  | 'returning';

export interface Person {
  readonly account: number;
  readonly tenantId: TenantId;
  readonly provider: ConsentProvider;
  readonly lifetimeSeconds: number;
  readonly use: Use;
}

const dayMilliseconds = 86_400_000;
const scopes = ['user.info.basic', 'user.info.profile', 'video.list'];
const metadata = { username: 'mira.bakes', verified: true };

/** How an account is known to its tenant and at its platform. */
export function namesOf(account: number): { readonly userId: UserId; readonly accountId: AccountId } {
  return {
    userId: `user-${account}` as UserId,
    accountId: `afb8a1c2-7d0e-4f7b-9a52-${String(account).padStart(12, '0')}` as AccountId,
  };
}

/** The connection of a person, in the state that the schedule would have brought it to by now. */
export function connectionOf(
  person: Person,
  deps: {
    readonly platforms: Platforms;
    readonly sealer: Sealer;
    readonly now: number;
    readonly random: () => number;
  },
): SealedConnection {
  const { account, provider, lifetimeSeconds, use, tenantId } = person;
  const { now, random } = deps;
  const used = use === 'steady' || use === 'ceasing';
  const timed = {
    status: 'active',
    refreshable: true,
    obtainedAt: 0,
    expiresAt: lifetimeSeconds * 1000,
  } as const;
  // From one refresh to the next; the present is somewhere between the two.
  const policy = refreshPolicyOf(provider);
  const interval = used ? nextDueAt(timed, policy, { now: 0, random }) : idleDueAt(timed, policy, random);
  const age = random() * (interval ?? 30 * dayMilliseconds);
  const obtainedAt = Math.floor(now - age);
  const expiresAt = obtainedAt + lifetimeSeconds * 1000;
  const { userId, accountId } = namesOf(account);
  const place = {
    id: `con_${String(account).padStart(22, 'A')}` as ConnectionId,
    tenantId,
    provider: provider.id,
    accountId,
  };
  const tokens = deps.platforms.grant({ account, provider, lifetimeSeconds, expiresAt });
  return {
    ...place,
    userId,
    appId: provider.id as string as AppId,
    grantId: `gra_${String(account).padStart(22, 'A')}` as GrantId,
    platformUserId: place.accountId,
    linking: 'confirmed',
    status: 'active',
    generation: 1,
    displayName: 'Mira Lindqvist',
    avatarUrl: 'https://p16-sign.cdn.example/avatar/mira.jpeg',
    metadata,
    requestedScopes: scopes,
    scopes,
    tokenType: 'Bearer',
    obtainedAt,
    expiresAt,
    refreshable: true,
    ...(interval !== undefined && { dueAt: Math.floor(obtainedAt + interval) }),
    lastUsedAt: Math.floor(now - dayMilliseconds * lastUseDays(use, random)),
    connectedAt: obtainedAt,
    updatedAt: obtainedAt,
    statusSince: obtainedAt,
    sealed: sealCredentials(deps.sealer, place, {
      accessToken: new Secret(tokens.accessToken),
      refreshToken: new Secret(tokens.refreshToken),
    }),
  };
}

function lastUseDays(use: Use, random: () => number): number {
  if (use === 'steady') return random();
  return use === 'ceasing' ? 1 + 5 * random() : 8 + 50 * random();
}
