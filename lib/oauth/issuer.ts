/** The issuer rule of RFC 9207: exact comparison, on success and on error alike. */
import type { OAuthServer } from './server.ts';

/**
 * Whether an authorization response may be acted on. A server that promises `iss` must send its own;
 * one that does not may leave it out, but what it sends must still be its own.
 */
export function issuerMatches(
  server: Pick<OAuthServer, 'issuer' | 'issuerInResponse'>,
  presented: string | undefined,
): boolean {
  return presented === undefined ? !server.issuerInResponse : presented === server.issuer;
}
