/**
 * Recognises that the user declined the consent, in the words of RFC 6749 section 4.1.2.1 and in those of platforms:
 * LinkedIn says `user_cancelled_login`, Meta `error_reason=user_denied` or `error_code=200` without any `error`.
 * https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
 */

/** The error parameters of an authorization response. */
export interface AuthorizationError {
  readonly error: string | undefined;
  readonly errorReason: string | undefined;
  readonly errorCode: string | undefined;
}

/** The word for the refusal, after an optional word for what was refused; anything may follow as a sub-error. */
const denial =
  /^(?:(?:access|user|consent|authori[sz]ation|permissions?|login|request)[\s_-]?(?:has[\s_-])?)?(?:denied|declined|cancell?ed|rejected|refused|cancel)(?:$|[^A-Za-z0-9].*)/i;

/** Meta's code for "Permissions error", the only code of a declined consent. */
const metaPermissionsError = '200';

export function isDenial({ error, errorReason, errorCode }: AuthorizationError): boolean {
  if ([error, errorReason].some((text) => text !== undefined && denial.test(text.trim()))) return true;
  return !error && errorCode === metaPermissionsError;
}
