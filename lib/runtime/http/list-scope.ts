/** The scope of a list: a backend may list all connections of its tenant, a session only those of its own user. */
import { IntegrationError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { type Principal, requireProvider, userOf } from './authentication.ts';

/** @throws IntegrationError `INVALID_REQUEST`, `FORBIDDEN`, `INVALID_PROVIDER`. */
export function listScope(
  principal: Principal,
  query: { readonly userId?: UserId | undefined; readonly provider?: string | undefined },
): { readonly userId?: UserId; readonly provider?: string } {
  const all = principal.kind === 'apiKey' && query.userId === undefined;
  if (all && query.provider !== undefined) {
    throw new IntegrationError('INVALID_REQUEST', 'provider can be given only together with userId.');
  }
  if (query.provider !== undefined) requireProvider(principal, query.provider);
  return {
    ...(!all && { userId: userOf(principal, query.userId) }),
    ...(query.provider !== undefined && { provider: query.provider }),
  };
}
