/** Three entries of the catalogue, made into data, give a platform that connects, refreshes and names the account. */
import { expect, test } from 'vitest';
import type { ProviderInput } from '../../../../lib/providers/definition/provider-data.ts';
import catalogue from '../../../vectors/catalogue-entries.json' with { type: 'json' };
import {
  authorizeUrl,
  consent,
  exchangeOf,
  postBasic,
  postJson,
  postSecret,
  startGenerated,
} from './generated-calls.ts';
import { call, textOf } from './platform-calls.ts';

type OAuth2Input = Extract<ProviderInput, { kind: 'oauth2' }>;

const entry = (id: string) => {
  const found = catalogue.entries.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`The vectors have no ${id}.`);
  return found;
};

/** As an entry says it; what a platform needs beyond is given beside. */
function definitionOf(id: string, more: Partial<OAuth2Input>): OAuth2Input {
  const found = entry(id);
  return {
    kind: 'oauth2',
    id,
    name: found.name,
    endpoints: {
      authorization: found.authorizationEndpoint,
      token: found.tokenEndpoint,
      ...('refreshEndpoint' in found &&
        found.refreshEndpoint !== undefined && { refresh: found.refreshEndpoint }),
      ...('revocationEndpoint' in found &&
        found.revocationEndpoint !== undefined && { revocation: found.revocationEndpoint }),
    },
    scopes: { default: found.defaultScopes, separator: found.scopeSeparator === ',' ? ',' : ' ' },
    pkce: found.pkce === 'S256' ? 'S256' : 'none',
    clientAuthentication:
      found.clientAuthentication === 'client_secret_basic' ? 'client_secret_basic' : 'client_secret_post',
    tokenRequestFormat: found.tokenRequestFormat === 'json' ? 'json' : 'form',
    refresh: { kind: found.tokenExpiry.refreshTokens === 'rotating' ? 'rotating' : 'static' },
    ...more,
  };
}

test('Figma: Basic, PKCE, and an address of its own for a refresh that keeps its token', async () => {
  const figma = entry('figma');
  const { at } = await startGenerated(
    definitionOf('figma', {
      profile: { url: figma.userinfo.url, account: figma.userinfo.accountIdPath, name: 'handle|email' },
    }),
  );
  const { code = '' } = await consent(
    authorizeUrl(at(figma.authorizationEndpoint), { scope: 'current_user:read' }),
  );

  const tokens = await postBasic(at(figma.tokenEndpoint), exchangeOf(code), 'form');
  const fields = { grant_type: 'refresh_token', refresh_token: textOf(tokens.body, 'refresh_token') };
  const elsewhere = await postBasic(at(figma.tokenEndpoint), fields, 'form');
  const refreshed = await postBasic(at('https://api.figma.com/v1/oauth/refresh'), fields, 'form');
  const me = await call(at(figma.userinfo.url), {
    headers: { authorization: `Bearer ${textOf(refreshed.body, 'access_token')}` },
  });

  expect(elsewhere.body['error']).toBe('unsupported_grant_type');
  expect(refreshed.body).not.toHaveProperty('refresh_token');
  expect(me.body).toEqual({ id: '482910037001', handle: 'Mira Ñandú' });
});

test('Notion: JSON with Basic, no scopes, a version header, and the account in the token answer too', async () => {
  const notion = entry('notion');
  const { at } = await startGenerated(
    definitionOf('notion', {
      authorizationParameters: { platformUserId: 'user' },
      profile: {
        url: notion.userinfo.url,
        headers: { 'notion-version': '2025-09-03' },
        account: notion.userinfo.accountIdPath,
        name: notion.userinfo.displayNamePath,
      },
      tokenAccount: { account: 'bot_id', name: 'workspace_name' },
    }),
  );
  const { code = '' } = await consent(
    authorizeUrl(at(notion.authorizationEndpoint), {
      scope: '',
      platformUserId: 'user',
      code_challenge: '',
      code_challenge_method: '',
    }),
  );
  const { code_verifier: _, ...fields } = exchangeOf(code);

  const tokens = await postBasic(at(notion.tokenEndpoint), fields, 'json');
  const authorization = `Bearer ${textOf(tokens.body, 'access_token')}`;
  const withoutVersion = await call(at(notion.userinfo.url), { headers: { authorization } });
  const me = await call(at(notion.userinfo.url), {
    headers: { authorization, 'notion-version': '2025-09-03' },
  });

  expect(tokens.body).toMatchObject({ bot_id: '482910037001', workspace_name: 'Mira Ñandú' });
  expect(withoutVersion.status).toBe(400);
  expect(me.body).toEqual({
    bot: { owner: { user: { id: '482910037001' } }, workspace_name: 'Mira Ñandú' },
  });
});

test('Shopify: a shop in the host, a fixed token parameter, an own header and a GraphQL profile', async () => {
  const shopify = entry('shopify');
  const { at } = await startGenerated(
    definitionOf('shopify', {
      connectionFields: { shop: { pattern: '^[a-z0-9][a-z0-9-]{0,60}$', example: 'my-store' } },
      tokenParameters: { expiring: '1' },
      placement: { in: 'header', name: 'x-shopify-access-token', value: '{accessToken}' },
      profile: {
        url: shopify.userinfo.url,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"query":"{shop{id name myshopifyDomain}}"}',
        account: shopify.userinfo.accountIdPath,
        name: shopify.userinfo.displayNamePath,
      },
    }),
  );
  const shop = (url: string) => at(url.replace('{shop}', 'my-store'));
  const { code = '' } = await consent(
    authorizeUrl(shop(shopify.authorizationEndpoint), {
      scope: 'read_products',
      code_challenge: '',
      code_challenge_method: '',
    }),
  );
  const { code_verifier: _, ...fields } = exchangeOf(code);

  const without = await postSecret(shop(shopify.tokenEndpoint), fields);
  const tokens = await postSecret(shop(shopify.tokenEndpoint), { ...fields, expiring: '1' });
  const me = await postJson(
    shop(shopify.userinfo.url),
    { query: '{shop{id name myshopifyDomain}}' },
    { 'x-shopify-access-token': textOf(tokens.body, 'access_token') },
  );

  expect(without.body['error_description']).toContain('expiring');
  expect(me.body).toEqual({ data: { shop: { id: '482910037001', name: 'Mira Ñandú' } } });
});
