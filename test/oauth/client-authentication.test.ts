/** Client authentication: in the header or in the form, in the encoding that each platform expects. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authenticateClient, type ClientAuthentication } from '../../lib/oauth/server.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { serverWith } from './fixture.ts';

function proof(clientAuthentication: ClientAuthentication, clientId: string, secret: string) {
  const { dialect } = serverWith({ clientAuthentication, clientIdParameter: 'client_key' });
  const [body, headers] = [new URLSearchParams(), new Headers()];
  const authenticate = authenticateClient(dialect, { clientId, clientSecret: new Secret(secret) });
  authenticate(body, headers);
  return { form: Object.fromEntries(body), authorization: headers.get('authorization') };
}

describe('an OAuth client', () => {
  it("authenticates with HTTP Basic as in Reddit's vector", () => {
    const { form, authorization } = proof('http_basic', 'reddit_client_EXAMPLE', 'reddit_secret_EXAMPLE');

    expect(authorization).toBe('Basic cmVkZGl0X2NsaWVudF9FWEFNUExFOnJlZGRpdF9zZWNyZXRfRVhBTVBMRQ==');
    expect(form).toEqual({});
  });

  it('authenticates in the form, under the parameter name of the platform', () => {
    const { form, authorization } = proof('client_secret_post', 'client', 's4ndb0x');

    expect(form).toEqual({ client_key: 'client', client_secret: 's4ndb0x' });
    expect(authorization).toBeNull();
  });

  it('form-encodes id and secret for platforms that follow RFC 6749 section 2.3.1, and for no others', () => {
    const standard = proof('client_secret_basic', 'a:b c', 's4n/db+0x%');
    const plain = proof('http_basic', 'a', 's4n/db+0x%:');

    expect(standard.authorization).toBe(`Basic ${btoa('a%3Ab+c:s4n%2Fdb%2B0x%25')}`);
    expect(plain.authorization).toBe(`Basic ${btoa('a:s4n/db+0x%:')}`);
  });

  it('sends an id and a secret that the server can separate, whatever characters they contain', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (id, secret) => {
        const { authorization } = proof('client_secret_basic', id, secret);

        const [left = '', right = '', ...rest] = Buffer.from(authorization?.slice(6) ?? '', 'base64')
          .toString()
          .split(':');
        const decoded = (text: string) => new URLSearchParams(`_=${text}`).get('_');
        expect(rest).toEqual([]);
        expect([decoded(left), decoded(right)]).toEqual([id.toWellFormed(), secret.toWellFormed()]);
      }),
    );
  });
});
