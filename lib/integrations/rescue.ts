/**
 * The rescue of refreshed credentials that could not be stored: sealed, with the generation they replace, they wait in
 * a queue and are applied only to that generation.
 */
import * as z from 'zod/mini';
import type { SealedConnection } from '../connections/connection.ts';
import type { RefreshedCredentials } from '../connections/transitions.ts';
import { IntegrationError } from '../errors.ts';
import { type AccountId, type ConnectionId, type ProviderId, storedId, type TenantId } from '../ids.ts';
import { applyRefresh } from './apply-refresh.ts';
import type { OutboxDeps } from './event-outbox.ts';
import { type ConnectionParts, findOAuthProvider } from './parts.ts';

const sealedText = z.pipe(
  z.string(),
  z.transform((text) => new Uint8Array(Buffer.from(text, 'base64'))),
);

/** Rescued credentials as a message of the queue. */
export const rescuedCredentials = z.object({
  tenantId: storedId<TenantId>(),
  provider: storedId<ProviderId>(),
  accountId: storedId<AccountId>(),
  id: storedId<ConnectionId>(),
  generation: z.number(),
  sealed: z.object({ accessToken: sealedText, refreshToken: z.exactOptional(sealedText) }),
  obtainedAt: z.number(),
  expiresAt: z.exactOptional(z.number()),
  refreshExpiresAt: z.exactOptional(z.number()),
  scopes: z.exactOptional(z.array(z.string())),
});

export type RescuedCredentials = z.output<typeof rescuedCredentials>;

/** Puts credentials where they cannot be lost. When even that fails, only an alarm is left. */
export async function rescueCredentials(
  deps: Pick<ConnectionParts, 'rescue' | 'log' | 'count'>,
  spent: SealedConnection,
  credentials: RefreshedCredentials,
): Promise<void> {
  const { tenantId, provider, accountId, id, generation } = spent;
  const { sealed = spent.sealed, ...rest } = credentials;
  const body = {
    tenantId,
    provider,
    accountId,
    id,
    generation,
    sealed: {
      accessToken: Buffer.from(sealed.accessToken).toString('base64'),
      ...(sealed.refreshToken && { refreshToken: Buffer.from(sealed.refreshToken).toString('base64') }),
    },
    ...rest,
  };
  try {
    await deps.rescue.send({ body, group: tenantId });
    deps.count('credentials_rescued', { provider });
  } catch {
    deps.count('credentials_lost');
    deps.log('error', 'credentials lost', { connectionId: id, provider });
  }
}

/** What a rescue works with. */
export type RescueParts = OutboxDeps;

/**
 * Stores rescued credentials, unless other ones are there by now.
 * @throws IntegrationError `DATABASE_ERROR` when they could not be stored again; the message then comes back.
 */
export async function applyRescued(deps: RescueParts, rescued: RescuedCredentials): Promise<void> {
  const { tenantId, provider: providerId, accountId, id, generation, expiresAt, ...rest } = rescued;
  const found = await deps.connections.get(tenantId, providerId, accountId);
  if (found?.id !== id) {
    // Without the record nothing says whose grant this was.
    deps.log('warn', 'rescued credentials without a connection', { connectionId: id, provider: providerId });
    return;
  }
  if (found.generation !== generation) return;
  const provider = findOAuthProvider(deps.registry, providerId);
  // A token without an end must not inherit that of the token it replaces.
  const applied = await applyRefresh(deps, found, provider, { ...rest, expiresAt });
  if (applied.kind === 'contended') {
    throw new IntegrationError('DATABASE_ERROR', 'The connection kept changing, so it could not be written.');
  }
}

/** @throws IntegrationError `PROCESSING_FAILED`; the message then goes to the dead letters. */
export function parseRescued(body: unknown): RescuedCredentials {
  const parsed = rescuedCredentials.safeParse(body);
  if (!parsed.success)
    throw new IntegrationError('PROCESSING_FAILED', 'This message holds no rescued credentials.');
  return parsed.data;
}
