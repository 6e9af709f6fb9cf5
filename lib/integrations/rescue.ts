/**
 * The rescue of renewed credentials that could not be stored: sealed, with the generation they replace, they wait in a
 * queue and are applied only to that generation.
 */
import * as z from 'zod/mini';
import type { SealedConnection } from '../connections/connection.ts';
import { IntegrationError } from '../errors.ts';
import { type AccountId, type ConnectionId, type ProviderId, storedId, type TenantId } from '../ids.ts';
import { applyRenewal, type Renewal } from './apply-renewal.ts';
import { type ConnectionParts, findOAuthProvider } from './parts.ts';

const sealedText = z.pipe(
  z.string(),
  z.transform((text) => new Uint8Array(Buffer.from(text, 'base64'))),
);

/** A rescued renewal as it lies in the queue. */
export const rescuedRenewal = z.object({
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

export type RescuedRenewal = z.output<typeof rescuedRenewal>;

/** Puts a renewal where it cannot be lost. When even that fails, only an alarm is left. */
export async function rescueRenewal(
  parts: Pick<ConnectionParts, 'rescue' | 'log' | 'count'>,
  spent: SealedConnection,
  renewal: Renewal,
): Promise<void> {
  const { tenantId, provider, accountId, id, generation } = spent;
  const { sealed = spent.sealed, ...rest } = renewal;
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
    await parts.rescue.send({ body, group: tenantId });
    parts.count('credentials_rescued', { provider });
  } catch {
    parts.count('credentials_lost');
    parts.log('error', 'credentials lost', { connectionId: id, provider });
  }
}

/** What a rescue works with. */
export type RescueParts = Pick<
  ConnectionParts,
  'connections' | 'registry' | 'events' | 'now' | 'random' | 'log'
>;

/** Applies a rescued renewal, or lets go of it when other credentials are there by now. */
export async function applyRescued(parts: RescueParts, rescued: RescuedRenewal): Promise<void> {
  const { tenantId, provider: providerId, accountId, id, generation, ...renewal } = rescued;
  const found = await parts.connections.get(tenantId, providerId, accountId);
  const provider = findOAuthProvider(parts.registry, providerId);
  if (found?.id === id && found.generation === generation) {
    const applied = await applyRenewal(parts, found, provider, renewal);
    if (applied.kind === 'stored') return;
  }
  if (found?.id === id) return;
  // The connection is gone, and with it everything that says whose grant this was but the record's own ids.
  parts.log('warn', 'rescued credentials without a connection', { connectionId: id, provider: providerId });
}

/** Says why a message is not a rescued renewal; it then goes to the dead letters. */
export function parseRescued(body: unknown): RescuedRenewal {
  const parsed = rescuedRenewal.safeParse(body);
  if (!parsed.success)
    throw new IntegrationError('PROCESSING_FAILED', 'This message is not a rescued renewal.');
  return parsed.data;
}
