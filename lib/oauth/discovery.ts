/**
 * Reads server metadata once, when an operator registers an app, and freezes it into the registration: a later change
 * at the server takes effect only when the operator registers the app again.
 * https://www.rfc-editor.org/rfc/rfc8414#section-3 https://openid.net/specs/openid-connect-discovery-1_0.html
 */
import { allowInsecureRequests, customFetch, discoveryRequest, processDiscoveryResponse } from 'oauth4webapi';
import type { PlatformHttp } from '../platform-http/platform-http.ts';
import type { Endpoints } from './server.ts';

export interface DiscoveredServer {
  readonly issuer: string;
  readonly issuerInResponse: boolean;
  readonly endpoints: Endpoints;
}

/**
 * @throws Error when the metadata lacks an endpoint or names another issuer (https://www.rfc-editor.org/rfc/rfc8414#section-3.3).
 */
export async function discoverServer(http: PlatformHttp, issuer: string): Promise<DiscoveredServer> {
  const identifier = new URL(issuer);
  const response = await discoveryRequest(identifier, {
    // The platform client knows the exact origins that may be reached without TLS.
    [allowInsecureRequests]: true,
    [customFetch]: async (url) => {
      const answer = await http({ url, method: 'GET' });
      if (answer.kind !== 'answered') throw new Error('The issuer did not answer.');
      return new Response(answer.body, {
        status: answer.status,
        headers: { 'content-type': 'application/json' },
      });
    },
  });
  const metadata = await processDiscoveryResponse(identifier, response);
  const { authorization_endpoint, token_endpoint, userinfo_endpoint, revocation_endpoint, jwks_uri } =
    metadata;
  if (!authorization_endpoint || !token_endpoint || !userinfo_endpoint) {
    throw new Error('The issuer names no authorization, token or userinfo endpoint.');
  }
  return {
    issuer: metadata.issuer,
    issuerInResponse: metadata.authorization_response_iss_parameter_supported === true,
    endpoints: {
      authorization: authorization_endpoint,
      token: token_endpoint,
      profile: userinfo_endpoint,
      ...(revocation_endpoint !== undefined && { revocation: revocation_endpoint }),
      ...(jwks_uri !== undefined && { jwks: jwks_uri }),
    },
  };
}
