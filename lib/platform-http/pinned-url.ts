/**
 * Validates URLs that outsiders register: https on port 443 with a named host, or an exact origin that the settings
 * allow. `createPinnedPost` checks the addresses behind the name at each call.
 */
import { isIP } from 'node:net';
import { IntegrationError } from '../errors.ts';

const longest = 2_048;

/**
 * Parses the URL into the form that is stored and called.
 * @param insecureOrigins exact origins that may use plain http, other ports and loopback addresses.
 * @throws IntegrationError `INVALID_REQUEST` with the rule that the URL breaks; it never repeats the URL, which may hold a secret.
 */
export function parsePinnedUrl(text: string, insecureOrigins: readonly string[]): URL {
  const refuse = (why: string) => new IntegrationError('INVALID_REQUEST', `The endpoint ${why}.`);
  // URL parsers disagree about backslashes, control characters and white space.
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
  // A single label is a name in a private network; no certificate matches a name with a trailing dot.
  if (!/\.[^.]+$/.test(url.hostname)) throw refuse('must name its host in full, without a closing dot');
  return url;
}

export function isInsecureOrigin(url: URL, insecureOrigins: readonly string[]): boolean {
  return /^https?:$/.test(url.protocol) && insecureOrigins.includes(url.origin);
}

/** The host as resolvers and sockets expect it: an IPv6 address without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
