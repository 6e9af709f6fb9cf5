/** What the catalogue says of a connect that did not begin or did not succeed. */
import { IntegrationError } from '../../errors.ts';
import type { CredentialsOutcome } from './connect-credentials.ts';
import type { InitiateOutcome } from './initiate-oauth-flow.ts';

export function initiateError(
  outcome: Exclude<InitiateOutcome, { readonly kind: 'started' }>,
): IntegrationError {
  switch (outcome.kind) {
    case 'direct_linking_off':
      return new IntegrationError(
        'FORBIDDEN',
        'Direct linking is not switched on for this tenant. Use completion "confirm".',
      );
    case 'return_url_ambiguous':
      return new IntegrationError(
        'INVALID_REQUEST',
        'Several return URLs are registered for this tenant. Say in returnUrl which one.',
      );
    case 'return_url_unregistered':
      return new IntegrationError(
        'INVALID_REQUEST',
        'returnUrl must be exactly one of the URLs registered for this tenant. Run `hawser return-url add`.',
      );
    case 'scope_unavailable':
      return new IntegrationError(
        'INVALID_SCOPE',
        'Ask only for scopes that the provider lists. See GET /integrations/providers.',
        { details: { available: outcome.available } },
      );
    case 'variables_malformed':
      return variablesError(outcome.names);
    case 'account_not_found':
      return new IntegrationError('ACCOUNT_NOT_FOUND', 'There is no such account to reconnect.');
  }
}

function variablesError(names: readonly string[]): IntegrationError {
  return new IntegrationError(
    'INVALID_REQUEST',
    'Some variables are missing, unknown or malformed. See details.fields, and the variables in GET /integrations/providers.',
    { details: { fields: names.map((name) => `variables.${name}`) } },
  );
}

export function credentialsError(
  outcome: Exclude<CredentialsOutcome, { readonly kind: 'connected' }>,
): IntegrationError {
  switch (outcome.kind) {
    case 'malformed':
      return new IntegrationError(
        'INVALID_REQUEST',
        'Some credentials are missing, unknown or malformed. See details.fields, and the fields in GET /integrations/providers.',
        { details: { fields: outcome.fields.map((field) => `credentials.${field}`) } },
      );
    case 'variables_malformed':
      return variablesError(outcome.names);
    case 'account_mismatch':
      return new IntegrationError(
        'ACCOUNT_MISMATCH',
        'These credentials are of another account than the one to reconnect.',
      );
    case 'account_taken':
      return new IntegrationError(
        'ACCOUNT_ALREADY_CONNECTED',
        'Another user of this tenant has connected this account.',
      );
    case 'refused':
      return new IntegrationError(
        'CREDENTIALS_REFUSED',
        'The platform does not accept these credentials for this account.',
        { details: { reason: outcome.reason } },
      );
    case 'misconfigured':
      return new IntegrationError(
        'OAUTH_INIT_ERROR',
        'The platform refused how it was asked. Check the app settings.',
        { details: { reason: outcome.reason } },
      );
    case 'unavailable':
      return new IntegrationError(
        'PROVIDER_ERROR',
        'The platform did not say whether the credentials are good.',
        { details: { reason: outcome.reason }, retryAfterSeconds: outcome.afterSeconds ?? 60 },
      );
  }
}
