/** The issuer rule. https://www.rfc-editor.org/rfc/rfc9207#section-2.4 */
import type { OAuthServer } from './server.ts';

export type IssuerVerdict =
  /** The issuer is one of the server's own, or the server may omit it. */
  | 'accepted'
  /** The server sent an issuer, but no issuer of this server is known. The caller counts it and proceeds. */
  | 'unverifiable'
  | 'refused';

/**
 * Compares the `iss` of an authorization response, success or error, with the issuers of the server by exact string.
 * A server that promises `iss` must send it. A platform may begin to send it any day, so an issuer that nothing is
 * known to compare with is no reason to fail a connect: each app's own redirect URI still tells the servers apart.
 * @param definedIssuers identifiers from the provider's definition; a `{variable}` stands for one path segment or label.
 */
export function verifyIssuer(
  server: Pick<OAuthServer, 'issuer' | 'issuerInResponse'>,
  presented: string | undefined,
  definedIssuers: readonly string[] = [],
): IssuerVerdict {
  if (presented === undefined) return server.issuerInResponse ? 'refused' : 'accepted';
  const known = [...(server.issuer === undefined ? [] : [server.issuer]), ...definedIssuers];
  if (known.length === 0 && !server.issuerInResponse) return 'unverifiable';
  return known.some((issuer) => patternOf(issuer).test(presented)) ? 'accepted' : 'refused';
}

function patternOf(issuer: string): RegExp {
  const parts = issuer
    .split(/\{[^{}]*\}/)
    .map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('[A-Za-z0-9_-]+')}$`);
}
