/** Return URLs: one https page in one spelling, or nothing. What browsers and parsers disagree about is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntegrationError } from '../../lib/errors.ts';
import { parseReturnUrl } from '../../lib/tenants/return-url.ts';

const local = ['http://localhost:3000', 'http://127.0.0.1:3000'];

function refusal(text: string, insecureOrigins: readonly string[] = []): unknown {
  try {
    return parseReturnUrl(text, insecureOrigins);
  } catch (error) {
    return error;
  }
}

describe('a return URL', () => {
  it.each([
    ['https://app.example/connected', 'https://app.example/connected'],
    ['https://app.example', 'https://app.example/'],
    ['https://app.example/', 'https://app.example/'],
    ['https://app.example:8443/a/b.html', 'https://app.example:8443/a/b.html'],
    ['https://app.example/a%20b', 'https://app.example/a%20b'],
    ['https://xn--bcher-kva.example/', 'https://xn--bcher-kva.example/'],
  ])('is accepted when it is %s', (text, expected) => {
    expect(parseReturnUrl(text, [])).toBe(expected);
  });

  it('may be plain http or loopback only for an exact origin in the settings', () => {
    expect(parseReturnUrl('http://localhost:3000/back', local)).toBe('http://localhost:3000/back');
    for (const text of [
      'http://localhost:3001/back',
      'http://localhost/back',
      'https://localhost:3000/back',
      'http://localhost.example:3000/back',
      'http://127.0.0.2:3000/back',
      'http://app.example/back',
    ]) {
      expect(refusal(text, local), text).toMatchObject({ code: 'INVALID_REQUEST' });
    }
  });

  it.each([
    ['', 'nothing'],
    ['connected', 'a relative one'],
    ['//app.example/connected', 'one without a scheme'],
    ['/connected', 'a path'],
    ['http://app.example/connected', 'plain http'],
    ['javascript:alert(1)', 'a script'],
    ['JavaScript:alert(1)//https://app.example/', 'a script that looks like one'],
    ['data:text/html,hello', 'data'],
    ['file:///etc/passwd', 'a file'],
    ['blob:https://app.example/1', 'a blob'],
    ['myapp://connected', 'an application'],
    ['https:app.example/connected', 'one without slashes'],
    ['https:/app.example/connected', 'one with one slash'],
    ['https:///app.example/connected', 'one with three slashes'],
    ['https://', 'one without a host'],
    ['https://app.example@evil.example/', 'a user'],
    ['https://app.example:pass@evil.example/', 'a user with a password'],
    ['https://@evil.example/', 'an empty user'],
    ['https://app.example\\@evil.example/', 'a backslash'],
    ['https://app.example/\\evil.example', 'a backslash in the path'],
    ['https:\\\\app.example/', 'backslashes for slashes'],
    ['https://app.example/connected?next=https://evil.example', 'a query'],
    ['https://app.example/connected?', 'an empty query'],
    ['https://app.example/connected#part', 'a fragment'],
    ['https://app.example/connected#', 'an empty fragment'],
    [' https://app.example/', 'a space before'],
    ['https://app.example/ ', 'a space behind'],
    ['https://app.example/a b', 'a space'],
    ['https://app.example/a\tb', 'a tab'],
    ['https://app.example/a\nb', 'a line break'],
    ['https://app.exa\nmple/', 'a line break in the host'],
    ['https://app.example/a\u0000b', 'a zero'],
    ['https://app.example/\u2028', 'a line separator'],
    ['https://app.example/\u00a0', 'a space that does not break'],
    ['https://app.example/../connected', 'a step upwards'],
    ['https://app.example/a/./b', 'a step nowhere'],
    ['https://app.example/%2e%2e/b', 'an encoded step upwards'],
    ['https://APP.example/connected', 'capitals in the host'],
    ['HTTPS://app.example/connected', 'capitals in the scheme'],
    ['https://app.example:443/connected', 'the port of the scheme'],
    ['https://bücher.example/', 'a host that is not ASCII'],
    ['https://app。example/', 'a dot that is none'],
    ['https://app.example/é', 'a path that is not ASCII'],
    ['https://%61pp.example/', 'an encoded host'],
    ['https://localhost/connected', 'this machine'],
    ['https://localhost./connected', 'this machine with a dot'],
    ['https://app.localhost/connected', 'a name of this machine'],
    ['https://127.0.0.1/connected', 'this machine by number'],
    ['https://127.1/connected', 'this machine by a short number'],
    ['https://2130706433/connected', 'this machine by one number'],
    ['https://0x7f000001/connected', 'this machine in hexadecimal'],
    ['https://0.0.0.0/connected', 'any address'],
    ['https://[::1]/connected', 'this machine in IPv6'],
    ['https://[::]/connected', 'any address in IPv6'],
    ['https://[::ffff:7f00:1]/connected', 'this machine mapped into IPv6'],
    ['https://[::ffff:127.0.0.1]/connected', 'this machine mapped into IPv6 by number'],
    ['https://[::ffff:0:0]/connected', 'any address mapped into IPv6'],
    [`https://app.example/${'a'.repeat(2_048)}`, 'endless'],
  ])('row 5: is refused: %j, %s', (text) => {
    const refused = refusal(text);

    expect(refused).toBeInstanceOf(IntegrationError);
    expect(refused).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('row 5: is refused without being repeated', () => {
    const refused = refusal('https://s4ndb0x:s4ndb0x@app.example/s4ndb0x');

    expect(String(refused)).not.toContain('s4ndb0x');
  });

  it('row 5: is, for any input, an https page on the host in the text, or refused', () => {
    const bits = fc.constantFrom(
      ...'https: http: // / \\ @ : . # ? % %2f app.example evil.example 443 a \t [ ] ::1 é'.split(' '),
    );
    const texts = fc.oneof(
      fc.array(bits, { maxLength: 10 }).map((parts) => parts.join('')),
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc.array(bits, { maxLength: 8 }).map((parts) => `https://${parts.join('')}`),
    );

    fc.assert(
      fc.property(texts, (text) => {
        const answer = refusal(text);
        if (answer instanceof IntegrationError) return;

        const [, host = ''] = /^https:\/\/([^/?#@\\]+)(?:\/[^?#\\]*)?$/.exec(text) ?? [];
        expect(host).not.toBe('');
        expect(new URL(String(answer)).host).toBe(host);
        expect(parseReturnUrl(String(answer), [])).toBe(answer);
      }),
      { numRuns: 2_000 },
    );
  });
});
