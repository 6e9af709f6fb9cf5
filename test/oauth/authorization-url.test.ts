/** The authorization URL: it follows each platform's dialect, and no value can inject a parameter. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorizationUrl } from '../../lib/oauth/authorization-url.ts';
import { serverWith } from './fixture.ts';

const request = {
  clientId: 'client',
  redirectUri: 'https://hawser.example/integrations/callback/tiktok',
  state: 'flow.nonce.mac',
  scopes: ['user.info.basic', 'video.list'],
};

const queryOf = (url: string) => Object.fromEntries(new URL(url).searchParams);

describe('an authorization URL', () => {
  it('carries the parameters of RFC 6749 section 4.1.1', () => {
    const url = authorizationUrl(serverWith(), request);

    expect(url.startsWith('https://platform.example/authorize?')).toBe(true);
    expect(queryOf(url)).toEqual({
      response_type: 'code',
      client_id: 'client',
      redirect_uri: request.redirectUri,
      scope: 'user.info.basic video.list',
      state: 'flow.nonce.mac',
    });
  });

  it("follows the platform's dialect", () => {
    const server = serverWith({
      clientIdParameter: 'client_key',
      scopeSeparator: ',',
      authorizationParameters: { disable_auto_auth: '1' },
    });

    const query = queryOf(authorizationUrl(server, request));

    expect(query).toMatchObject({
      client_key: 'client',
      scope: 'user.info.basic,video.list',
      disable_auto_auth: '1',
    });
    expect(query).not.toHaveProperty('client_id');
  });

  it('row 7: names S256 with every challenge, and nothing without one', () => {
    const withChallenge = queryOf(authorizationUrl(serverWith(), { ...request, challenge: 'abc' }));
    const without = queryOf(authorizationUrl(serverWith(), request));

    expect(withChallenge).toMatchObject({ code_challenge: 'abc', code_challenge_method: 'S256' });
    expect(without).not.toHaveProperty('code_challenge');
    expect(without).not.toHaveProperty('code_challenge_method');
  });

  it("does not let a platform's extra parameters replace ours", () => {
    const server = serverWith({
      authorizationParameters: {
        state: 'theirs',
        redirect_uri: 'https://evil.example',
        response_type: 'token',
      },
    });

    const query = queryOf(authorizationUrl(server, request));

    expect(query).toMatchObject({
      state: request.state,
      redirect_uri: request.redirectUri,
      response_type: 'code',
    });
  });

  it('keeps the query of the endpoint', () => {
    const endpoints = {
      ...serverWith().endpoints,
      authorization: 'https://platform.example/authorize?tenant=7',
    };

    const url = authorizationUrl(serverWith({}, { endpoints }), request);

    expect(queryOf(url)).toMatchObject({ tenant: '7', state: request.state });
  });

  it('carries any value unchanged and no other parameter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (clientId, nonce) => {
        const query = new URL(authorizationUrl(serverWith(), { ...request, clientId, nonce })).searchParams;

        expect(query.get('client_id')).toBe(clientId.toWellFormed());
        expect(query.get('nonce')).toBe(nonce.toWellFormed());
        expect([...query.keys()]).toHaveLength(6);
      }),
    );
  });
});
