/**
 * Reads the error codes of a refusal wherever platforms put them, and knows what the common ones mean. A provider's own
 * error table takes precedence. https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
import { at, readText } from '../json-path.ts';
import type { ErrorTable, Refusal } from './refusal.ts';

/**
 * Codes of RFC 6749 (sections 4.1.2.1 and 5.2), of OpenID Connect Core section 3.1.2.6, and of platforms that use their
 * own words for the same.
 */
export const standardErrors: ErrorTable = {
  ...meaning('reconnect_required', [
    'invalid_grant',
    'access_denied',
    'interaction_required',
    'login_required',
    'consent_required',
    'account_selection_required',
    'reauthentication_required',
    'unmet_authentication_requirements',
    'mfa_required',
    'invalid_token',
    'invalid_refresh_token',
    'bad_refresh_token',
    'expired_refresh_token',
    'refresh_token_expired',
    'refresh_token_revoked',
    'refresh_token_invalid',
    'expired_token',
    'token_expired',
    'token_revoked',
    'token_invalid',
    'revoked_token',
    'invalid_code',
    'bad_verification_code',
    'authorization_revoked',
    'authorization_not_found',
    'grant_expired',
    'grant_revoked',
    'account_inactive',
    'user_revoked',
  ]),
  // These speak of the client. Whether a refresh may believe them of all users is decided by its caller, by the reason.
  ...meaning('misconfigured', [
    'invalid_client',
    'invalid_client_id',
    'bad_client_secret',
    'incorrect_client_credentials',
    'deleted_client',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_grant_type',
    'invalid_scope',
    'invalid_request',
    'redirect_uri_mismatch',
  ]),
  ...meaning('retryable', [
    'server_error',
    'temporarily_unavailable',
    'slow_down',
    'rate_limited',
    'ratelimited',
    'rate_limit_exceeded',
    'too_many_requests',
    'internal_error',
    'internal_server_error',
    'service_unavailable',
  ]),
  // A refusal of our client authentication that says nothing else (RFC 6749 section 5.2).
  http_401: 'misconfigured',
};

/** The paths of codes, the most specific first. */
const codePaths = [
  'error',
  'error.code',
  'error.error',
  'error.error_code',
  'error.type',
  'error.status',
  'errors',
  ...['', '.0', '.0.0'].flatMap((index) =>
    ['code', 'type', 'error', 'error_code', 'reason'].map((name) => `errors${index}.${name}`),
  ),
  'errors.0',
  'errors.0.0',
  'error.0',
  'error.0.code',
  'error.errors.0.code',
  'error.errors.0.reason',
  'error_code',
  'errorCode',
  'error_type',
  'code',
];

/** Values that platforms put where a code belongs to say that there is no error. */
const noError = /^(?:|0|2\d\d|ok|success|none|null|false)$/i;

/** Reads every code of a body that does not follow a provider's own reader. */
export function standardRefusal(body: Readonly<Record<string, unknown>>): Refusal {
  const found = codePaths
    .map((path) => at(body, path))
    .filter((value) => typeof value === 'string' || typeof value === 'number');
  return {
    codes: [...new Set(found.map((code) => String(code).trim()))].filter((code) => !noError.test(code)),
  };
}

/** Whether a body reports an error, known or not. */
export function reportsError(body: Readonly<Record<string, unknown>>): boolean {
  const texts = [body['error_description'], body['error_message'], body['errorMessage']];
  return (
    standardRefusal(body).codes.length > 0 ||
    texts.some((text) => typeof text === 'string' && text !== '') ||
    body['ok'] === false ||
    body['success'] === false ||
    isErrorObject(body['error']) ||
    isErrorObject(body['errors'])
  );
}

/** An object with something in it, other than a code that reports success. */
function isErrorObject(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length > 0 &&
    !noError.test(readText(value, 'code') ?? 'absent')
  );
}

/** Finds the entry of a code in an error table, in any case of letters. */
export function entryOf(table: ErrorTable, code: string): string | undefined {
  if (Object.hasOwn(table, code)) return code;
  const folded = code.toLowerCase();
  return Object.keys(table).find((key) => key.toLowerCase() === folded);
}

function meaning<Meaning>(what: Meaning, codes: readonly string[]): Record<string, Meaning> {
  return Object.fromEntries(codes.map((code) => [code, what]));
}
