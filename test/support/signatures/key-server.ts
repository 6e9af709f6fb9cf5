/** A platform's key endpoint on loopback, and tokens signed with its keys. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createKeySet } from '../../../lib/signatures/jwt/key-set.ts';

/** Starts a server that answers as told; `fetches` counts what it was asked. */
export async function startServer(respond: RequestListener) {
  const asked: { url: string; agent: string | undefined }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', agent: request.headers['user-agent'] });
    respond(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    origin,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Starts a server with a set of keys, and a key set that reads from it. */
export async function serveKeys(keys: readonly unknown[], monotonic: () => number) {
  const server = await startServer((_request, response) => response.end(JSON.stringify({ keys })));
  const keySet = createKeySet({
    url: `${server.origin}/keys`,
    fetch,
    monotonic,
    insecureOrigins: [server.origin],
  });
  return { ...server, keySet };
}

/** A key of our own, for tokens that no vector holds. */
export async function newKey(kid = 'test-key', alg = 'RS256') {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  const sign = (claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
  return { jwk, sign };
}
