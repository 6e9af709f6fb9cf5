/** Revocation (RFC 7009): a dead token counts as revoked, and an unanswered request is retried. */
import { describe, expect, it } from 'vitest';
import { revokeToken } from '../../lib/oauth/revocation-endpoint.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { answered, clientOf, formOf, serverWith } from './fixture.ts';

const token = new Secret('s4ndb0x-token');

describe('a revocation request', () => {
  it('carries the token, its type hint and the client authentication', async () => {
    const server = serverWith({
      headers: { 'user-agent': 'web:example:v1' },
      clientIdParameter: 'client_key',
    });
    const { client, requests } = clientOf(server, answered(''));

    await revokeToken(client, token, 'refresh_token');

    expect(requests[0]).toMatchObject({ url: 'https://platform.example/revoke', method: 'POST' });
    expect(requests[0]?.headers?.['user-agent']).toBe('web:example:v1');
    expect(formOf(requests[0])).toEqual({
      token: 's4ndb0x-token',
      token_type_hint: 'refresh_token',
      client_key: 'client',
      client_secret: 's4ndb0x-secret',
    });
  });

  it.each([
    ['an empty 200', answered(''), { kind: 'revoked' }],
    ['an empty object', answered({}), { kind: 'revoked' }],
    ['an empty 204', answered('', 204), { kind: 'revoked' }],
    ['a page under 200', answered('<html>'), { kind: 'revoked' }],
    ['a token it does not know', answered({ error: 'invalid_grant' }, 400), { kind: 'revoked' }],
    [
      'an error under 200',
      answered({ error: 'invalid_client' }),
      { kind: 'misconfigured', reason: 'invalid_client' },
    ],
    ['a client it does not know', answered('', 401), { kind: 'misconfigured', reason: 'http_401' }],
    [
      'trouble, with a time to wait',
      answered('', 503, { 'retry-after': '30' }),
      { kind: 'retryable', reason: 'http_503', afterSeconds: 30 },
    ],
    [
      'an error nobody documented, under 200',
      answered({ error: { code: 'odd' } }),
      { kind: 'retryable', reason: 'unrecognised_error' },
    ],
    ['a redirect', answered('', 302), { kind: 'retryable', reason: 'unrecognised_error' }],
    ['nothing', { kind: 'lost' }, { kind: 'retryable', reason: 'answer_lost' }],
    ['nobody', { kind: 'unreachable' }, { kind: 'retryable', reason: 'unreachable' }],
  ] as const)('is answered by %s', async (_name, answer, expected) => {
    const { client } = clientOf(serverWith(), answer);

    expect(await revokeToken(client, token, 'access_token')).toEqual(expected);
  });

  it('times out early, so that its caller does not wait long', async () => {
    const { client, requests } = clientOf(serverWith(), answered(''));

    await revokeToken(client, token, 'access_token');

    expect(requests[0]?.timeoutMilliseconds).toBe(5_000);
  });

  it('fails when the platform has no revocation endpoint', async () => {
    const { revocation: _, ...endpoints } = serverWith().endpoints;
    const { client } = clientOf(serverWith({}, { endpoints }), answered(''));

    const failure = await revokeToken(client, token, 'access_token').catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(Error);
    expect(String(failure)).not.toContain('s4ndb0x');
  });
});
