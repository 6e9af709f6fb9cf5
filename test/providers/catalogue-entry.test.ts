/** The providers that result from catalogue entries of about fifteen lines of data each. */
import { describe, expect, it } from 'vitest';
import type { PlatformRequest } from '../../lib/platform-http/platform-http.ts';
import { createAdapter, getAuthUrl } from '../../lib/providers/adapter/adapter.ts';
import { endpointsOf } from '../../lib/providers/adapter/fill.ts';
import { fromCatalogueEntry } from '../../lib/providers/catalogue-entry.ts';
import { providerOf } from '../../lib/providers/define-platform.ts';
import { describeFlaws, parseProviderData } from '../../lib/providers/definition/parse.ts';
import type { ProviderInput } from '../../lib/providers/definition/provider-data.ts';
import { Secret } from '../../lib/telemetry/secret.ts';

const common = {
  scopeSeparator: ' ',
  tokenRequestFormat: 'form',
  authorizationParameters: {},
  tokenParameters: {},
  confidence: 'high',
};
const airtable = {
  ...common,
  id: 'airtable',
  name: 'Airtable',
  category: 'productivity',
  authorizationEndpoint: 'https://airtable.com/oauth2/v1/authorize',
  tokenEndpoint: 'https://airtable.com/oauth2/v1/token',
  userinfo: {
    url: 'https://api.airtable.com/v0/meta/whoami',
    accountIdPath: 'id',
    displayNamePath: 'email|id',
  },
  defaultScopes: ['user.email:read'],
  scopes: { 'user.email:read': 'Email address', 'webhook:manage': 'Webhooks' },
  pkce: 'required',
  clientAuthentication: 'client_secret_basic',
  tokenExpiry: { accessTokenSeconds: 3600, refreshTokens: 'rotating' },
};
const shopify = {
  ...common,
  id: 'shopify',
  name: 'Shopify',
  category: 'commerce',
  authorizationEndpoint: 'https://{shop}.myshopify.com/admin/oauth/authorize',
  tokenEndpoint: 'https://{shop}.myshopify.com/admin/oauth/access_token',
  userinfo: {
    url: 'https://{shop}.myshopify.com/admin/api/2026-01/graphql.json',
    method: 'POST',
    headers: { 'X-Shopify-Access-Token': '{accessToken}', 'Content-Type': 'application/json' },
    body: '{"query":"{shop{id name myshopifyDomain}}"}',
    accountIdPath: 'data.shop.id',
    displayNamePath: 'data.shop.name',
  },
  scopeSeparator: ',',
  defaultScopes: ['read_products'],
  pkce: 'none',
  clientAuthentication: 'client_secret_post',
  tokenRequestFormat: 'json',
  tokenParameters: { expiring: '1' },
  tokenExpiry: { accessTokenSeconds: 3600, refreshTokens: 'rotating' },
  variables: { shop: { pattern: '^[a-z0-9][a-z0-9-]{0,60}$', example: 'my-store' } },
};

function load(entry: unknown) {
  const reading = parseProviderData(fromCatalogueEntry(entry));
  if (reading.kind === 'flawed') throw new Error(describeFlaws(reading.flaws));
  const provider = providerOf(reading.data);
  if (!provider?.consent) throw new Error('It has no consent.');
  return provider;
}

describe('a catalogue entry', () => {
  it('becomes the same provider as a definition of fourteen lines written by hand', () => {
    const written: ProviderInput = {
      id: 'airtable',
      name: 'Airtable',
      kind: 'oauth2',
      category: 'productivity',
      endpoints: {
        authorization: 'https://airtable.com/oauth2/v1/authorize',
        token: 'https://airtable.com/oauth2/v1/token',
      },
      scopes: { known: airtable.scopes, default: ['user.email:read'] },
      clientAuthentication: 'client_secret_basic',
      refresh: { assumedLifetimeSeconds: 3_600 },
      profile: { url: 'https://api.airtable.com/v0/meta/whoami', account: 'id', name: 'email|id' },
    };

    expect(parseProviderData(fromCatalogueEntry(airtable))).toEqual(parseProviderData(written));
  });

  it('calls the shop of the connection, with a custom header and a GraphQL body', async () => {
    const provider = load(shopify);
    const endpoints = endpointsOf(provider.data, { shop: 'harbour' });
    if (!endpoints) throw new Error('It has endpoints.');
    const target = { endpoints, issuerInResponse: false, variables: { shop: 'harbour' } };
    const asked: PlatformRequest[] = [];
    const adapter = createAdapter({
      provider,
      target,
      app: { clientId: 'client', clientSecret: new Secret('s4ndb0x-secret'), settings: {} },
      http: async (request) => {
        asked.push(request);
        const body = '{"data":{"shop":{"id":"gid://shopify/Shop/7","name":"Harbour"}}}';
        return { kind: 'answered', status: 200, headers: new Headers(), body };
      },
      now: () => 0,
    });

    const url = getAuthUrl(provider, target, {
      clientId: 'client',
      redirectUri: 'https://hawser.example/callback',
      state: 'state',
      scopes: ['read_products', 'read_orders'],
    });
    const profile = await adapter.getUserProfile(new Secret('s4ndb0x-token'), []);

    expect(url).toMatch(/^https:\/\/harbour\.myshopify\.com\/admin\/oauth\/authorize\?/);
    expect(new URL(url).searchParams.get('scope')).toBe('read_products,read_orders');
    expect(profile).toMatchObject({
      accounts: [{ accountId: 'gid://shopify/Shop/7', displayName: 'Harbour' }],
    });
    expect(asked[0]).toMatchObject({
      method: 'POST',
      headers: { 'x-shopify-access-token': 's4ndb0x-token' },
      body: shopify.userinfo.body,
    });
  });

  it.each(['evil.example/', 'a.b', '', 'Harbour', 'x#', '..'])('row 11: refuses the shop %j', (shop) => {
    expect(() => endpointsOf(load(shopify).data, { shop })).toThrow(/connection field shop .* malformed/);
  });

  it('takes a free host name from the settings of the app, never from a connection', () => {
    const host = '{host}';
    const { appSettings, data } = load({
      ...airtable,
      id: 'mastodon',
      authorizationEndpoint: `https://${host}/oauth/authorize`,
      tokenEndpoint: `https://${host}/oauth/token`,
      variables: { host: { pattern: '^[a-z0-9.-]+(:[0-9]{1,5})?$', example: 'mastodon.social' } },
    });

    expect(Object.keys(appSettings)).toEqual(['host']);
    expect(data.connectionFields).toEqual({});
  });
});
