/**
 * Addresses that outsiders give us to call: https at its own port and a host with a name, or an exact origin that the
 * settings except. Where the name leads is checked at each call, by `createPinnedPost`.
 */
import { isIP } from 'node:net';
import { IntegrationError } from '../errors.ts';

const longest = 2_048;

/**
 * The URL in the one spelling that is stored and called.
 * @param insecureOrigins exact origins for which plain http, other ports and addresses of this machine are accepted.
 * @throws IntegrationError `INVALID_REQUEST` saying what it was expected to be; it never repeats the URL, which may hold a secret.
 */
export function parsePinnedUrl(text: string, insecureOrigins: readonly string[]): URL {
  const refuse = (why: string) => new IntegrationError('INVALID_REQUEST', `The endpoint ${why}.`);
  // Parsers disagree about backslashes, control characters and white space, so none may stand in it.
  if (/[\\\s]|\p{Cc}/u.test(text) || text.length > longest)
    throw refuse('contains characters that a URL cannot hold, or too many');
  const url = URL.parse(text);
  if (!url) throw refuse('is not a URL');
  if (url.username || url.password) throw refuse('must not contain user information');
  if (text.includes('#')) throw refuse('must not have a fragment');
  if (isInsecureOrigin(url, insecureOrigins)) return url;
  if (url.protocol !== 'https:') throw refuse('must use https');
  if (url.port !== '') throw refuse('must use the port of https, 443');
  if (isIP(hostOf(url))) throw refuse('must name its host, not number it');
  // A single label is a name of somebody's own network; after a closing dot no certificate fits.
  if (!/\.[^.]+$/.test(url.hostname)) throw refuse('must name its host in full, without a closing dot');
  return url;
}

export function isInsecureOrigin(url: URL, insecureOrigins: readonly string[]): boolean {
  return /^https?:$/.test(url.protocol) && insecureOrigins.includes(url.origin);
}

/** The host as resolvers and sockets take it: an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
