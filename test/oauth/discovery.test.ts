/** Discovery: an operator can register a server only if its metadata is complete and its own. */
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../infra/local/aws/front/listen.ts';
import { discoverServer } from '../../lib/oauth/discovery.ts';
import { createPlatformHttp } from '../../lib/platform-http/platform-http.ts';

type Metadata = Readonly<Record<string, unknown>>;

/** An issuer that serves the given metadata. */
async function issuerWith(write: (metadata: Metadata) => Metadata | string, status = 200) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(String(request.url));
    const whole = {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      userinfo_endpoint: `${origin}/me`,
      revocation_endpoint: `${origin}/revoke`,
      jwks_uri: `${origin}/jwks`,
      authorization_response_iss_parameter_supported: true,
    };
    const written = write(whole);
    response.writeHead(status, { 'content-type': 'application/json', location: `${origin}/elsewhere` });
    response.end(typeof written === 'string' ? written : JSON.stringify(written));
  });
  const origin = `http://127.0.0.1:${await listenOnLoopback(server, 0)}`;
  onTestFinished(() => void server.close());
  const http = createPlatformHttp({ fetch, insecureOrigins: [origin], timeoutMilliseconds: 60_000 });
  return { origin, paths, discover: () => discoverServer(http, origin) };
}

describe('the metadata of an issuer', () => {
  it('are read from the well-known path, with endpoints and supported features', async () => {
    const { origin, paths, discover } = await issuerWith((metadata) => metadata);

    expect(await discover()).toEqual({
      issuer: origin,
      issuerInResponse: true,
      endpoints: {
        authorization: `${origin}/authorize`,
        token: `${origin}/token`,
        profile: `${origin}/me`,
        revocation: `${origin}/revoke`,
        jwks: `${origin}/jwks`,
      },
    });
    expect(paths).toEqual(['/.well-known/openid-configuration']);
  });

  it('may omit the optional endpoints and features', async () => {
    const { discover } = await issuerWith((metadata) => {
      const {
        revocation_endpoint: _revocation,
        jwks_uri: _keys,
        authorization_response_iss_parameter_supported: _promise,
        ...rest
      } = metadata;
      return rest;
    });

    const found = await discover();

    expect(found.issuerInResponse).toBe(false);
    expect(found.endpoints).not.toHaveProperty('revocation');
    expect(found.endpoints).not.toHaveProperty('jwks');
  });

  it.each<readonly [string, Metadata]>([
    ["are another issuer's", { issuer: 'https://evil.example' }],
    ['name the issuer in another spelling', { issuer: 'http://127.0.0.1/' }],
    ['name no issuer', { issuer: undefined }],
    ['name no authorization endpoint', { authorization_endpoint: undefined }],
    ['name no token endpoint', { token_endpoint: '' }],
    ['name no userinfo endpoint', { userinfo_endpoint: undefined }],
  ])('row 12: are refused when they %s', async (_name, change) => {
    const { discover } = await issuerWith((metadata) => ({ ...metadata, ...change }));

    await expect(discover()).rejects.toThrow();
  });

  it.each([
    ['garbage', '<html>s4ndb0x', 200],
    ['a list', '[]', 200],
    ['nothing', '', 200],
    ['too much', `{"padding":"${'x'.repeat(300_000)}"}`, 200],
    ['not found', '{}', 404],
    ['a redirect', '{}', 302],
  ])('row 12: are refused when they are %s', async (_name, body, status) => {
    const { paths, discover } = await issuerWith(() => body, status);

    const failure = await discover().catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(Error);
    expect(String(failure)).not.toContain('s4ndb0x');
    expect(paths).toHaveLength(1);
  });

  it('row 11: are not requested without TLS', async () => {
    const { origin } = await issuerWith((metadata) => metadata);
    const http = createPlatformHttp({ fetch, insecureOrigins: [] });

    await expect(discoverServer(http, origin)).rejects.toThrow(/without TLS/);
  });
});
