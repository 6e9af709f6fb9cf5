/**
 * Connects an account whose user gives credentials instead of a consent: they are shown to the platform once, and
 * stored only if it says that they are that account's.
 */
import { IntegrationError } from '../errors.ts';
import { type AccountId, isOpaqueId, newGrantId, type TenantId, type UserId } from '../ids.ts';
import type { CredentialsProvider } from '../providers/definition.ts';
import type { TenantStore } from '../tenants/tenant.ts';
import type { Connected } from './complete-connection.ts';
import { tell } from './connection-events.ts';
import { viewConnection } from './connection-view.ts';
import type { ConnectionParts } from './parts.ts';
import { probe } from './probe-session.ts';
import { storeConnection } from './store-connection.ts';
import { activeTenant, appFor } from './tenant-app.ts';

export interface CredentialsRequest {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly credentials: Readonly<Record<string, string>>;
  /** The account to reconnect; another one is refused before the platform is asked. */
  readonly reconnect?: AccountId;
}

/**
 * @throws IntegrationError `INVALID_REQUEST` (which fields), `ACCOUNT_MISMATCH`, `CREDENTIALS_REFUSED`,
 * `ACCOUNT_ALREADY_CONNECTED`, `PROVIDER_ERROR`, `OAUTH_INIT_ERROR`, `INVALID_PROVIDER`.
 */
export async function connectCredentials(
  parts: ConnectionParts & { readonly tenants: TenantStore },
  provider: CredentialsProvider,
  request: CredentialsRequest,
): Promise<Connected> {
  const tenant = await activeTenant(parts.tenants, request.tenantId);
  const { context } = await appFor(parts.apps, tenant, provider.id);
  const reading = provider.probe.read(request.credentials);
  if (reading.kind === 'malformed') {
    throw new IntegrationError(
      'INVALID_REQUEST',
      'Some credentials are missing, unknown or malformed. See details.fields, and the fields in GET /integrations/providers.',
      {
        details: { fields: reading.fields.map((field) => `credentials.${field}`) },
      },
    );
  }
  const expected = reading.claimedAccount ?? request.reconnect;
  if (request.reconnect !== undefined && request.reconnect !== expected) {
    throw new IntegrationError(
      'ACCOUNT_MISMATCH',
      'These credentials are of another account than the one to reconnect.',
    );
  }
  const sealer = await parts.vault.sealerFor(tenant.id);
  const account = await prove(parts, provider, context, { secret: reading.secret, expected });
  const now = parts.now();
  const stored = await storeConnection(parts.connections, sealer, {
    recipient: {
      tenantId: tenant.id,
      userId: request.userId,
      provider: provider.id,
      context,
      linking: 'confirmed',
      requestedScopes: [],
    },
    grantId: newGrantId(),
    account,
    owner: account.owner ?? account.accountId,
    tokens: { accessToken: reading.secret, tokenType: 'Session' },
    scopes: [],
    lifetimeSeconds: undefined,
    refreshable: false,
    now,
  });
  if (stored.kind === 'taken') {
    throw new IntegrationError(
      'ACCOUNT_ALREADY_CONNECTED',
      'Another user of this tenant has connected this account.',
    );
  }
  parts.count('connect_completed', { provider: provider.id });
  const connection = viewConnection(await tell(parts, stored.connection));
  return { connection, connections: [connection] };
}

/** The account that the platform says the credentials are of, if it is the one they claim. */
async function prove(
  parts: ConnectionParts,
  provider: CredentialsProvider,
  context: Parameters<typeof probe>[2],
  reading: { readonly secret: Parameters<typeof probe>[3]; readonly expected: string | undefined },
) {
  const outcome = await probe(parts, provider, context, reading.secret);
  if (outcome.kind === 'misconfigured') {
    throw new IntegrationError(
      'OAUTH_INIT_ERROR',
      'The platform refused how it was asked. Check the app settings.',
      {
        details: { reason: outcome.reason },
      },
    );
  }
  if (outcome.kind === 'retryable' || outcome.kind === 'unknown') {
    throw new IntegrationError(
      'PROVIDER_ERROR',
      'The platform did not say whether the credentials are good.',
      {
        details: { reason: outcome.reason },
        retryAfterSeconds: (outcome.kind === 'retryable' ? outcome.afterSeconds : undefined) ?? 60,
      },
    );
  }
  const account =
    outcome.kind === 'accounts'
      ? outcome.accounts.find(
          ({ accountId }) => accountId === (reading.expected ?? accountId) && isOpaqueId(accountId),
        )
      : undefined;
  if (!account) {
    throw new IntegrationError(
      'CREDENTIALS_REFUSED',
      'The platform does not accept these credentials for this account.',
      {
        details: { reason: outcome.kind === 'accounts' ? 'account_mismatch' : outcome.reason },
      },
    );
  }
  return account;
}
