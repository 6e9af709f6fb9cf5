/** Return URLs: where Hawser may send a browser after consent. They are registered and compared exactly, against open redirects. */
import { IntegrationError } from '../errors.ts';

/**
 * A return URL in the one spelling that is stored and compared.
 * @param insecureOrigins exact origins for which plain http is accepted.
 * @throws IntegrationError `INVALID_REQUEST` when the URL could send a browser anywhere but to one https page.
 */
export function parseReturnUrl(text: string, insecureOrigins: readonly string[]): string {
  const refuse = (why: string) => new IntegrationError('INVALID_REQUEST', `The return URL ${why}.`);
  // Parsers disagree about backslashes, control characters and white space, so none may stand in it.
  if (/[\\\s]|\p{Cc}/u.test(text) || text.length > 2_048)
    throw refuse('contains characters that a URL cannot hold');
  const url = URL.parse(text);
  if (!url) throw refuse('is not a URL');
  if (url.username || url.password) throw refuse('must not contain user information');
  if (text.includes('?') || text.includes('#')) throw refuse('must not have a query or fragment');
  if (url.protocol !== 'https:' && !insecureOrigins.includes(url.origin)) throw refuse('must use https');
  if (isLoopback(url.hostname) && !insecureOrigins.includes(url.origin))
    throw refuse('must not name this machine');
  if (url.href !== text && url.href !== `${text}/`) throw refuse('must be written in its canonical form');
  return url.href;
}

/** Loopback and unspecified addresses in the one spelling that URL parsing leaves, IPv4 within IPv6 included. */
function isLoopback(host: string): boolean {
  const name = host.replace(/\.$/, '');
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    /^127\.|^0\./.test(name) ||
    /^\[::(?:1|ffff:(?:7f[0-9a-f]{2}|0):[0-9a-f]+)?\]$/.test(name)
  );
}
