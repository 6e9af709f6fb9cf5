/** Builds the URL of a platform's consent page. https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1 */
import type { Dialect, OAuthServer } from './server.ts';

export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly scopes: readonly string[];
  readonly challenge?: string;
  /** OpenID Connect only. */
  readonly nonce?: string;
}

/**
 * The authorization request, in the platform's dialect.
 * https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1 https://www.rfc-editor.org/rfc/rfc7636#section-4.3
 */
export function authorizationUrl(server: OAuthServer, request: AuthorizationRequest): string {
  const { dialect } = server;
  const url = new URL(server.endpoints.authorization);
  const parameters: Record<string, string | undefined> = {
    ...dialect.authorizationParameters,
    response_type: 'code',
    [dialect.clientIdParameter]: request.clientId,
    [dialect.parameterNames?.redirectUri ?? 'redirect_uri']: request.redirectUri,
    ...scopeParameters(dialect, request.scopes),
    state: request.state,
    code_challenge: request.challenge,
    code_challenge_method: request.challenge === undefined ? undefined : 'S256',
    nonce: request.nonce,
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

/** Puts each kind of scope into its own parameter. An empty further parameter is omitted, the main one never is. */
function scopeParameters(dialect: Dialect, scopes: readonly string[]): Record<string, string> {
  const { furtherScopes = [], scopeSeparator } = dialect;
  const isFurther = (scope: string) => furtherScopes.some(({ prefix }) => scope.startsWith(prefix));
  const further = furtherScopes.flatMap(({ prefix, parameter }) => {
    const own = scopes.filter((scope) => scope.startsWith(prefix)).map((scope) => scope.slice(prefix.length));
    return own.length === 0 ? [] : [[parameter, own.join(scopeSeparator)] as const];
  });
  const main = scopes.filter((scope) => !isFurther(scope)).join(scopeSeparator);
  return { [dialect.scopeParameter ?? 'scope']: main, ...Object.fromEntries(further) };
}
