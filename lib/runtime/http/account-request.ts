/** Identifies the account of a request from its path, its caller and the user in its query. */

import type { AccountId, UserId } from '../../ids.ts';
import type { OwnAccount } from '../../integrations/tokens/own-connection.ts';
import { type Principal, requireProvider, userOf } from './authentication.ts';

/** @throws IntegrationError `INVALID_REQUEST`, `FORBIDDEN`, `INVALID_PROVIDER`. */
export function accountOf(request: {
  readonly principal: Principal;
  readonly params: { readonly provider: string; readonly accountId: AccountId };
  readonly query: { readonly userId?: UserId | undefined };
}): OwnAccount {
  const { principal, params, query } = request;
  requireProvider(principal, params.provider);
  return { tenantId: principal.tenantId, userId: userOf(principal, query.userId), ...params };
}
