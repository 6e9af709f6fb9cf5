/** The edge of the refresh path: what a refresh that failed is to the caller of the API. */
import { IntegrationError } from '../../errors.ts';
import type { RefreshFailure } from './refresh-outcome.ts';

export function refreshError(failure: RefreshFailure): IntegrationError {
  switch (failure.kind) {
    case 'reconnect_required':
      return new IntegrationError('TOKEN_EXPIRED', 'The user has to connect this account again.', {
        details: {
          status: 'reconnect_required',
          ...(failure.reason !== undefined && { reason: failure.reason }),
        },
      });
    case 'disconnected':
      return new IntegrationError('ACCOUNT_NOT_FOUND', 'The account was disconnected.');
    case 'not_refreshable':
      return new IntegrationError(
        'NO_REFRESH_TOKEN',
        'The platform gave nothing to refresh this access with. Connect the account again.',
      );
    case 'postponed':
      return new IntegrationError(
        'TOKEN_REFRESH_ERROR',
        'The access could not be refreshed now. Try again later.',
        { details: { reason: failure.reason }, retryAfterSeconds: failure.retryAfterSeconds },
      );
    case 'misconfigured':
      return new IntegrationError(
        'TOKEN_REFRESH_ERROR',
        'The platform refused the provider app. Check its client id and secret.',
        { details: { reason: failure.reason }, retryAfterSeconds: 60 },
      );
    case 'not_registered':
    case 'unavailable':
      return failure.error;
  }
}
