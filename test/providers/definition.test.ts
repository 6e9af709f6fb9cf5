/** An invalid definition fails when it is loaded, with an error that names the field and the reason. */
import { describe, expect, it } from 'vitest';
import { definePlatform } from '../../lib/providers/define-platform.ts';
import { describeFlaws, parseProviderData } from '../../lib/providers/definition/parse.ts';
import type { ProviderInput } from '../../lib/providers/definition/provider-data.ts';

type OAuth2Input = Extract<ProviderInput, { readonly kind: 'oauth2' }>;

const definition: OAuth2Input = {
  id: 'example',
  name: 'Example',
  kind: 'oauth2',
  endpoints: {
    authorization: 'https://www.platform.example/authorize',
    token: 'https://www.platform.example/token',
    revocation: 'https://www.platform.example/revoke',
  },
  scopes: { open: false, known: { me: 'Profile' }, default: ['me'], required: ['me'] },
  revocation: { reach: 'token' },
  profile: { url: 'https://www.platform.example/me', account: 'id' },
};
const { authorization, token } = definition.endpoints ?? { authorization: '', token: '' };

function flawsOf(change: object, withCode = false): string {
  const reading = parseProviderData({ ...definition, ...change }, withCode);
  return reading.kind === 'flawed' ? describeFlaws(reading.flaws) : '';
}

describe('a provider definition', () => {
  it('that is valid becomes a provider with the common defaults', () => {
    expect(definePlatform({ data: definition })).toMatchObject({
      id: 'example',
      name: 'Example',
      revocation: { reach: 'token', token: 'refresh_token' },
      refresh: { kind: 'rotating', proactive: 'in_use', margin: { share: 0.15 } },
      consent: {
        pkce: 'S256',
        scopes: { available: { me: 'Profile' }, default: ['me'], required: ['me'], open: false },
      },
    });
  });

  it.each(['', 'x', 'Example', 'ex ample', 'ex/ample', '1example', 'ex_ample', 'e'.repeat(33)])(
    'may not have the id %j',
    (id) => {
      expect(flawsOf({ id })).toMatch(/2-32 lower-case letters/);
    },
  );

  it.each<readonly [string, object, RegExp]>([
    [
      'asks for a scope that is not offered',
      { scopes: { ...definition.scopes, default: ['me', 'mail'] } },
      /scopes\.default names "mail", which is not among the known/,
    ],
    [
      'requires a scope that is not offered',
      { scopes: { ...definition.scopes, required: ['toString'] } },
      /"toString", which is not among the known/,
    ],
    ['lets several accounts share a rotating refresh token', { accounts: 'several' }, /share a rotating/],
    [
      'refreshes over the whole lifetime',
      { refresh: { margin: { share: 1, atLeastSeconds: 1, atMostSeconds: 2 } } },
      /refresh\.margin\.share must be a share below 1/,
    ],
    [
      'has an endpoint without TLS',
      { endpoints: { authorization, token: 'http://a.example/' } },
      /https URL/,
    ],
    [
      'has a user name in an endpoint',
      { endpoints: { authorization, token: 'https://www.platform.example@evil.example/token' } },
      /endpoints\.token must be an https URL/,
    ],
    [
      'has an unknown variable in an endpoint',
      { endpoints: { authorization, token: 'https://{api}.platform.example/token' } },
      /endpoints\.token has \{api\}/,
    ],
    [
      'has a further endpoint with an unknown variable',
      { endpoints: { ...definition.endpoints, others: { pages: 'https://a.example/{constructor}' } } },
      /endpoints\.others\.pages has \{constructor\}/,
    ],
    ['revokes without an endpoint', { endpoints: { authorization, token } }, /revocation needs its endpoint/],
    ['has a field that does not exist', { scope: ['me'] }, /scope is no field/],
    ['has endpoints and discovers them', { discovery: {} }, /endpoints or discovery must be given/],
    ['sends an unknown placeholder', { headers: { 'x-key': '{apiKey}' } }, /headers\.x-key has the unknown/],
    ['needs code that it has not', { kind: 'session' }, /kind|is no field/],
  ])('is refused when it %s', (_name, change, message) => {
    expect(flawsOf(change)).toMatch(message);
  });

  it('reports errors without values, which may be secrets', () => {
    expect(flawsOf({ id: 'S4NDB0X', headers: { 'x-key': 's4ndb0x\n' }, pkce: 's4ndb0x' })).not.toMatch(
      /s4ndb0x/i,
    );
  });

  it('may omit revocation for a platform without it', () => {
    const { revocation: _, ...without } = definition;

    const provider = definePlatform({ data: { ...without, endpoints: { authorization, token } } });

    expect(provider.revocation).toBeUndefined();
  });

  it('may leave its endpoints to the registration of the app', () => {
    const { endpoints: _, ...without } = definition;

    expect(definePlatform({ data: { ...without, discovery: {} } }).data.endpoints).toBeUndefined();
  });
});

describe('row 11: a variable in a host', () => {
  const at = (host: string, pattern: string) =>
    flawsOf(
      {
        endpoints: { authorization: `https://${host}/authorize`, token: `https://${host}/token` },
        connectionFields: { shop: { pattern } },
        revocation: {},
      },
      true,
    );

  it.each([
    ['{shop}.platform.com', '^[a-z0-9][a-z0-9-]{0,62}$'],
    ['{shop}', '^((eu|ca)\\.)?app\\.platform\\.com$'],
    ['accounts.{shop}', '^(zoho\\.com|zoho\\.com\\.au)$'],
    ['start.platform.{shop}', '^(nl|de|co\\.uk)$'],
    ['{shop}', '^[a-z0-9-]+\\.crm[0-9]{0,2}\\.platform\\.(com|cn)$'],
  ])('may be %s with %s, which ends in the platform own domain', (host, pattern) => {
    expect(at(host, pattern)).toBe('');
  });

  it.each([
    ['{shop}', '^[a-z0-9.-]+$'],
    ['{shop}', '^[a-z.]+platform\\.com$'],
    ['{shop}', '^[a-z0-9-]+\\.platform\\.[a-z.]{2,10}$'],
    ['{shop}', '^a\\.platform\\.com$|^[a-z.]+$'],
    ['{shop}', '^[a-z]+\\.co\\.uk$'],
    ['api.{shop}', '^[a-z]+\\.com$'],
  ])('may not be %s with %s, which could name a foreign one', (host, pattern) => {
    expect(at(host, pattern)).toMatch(/name a foreign host/);
  });

  it.each(['[a-z]+', '^[a-z]+', '^([a-z]+)+$', '^(?=a)a$', '^a$|b', '^(a\\.)*b$', '^[a-z$'])(
    'may not have the pattern %s',
    (pattern) => {
      expect(at('{shop}.platform.com', pattern)).toMatch(/connectionFields\.shop\.pattern/);
    },
  );
});
