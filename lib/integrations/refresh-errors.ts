/** The ways in which renewing fails, as its callers hear of them. */
import { IntegrationError } from '../errors.ts';

/** The platform has taken the grant back, or its rules say that nothing is left of it. */
export function grantIsGone(reason: string | undefined): IntegrationError {
  return new IntegrationError('TOKEN_EXPIRED', 'The user has to connect this account again.', {
    details: { status: 'reconnect_required', ...(reason !== undefined && { reason }) },
  });
}

export function disconnected(): IntegrationError {
  return new IntegrationError('ACCOUNT_NOT_FOUND', 'The account was disconnected.');
}

export function nothingToRenewWith(): IntegrationError {
  return new IntegrationError(
    'NO_REFRESH_TOKEN',
    'The platform gave nothing to renew this access with. Connect the account again.',
  );
}

/** Nothing is decided; the same request may succeed later. */
export function tryLater(reason: string, milliseconds: number): IntegrationError {
  return new IntegrationError(
    'TOKEN_REFRESH_ERROR',
    'The access could not be renewed now. Try again later.',
    {
      details: { reason },
      retryAfterSeconds: Math.max(1, Math.ceil(milliseconds / 1000)),
    },
  );
}
