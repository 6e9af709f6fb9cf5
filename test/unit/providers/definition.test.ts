/** A wrong definition fails when it is loaded, in words that say what is wrong. */
import { describe, expect, it } from 'vitest';
import { defineProvider, type OAuthDefinition } from '../../../lib/providers/definition.ts';

const definition: OAuthDefinition = {
  auth: 'oauth2',
  id: 'example',
  name: 'Example',
  origins: { www: 'https://www.example' },
  endpoints: {
    authorization: '{www}/authorize',
    token: '{www}/token',
    revocation: '{www}/revoke',
    profile: '{www}/me',
  },
  scopes: { separator: ' ', available: { me: 'Profile' }, default: ['me'], required: ['me'] },
  pkce: 'S256',
  client: { authentication: 'client_secret_basic' },
  tokens: {
    refresh: 'rotating',
    margin: { share: 0.15, atLeastSeconds: 60, atMostSeconds: 600 },
    proactive: 'in_use',
  },
  revocation: { reach: 'token', token: 'refresh_token' },
  errors: {},
  accounts: 'one',
  profile: { read: () => ({ kind: 'accounts', accounts: [] }) },
};
const { revocation: _, ...endpointsWithoutRevocation } = definition.endpoints as Exclude<
  OAuthDefinition['endpoints'],
  'registered'
>;

describe('a definition', () => {
  it('that is right comes back as a provider', () => {
    expect(defineProvider(definition)).toEqual(definition);
  });

  it.each(['', 'x', 'Example', 'ex ample', 'ex/ample', '1example', 'ex_ample', 'e'.repeat(33)])(
    'may not have the id %j',
    (id) => {
      expect(() => defineProvider({ ...definition, id })).toThrow(/2-32 lower-case letters/);
    },
  );

  it.each<readonly [string, Partial<OAuthDefinition>, RegExp]>([
    [
      'asks for a scope that is not offered',
      { scopes: { ...definition.scopes, default: ['me', 'mail'] } },
      /"mail" is not among the available/,
    ],
    [
      'requires a scope that is not offered',
      { scopes: { ...definition.scopes, required: ['toString'] } },
      /"toString" is not among the available/,
    ],
    [
      'lets several accounts share a rotating refresh token',
      { accounts: 'several' },
      /cannot share a rotating/,
    ],
    [
      'renews over the whole lifetime',
      { tokens: { ...definition.tokens, margin: { share: 1, atLeastSeconds: 1, atMostSeconds: 2 } } },
      /share below 1/,
    ],
    [
      'has an endpoint elsewhere',
      { endpoints: { ...endpointsWithoutRevocation, token: 'https://evil.example/token' } },
      /begin with one of the origins/,
    ],
    [
      'has an endpoint on an unknown origin',
      { endpoints: { ...endpointsWithoutRevocation, token: '{api}/token' } },
      /begin with one of the origins/,
    ],
    [
      'has a further endpoint on an unknown origin',
      { endpoints: { ...endpointsWithoutRevocation, others: { pages: '{constructor}/pages' } } },
      /begin with one of the origins/,
    ],
    [
      'has an endpoint whose host goes on after the origin',
      { endpoints: { ...endpointsWithoutRevocation, token: '{www}.evil.example/token' } },
      /begin with one of the origins/,
    ],
    [
      'revokes without an endpoint',
      { endpoints: endpointsWithoutRevocation },
      /revocation needs its endpoint/,
    ],
  ])('is refused when it %s', (_name, change, message) => {
    expect(() => defineProvider({ ...definition, ...change })).toThrow(message);
  });

  it('may leave revocation out where the platform has none', () => {
    const change = {
      endpoints: endpointsWithoutRevocation,
      revocation: { reach: 'none' as const, token: 'access_token' as const },
    };

    expect(() => defineProvider({ ...definition, ...change })).not.toThrow();
  });

  it('may leave its endpoints to the registration', () => {
    expect(() => defineProvider({ ...definition, origins: {}, endpoints: 'registered' })).not.toThrow();
  });
});
