/** Calls the token endpoint: each function builds a request, sends it once and reads the response; it never retries. */
import type { PlatformHttp } from '../../platform-http/platform-http.ts';
import type { Secret } from '../../telemetry/secret.ts';
import type { TokenOutcome } from '../outcome.ts';
import type { ClientRegistration, OAuthServer } from '../server.ts';
import { type CodeRedemption, codeRequest, refreshRequest } from './token-request.ts';
import { readCodeResponse, readRefreshResponse } from './token-response.ts';

export interface TokenClient {
  readonly server: OAuthServer;
  readonly registration: ClientRegistration;
  readonly http: PlatformHttp;
  readonly now: () => number;
}

/** Redeems a code. Callers must not retry: a code works once, and a lost response may have spent it. */
export async function redeemCode(client: TokenClient, redemption: CodeRedemption): Promise<TokenOutcome> {
  const answer = await client.http(codeRequest(client, redemption));
  return readCodeResponse(client, answer, redemption.nonce);
}

/** Spends a refresh token. https://www.rfc-editor.org/rfc/rfc6749#section-6 */
export async function refreshTokens(client: TokenClient, refreshToken: Secret): Promise<TokenOutcome> {
  return readRefreshResponse(client, await client.http(refreshRequest(client, refreshToken)));
}
