/** Mints a session: what the tenant's backend allows one user's browser to do, fixed before the browser sees it. */

import { mintSessionToken } from '../../access/session-token.ts';
import type { SecretSource } from '../../aws/secret-source.ts';
import { IntegrationError } from '../../errors.ts';
import type { TenantId, UserId } from '../../ids.ts';
import type { Providers } from '../../providers/providers.ts';
import type { TenantStore } from '../../tenants/tenant.ts';
import { findProvider } from '../platform/find-provider.ts';
import { activeTenant } from '../platform/tenant-app.ts';
import { isoTime } from '../tokens/connection-view.ts';

export interface SessionRequest {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly providers?: readonly string[] | undefined;
  readonly origin?: string | undefined;
  readonly returnUrl?: string | undefined;
}

/** @throws IntegrationError `INVALID_REQUEST`, `INVALID_PROVIDER`, `VAULT_ERROR`. */
export async function createSession(
  deps: {
    readonly tenants: TenantStore;
    readonly providers: Providers;
    readonly secrets: SecretSource;
    readonly secretId: string;
    readonly audience: string;
    readonly insecureOrigins: readonly string[];
    readonly now: () => number;
  },
  request: SessionRequest,
): Promise<{ readonly token: string; readonly expiresAt: string }> {
  const { tenantId, userId, providers, origin, returnUrl } = request;
  const tenant = await activeTenant(deps.tenants, tenantId);
  for (const provider of providers ?? []) await findProvider(deps.providers, { tenantId, provider });
  if (origin !== undefined && !isWebOrigin(origin, deps.insecureOrigins)) {
    throw new IntegrationError(
      'INVALID_REQUEST',
      'origin must be an https origin: scheme and host, nothing behind.',
    );
  }
  if (returnUrl !== undefined && !tenant.returnUrls.includes(returnUrl)) {
    throw new IntegrationError(
      'INVALID_REQUEST',
      'returnUrl must be exactly one of the URLs registered for this tenant.',
    );
  }
  const minted = await mintSessionToken(
    {
      tenantId,
      userId,
      ...(providers && { providers }),
      ...(origin !== undefined && { origin }),
      ...(returnUrl !== undefined && { returnUrl }),
    },
    deps,
  );
  return { token: minted.text, expiresAt: isoTime(minted.expiresAt) };
}

function isWebOrigin(text: string, insecureOrigins: readonly string[]): boolean {
  const url = URL.parse(text);
  return url?.origin === text && (url.protocol === 'https:' || insecureOrigins.includes(text));
}
