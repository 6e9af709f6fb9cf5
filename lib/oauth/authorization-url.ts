/** The URL that takes a browser to a platform's consent page. */
import type { OAuthServer } from './server.ts';

export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly scopes: readonly string[];
  readonly challenge?: string;
  /** OpenID Connect only. */
  readonly nonce?: string;
}

/** RFC 6749 section 4.1.1 and RFC 7636 section 4.3, in the platform's dialect. */
export function authorizationUrl(server: OAuthServer, request: AuthorizationRequest): string {
  const { dialect } = server;
  const url = new URL(server.endpoints.authorization);
  const parameters: Record<string, string | undefined> = {
    ...dialect.authorizationParameters,
    response_type: 'code',
    [dialect.clientIdParameter]: request.clientId,
    redirect_uri: request.redirectUri,
    scope: request.scopes.join(dialect.scopeSeparator),
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
