/** Token requests in every dialect that provider data can declare, built without a network. */
import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../lib/oauth/server.ts';
import { codeRequest, refreshRequest } from '../../lib/oauth/token/token-request.ts';
import { readCodeResponse } from '../../lib/oauth/token/token-response.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { answered, clientOf, formOf, serverWith } from './fixture.ts';

const redemption = { code: new Secret('s4ndb0x-code'), redirectUri: 'https://hawser.example/callback' };
const registration = { clientId: 'client', clientSecret: new Secret('s4ndb0x-secret') };
const names = {
  clientSecret: 'secret',
  redirectUri: 'redirect_url',
  code: 'auth_code',
  refreshToken: 'refresh',
};

const requestOf = (dialect: Partial<Dialect>) =>
  codeRequest({ server: serverWith(dialect), registration }, redemption);

describe('a token request', () => {
  it('is JSON for platforms that require it, with their parameter names and without the ones they omit', () => {
    const request = requestOf({
      tokenRequestFormat: 'json',
      clientIdParameter: 'app_id',
      parameterNames: names,
      tokenParameters: { grant_type: '', expiring: '1' },
    });

    expect(request).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(String(request.body))).toEqual({
      app_id: 'client',
      secret: 's4ndb0x-secret',
      auth_code: 's4ndb0x-code',
      redirect_url: redemption.redirectUri,
      expiring: '1',
    });
  });

  it('uses the query for platforms that exchange by GET', () => {
    const request = requestOf({ tokenRequestFormat: 'query' });

    expect(request.method).toBe('GET');
    expect(request.body).toBeUndefined();
    expect(new URL(request.url).searchParams.get('code')).toBe('s4ndb0x-code');
  });

  it('carries no secret of a public client', () => {
    expect(formOf(requestOf({ clientAuthentication: 'none' }))).not.toHaveProperty('client_secret');
  });

  it('uses the separate refresh endpoint and format of a platform that declares them', () => {
    const server = serverWith(
      { refreshClientAuthentication: 'http_basic', refreshParameters: { type: 'refresh' } },
      { endpoints: { ...serverWith().endpoints, refresh: 'https://platform.example/refresh' } },
    );

    const request = refreshRequest({ server, registration }, new Secret('s4ndb0x-refresh'));

    expect(request.url).toBe('https://platform.example/refresh');
    expect(request.headers?.['authorization']).toMatch(/^Basic /);
    expect(formOf(request)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 's4ndb0x-refresh',
      type: 'refresh',
    });
  });
});

describe('a token response', () => {
  it('is read at the declared paths: wrapped, with two kinds of scopes and an account', async () => {
    const { client } = clientOf(
      serverWith({
        tokenAnswer: {
          accessToken: 'body.access_token|access_token',
          refreshToken: 'body.refresh_token',
          expiresIn: 'body.expires_in',
          refreshExpiresIn: 'body.refresh_expires_in',
          scope: 'body.scope',
        },
        furtherScopes: [{ prefix: 'user:', parameter: 'user_scope', granted: 'authed_user.scope' }],
        grantedPrefix: 'https://graph.example/',
        readAccount: () => ({ accountId: '7', displayName: 'Seven', metadata: {} }),
      }),
    );
    const body = {
      token_type: 'bot',
      body: {
        access_token: 's4ndb0x-access',
        refresh_token: 's4ndb0x-refresh',
        expires_in: '3600',
        scope: ['https://graph.example/chat', 'files'],
      },
      authed_user: { scope: 'search' },
    };

    const outcome = await readCodeResponse(client, answered(body), undefined);

    expect(outcome).toMatchObject({
      kind: 'granted',
      tokens: {
        expiresInSeconds: 3_600,
        scopes: ['chat', 'files', 'user:search'],
        account: { accountId: '7' },
      },
    });
  });
});
