/**
 * Authenticates a tenant's backend by API key, or one user's browser by session token. It is the only source of the
 * tenant's identity. API keys are cached for 60 seconds, so a revoked key works for at most that long.
 */

import { type ApiKeyStore, parseApiKey, provesApiKey } from '../../access/api-key.ts';
import type { Session } from '../../access/session-token.ts';
import { createCache } from '../../cache.ts';
import type { Caller } from '../../contract/route.ts';
import { IntegrationError } from '../../errors.ts';
import type { TenantId, UserId } from '../../ids.ts';

/** An authenticated caller. */
export type Principal =
  | { readonly kind: 'apiKey'; readonly tenantId: TenantId }
  | { readonly kind: 'session'; readonly tenantId: TenantId; readonly session: Session };

export interface Authentication {
  readonly apiKeys: ApiKeyStore;
  readonly verifySession: (text: string) => Promise<Session | undefined>;
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
}

export type Authenticate = (
  caller: Caller,
  headers: { readonly authorization: string | undefined; readonly origin: string | undefined },
) => Promise<Principal | undefined>;

const keptMilliseconds = 60_000;
const keptKeys = 1_000;

export function createAuthenticate({ apiKeys, verifySession, monotonic }: Authentication): Authenticate {
  const keys = createCache({
    load: (id: string) => apiKeys.get(id),
    monotonic,
    // An unknown key may be created at any moment, so its absence is not cached.
    maxAge: (key) => (key ? keptMilliseconds : 0),
    maxEntries: keptKeys,
  });

  return async (caller, { authorization = '', origin }) => {
    if (caller !== 'apiKey' && caller !== 'apiKeyOrSession') return undefined;
    const [, token = ''] = /^Bearer ([A-Za-z0-9._~-]+)$/i.exec(authorization) ?? [];
    if (token.startsWith('hwk_')) return byApiKey(token, origin);
    if (token === '') throw unauthorized();
    if (caller === 'apiKey') throw needsApiKey();
    return bySession(token, origin);
  };

  async function byApiKey(text: string, origin: string | undefined): Promise<Principal> {
    const presented = parseApiKey(text);
    if (!presented) throw unauthorized();
    const key = await keys.get(presented.id);
    if (!key || !provesApiKey(key, presented.secret)) throw unauthorized();
    if (origin !== undefined) {
      throw new IntegrationError(
        'FORBIDDEN',
        'An API key was sent by a browser. Keys belong in backends; mint a session with POST /integrations/sessions.',
      );
    }
    return { kind: 'apiKey', tenantId: key.tenantId };
  }

  async function bySession(text: string, origin: string | undefined): Promise<Principal> {
    const session = await verifySession(text);
    if (!session) throw unauthorized();
    if (session.origin !== undefined && session.origin !== origin) {
      throw new IntegrationError('FORBIDDEN', 'This session belongs to another web origin.');
    }
    return { kind: 'session', tenantId: session.tenantId, session };
  }
}

/**
 * The user of a request: a session's own, or the one that a backend names.
 * @throws IntegrationError `INVALID_REQUEST` when a backend names none, `FORBIDDEN` when a session names another.
 */
export function userOf(principal: Principal, named: UserId | undefined): UserId {
  if (principal.kind === 'apiKey') {
    if (named === undefined)
      throw new IntegrationError('INVALID_REQUEST', 'userId is required with an API key.');
    return named;
  }
  if (named !== undefined && named !== principal.session.userId) {
    throw new IntegrationError('FORBIDDEN', 'A session acts for its own user only.');
  }
  return principal.session.userId;
}

/**
 * Refuses a provider that the session may not use as if it did not exist.
 * @throws IntegrationError `INVALID_PROVIDER`.
 */
export function requireProvider(principal: Principal, provider: string): void {
  if (!(visibleProviders(principal)?.includes(provider) ?? true)) {
    throw new IntegrationError(
      'INVALID_PROVIDER',
      'There is no such provider. See GET /integrations/providers.',
    );
  }
}

/** The providers that a caller may see; undefined means all. */
export function visibleProviders(principal: Principal): readonly string[] | undefined {
  return principal.kind === 'session' ? principal.session.providers : undefined;
}

/** The same for every session token, because the route does not verify it. */
function needsApiKey(): IntegrationError {
  return new IntegrationError(
    'UNAUTHORIZED',
    'This route takes an API key, from a backend, and no session token. Send "Authorization: Bearer hwk_…".',
  );
}

function unauthorized(): IntegrationError {
  return new IntegrationError(
    'UNAUTHORIZED',
    'Send a valid API key or session token as "Authorization: Bearer …".',
  );
}
