/** The message that names a connection for which something is due. */
import * as z from 'zod/mini';
import type { ConnectionReference } from '../connections/connection-store.ts';
import { IntegrationError } from '../errors.ts';
import { type AccountId, type ProviderId, storedId, type TenantId } from '../ids.ts';

const message = z.object({
  tenantId: storedId<TenantId>(),
  provider: storedId<ProviderId>(),
  accountId: storedId<AccountId>(),
  park: z.exactOptional(z.literal(true)),
});

export interface RefreshMessage extends ConnectionReference {
  /** Its provider was paused when the sweep found it: nobody asked for this work. */
  readonly park?: true;
}

/** @throws IntegrationError `PROCESSING_FAILED`; the message then ends among the dead letters. */
export function parseReference(body: unknown): RefreshMessage {
  const parsed = message.safeParse(body);
  if (!parsed.success) throw new IntegrationError('PROCESSING_FAILED', 'This message names no connection.');
  return parsed.data;
}
