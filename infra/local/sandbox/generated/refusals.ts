/** How a generated platform words its refusals: by the codes of RFC 6749 section 5.2, or by those that its data names. */
import type { Endpoint, JsonObject, Reply } from '../dialect.ts';
import { json } from '../reply.ts';
import { bodyOf, place } from './data/answer-body.ts';
import type { GeneratedPlatformFacts } from './data/facts.ts';
import type { Modes } from './modes.ts';

export type RefuseCall = (error: string, description: string) => Reply;

/** Refuses calls of the OAuth endpoints. */
export function oauthRefusal(facts: GeneratedPlatformFacts, modes: () => Modes): RefuseCall {
  return (error, description) => {
    const status = error === 'invalid_client' ? 401 : 400;
    const always = modes().oauthErrorStatus === 'always_200' || facts.errors.success !== undefined;
    return json(always ? 200 : status, refusalBody(facts, ownCode(facts, error), description), noStore);
  };
}

/** Refuses calls of the API. */
export function apiRefusal(facts: GeneratedPlatformFacts, status: 400 | 401 | 403 | 429) {
  return (error: string, description: string, headers: Readonly<Record<string, string>> = {}): Reply =>
    json(facts.errors.success ? 200 : status, refusalBody(facts, error, description), headers);
}

/** The body of an injected status. */
export function failureBody(facts: GeneratedPlatformFacts, endpoint: Endpoint, status: number): JsonObject {
  const unauthorized = endpoint === 'profile' ? 'invalid_token' : ownCode(facts, 'invalid_client');
  const codes: Readonly<Record<number, string>> = {
    400: 'invalid_request',
    401: unauthorized,
    403: 'access_denied',
    429: 'rate_limited',
  };
  return refusalBody(facts, codes[status] ?? 'server_error', 'The request was not fulfilled.');
}

export const noStore = { 'cache-control': 'no-store' };

function refusalBody({ errors }: GeneratedPlatformFacts, error: string, description: string): JsonObject {
  const body = bodyOf([
    ...place(errors.success?.path, failureOf(errors.success?.is)),
    ...place(errors.codes, error),
    ['error_description', description],
  ]);
  return { ...(typeof body === 'object' ? body : {}) };
}

/** The platform's own word where its data has one for what the standard's word means. */
function ownCode({ errors }: GeneratedPlatformFacts, error: string): string {
  const meaning = { invalid_grant: 'reconnect_required', invalid_client: 'misconfigured' }[error];
  const own = Object.entries(errors.meanings).find(
    ([code, means]) => means === meaning && !code.startsWith('http_'),
  );
  return own?.[0] ?? error;
}

/** The value that marks a refusal in the field that marks a success. */
function failureOf(success: string | number | boolean | undefined): unknown {
  if (typeof success === 'boolean') return !success;
  if (typeof success === 'number') return success + 1;
  return success === undefined ? undefined : `not ${success}`;
}
