/** The only HTTP client for platforms: the outcome of each call over real connections that fail in every way. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../infra/local/aws/front/listen.ts';
import { createPlatformHttp } from '../../lib/platform-http/platform-http.ts';

/** A platform with a scripted handler, and a client for it. */
async function platform(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  const origin = `http://127.0.0.1:${await listenOnLoopback(server, 0)}`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin, seen, http: wayTo(origin) };
}

/** Bytes as they are, on a connection of their own. */
async function rawPlatform(answer: (socket: Socket) => void) {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
  const origin = `http://127.0.0.1:${await listenOnLoopback(server, 0)}`;
  onTestFinished(() => void server.close());
  return { origin, http: wayTo(origin) };
}

const wayTo = (...insecureOrigins: readonly string[]) =>
  createPlatformHttp({ fetch, insecureOrigins, timeoutMilliseconds: 60_000 });
/** For platforms that never answer. */
const briefWayTo = (origin: string) =>
  createPlatformHttp({ fetch, insecureOrigins: [origin], timeoutMilliseconds: 300 });

describe('a platform call', () => {
  it('returns status, headers and body under any status', async () => {
    const { origin, http } = await platform((_request, response) => {
      response.writeHead(418, { 'retry-after': '7' }).end('short and stout');
    });

    const answer = await http({ url: `${origin}/tea`, method: 'GET' });

    expect(answer).toMatchObject({ kind: 'answered', status: 418, body: 'short and stout' });
    expect(answer.kind === 'answered' && answer.headers.get('retry-after')).toBe('7');
  });

  it('carries method, path, headers and body', async () => {
    const bodies: string[] = [];
    const { origin, http, seen } = await platform(async (request, response) => {
      for await (const chunk of request) bodies.push(String(chunk));
      response.end();
    });

    await http({
      url: `${origin}/token?x=1`,
      method: 'POST',
      headers: { authorization: 'Basic s4ndb0x' },
      body: new URLSearchParams({ code: 'a b' }),
    });

    expect(seen[0]).toMatchObject({ method: 'POST', url: '/token?x=1' });
    expect(seen[0]?.headers).toMatchObject({
      accept: 'application/json',
      authorization: 'Basic s4ndb0x',
      'user-agent': 'hawser',
    });
    expect(bodies.join('')).toBe('code=a+b');
  });

  it('replaces our User-Agent by the one of the platform', async () => {
    const { origin, http, seen } = await platform((_request, response) => response.end());

    await http({ url: origin, method: 'GET', headers: { 'user-agent': 'web:example:v1' } });

    expect(seen[0]?.headers['user-agent']).toBe('web:example:v1');
  });

  it('row 11: does not follow a redirect', async () => {
    const elsewhere = await platform((_request, response) => response.end('followed'));
    for (const status of [301, 302, 303, 307, 308]) {
      const { origin, http } = await platform((_request, response) => {
        response.writeHead(status, { location: elsewhere.origin }).end();
      });

      const answer = await http({ url: origin, method: 'POST', body: 'code=s4ndb0x' });

      expect(answer).toMatchObject({ kind: 'answered', status });
    }
    expect(elsewhere.seen).toHaveLength(0);
  });

  it.each(['http://127.0.0.1:1/', 'http://platform.example/', 'http://127.0.0.1/'])(
    'row 11: is refused without TLS to an origin that the settings do not list: %s',
    async (url) => {
      const calls: unknown[] = [];
      const http = createPlatformHttp({
        fetch: (...call) => {
          calls.push(call);
          return fetch(...call);
        },
        insecureOrigins: ['http://127.0.0.1:2', 'http://platform.example:80x'],
      });

      await expect(http({ url, method: 'GET' })).rejects.toThrow(/without TLS/);
      expect(calls).toEqual([]);
    },
  );
});

describe('a platform call without a complete answer', () => {
  it('is reported as lost when the answer does not arrive in time', async () => {
    const { origin } = await platform(() => undefined);
    const http = briefWayTo(origin);

    const began = performance.now();
    const answer = await http({ url: origin, method: 'GET' });

    expect(answer).toEqual({ kind: 'lost' });
    expect(performance.now() - began).toBeGreaterThan(250);
  });

  it('is reported as lost when the body arrives too slowly, although it began at once', async () => {
    const { origin } = await platform((_request, response) => {
      response.write('{"access_token":');
    });
    const http = briefWayTo(origin);

    expect(await http({ url: origin, method: 'GET' })).toEqual({ kind: 'lost' });
  });

  it('may have a shorter time-out than the default', async () => {
    const { origin } = await platform(() => undefined);
    const http = createPlatformHttp({ fetch, insecureOrigins: [origin] });

    const ended: string[] = [];
    const usual = http({ url: origin, method: 'GET' }).then(() => ended.push('usual'));
    const answer = await http({ url: origin, method: 'GET', timeoutMilliseconds: 100 });
    ended.push('brief');
    await usual;

    expect(answer).toEqual({ kind: 'lost' });
    expect(ended).toEqual(['brief', 'usual']);
  });

  it.each<readonly [string, (socket: Socket) => void]>([
    ['the connection is reset', (socket) => socket.resetAndDestroy()],
    ['the connection ends without a word', (socket) => socket.end()],
    ['the answer is no HTTP', (socket) => socket.end('hello\r\n\r\n')],
    [
      'the answer ends early',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"access_token":"s4n'),
    ],
    [
      'a chunk ends early',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nabc'),
    ],
  ])('is lost when %s', async (_name, answer) => {
    const { origin, http } = await rawPlatform(answer);

    expect(await http({ url: origin, method: 'POST', body: 'code=s4ndb0x' })).toEqual({ kind: 'lost' });
  });

  it.each([
    ['as it is', 300_000, false],
    ['packed small', 40_000_000, true],
  ])('is lost when the body grows beyond 256 KiB, %s', async (_name, bytes, packed) => {
    const { origin } = await platform((_request, response) => {
      const body = Buffer.alloc(bytes, 'x');
      response.setHeader('content-encoding', packed ? 'gzip' : 'identity');
      response.end(packed ? gzipSync(body) : body);
    });
    const http = createPlatformHttp({ fetch, insecureOrigins: [origin] });

    expect(await http({ url: origin, method: 'GET' })).toEqual({ kind: 'lost' });
  });

  it('gives what it read before the cap to a caller that can use it', async () => {
    const { origin, http } = await platform((_request, response) => response.end('x'.repeat(3_000)));

    const response = await http({ url: origin, method: 'GET', largestBytes: 1_000, keepHead: true });

    expect(response).toEqual({ kind: 'lost', head: { text: 'x'.repeat(1_000), endedBy: 'size' } });
  });

  it('gives what it read before the connection broke to a caller that can use it', async () => {
    const { origin, http } = await platform((_request, response) => {
      response.setHeader('content-length', '100');
      response.write('{"a":1,', () => response.destroy());
    });

    const response = await http({ url: origin, method: 'GET', keepHead: true });

    expect(response).toEqual({ kind: 'lost', head: { text: '{"a":1,', endedBy: 'connection' } });
  });

  it.each([
    ['efbbbf7b7d', '{}'],
    ['fffe7b007d00', '{}'],
    ['feff007b007d', '{}'],
    ['7b7d', '{}'],
    ['efbbbf', ''],
    ['c3a5', 'å'],
  ])('reads the bytes %s as %j, without a byte order mark', async (hex, body) => {
    const { origin, http } = await platform((_request, response) => response.end(Buffer.from(hex, 'hex')));

    expect(await http({ url: origin, method: 'GET' })).toMatchObject({ kind: 'answered', body });
  });

  it('is still complete at 256 KiB', async () => {
    const { origin, http } = await platform((_request, response) => {
      response.end('x'.repeat(256 * 1_024));
    });

    expect(await http({ url: origin, method: 'GET' })).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('is reported as unreachable when no server listens', async () => {
    const server = createTcpServer();
    const port = await listenOnLoopback(server, 0);
    await new Promise((resolve) => server.close(resolve));

    for (const host of ['127.0.0.1', 'localhost']) {
      const url = `http://${host}:${port}`;
      expect(await wayTo(url)({ url, method: 'POST', body: 'x' })).toEqual({ kind: 'unreachable' });
    }
  });

  it.each(['ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED'])(
    'is reported as unreachable when the connection fails with %s',
    async (code) => {
      const cause = Object.assign(new Error('s4ndb0x'), { code });
      const http = createPlatformHttp({
        fetch: () => Promise.reject(new TypeError('fetch failed', { cause })),
        insecureOrigins: [],
      });

      expect(await http({ url: 'https://platform.example', method: 'GET' })).toEqual({ kind: 'unreachable' });
    },
  );

  it('is reported as lost when one of several addresses may have received it', async () => {
    const codes = ['ECONNREFUSED', 'ECONNRESET'];
    const errors = codes.map((code) => Object.assign(new Error('no'), { code }));
    const http = createPlatformHttp({
      fetch: () => Promise.reject(new TypeError('fetch failed', { cause: new AggregateError(errors) })),
      insecureOrigins: [],
    });

    expect(await http({ url: 'https://platform.example', method: 'GET' })).toEqual({ kind: 'lost' });
  });
});

describe('a TLS failure before anything was sent', () => {
  const responseTo = (code: string) =>
    createPlatformHttp({
      fetch: () =>
        Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(), { code }) })),
      insecureOrigins: [],
    })({ url: 'https://platform.example/token', method: 'POST' });

  it.each([
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'CERT_REVOKED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  ])('%s means that the platform was not reached', async (code) => {
    expect(await responseTo(code)).toEqual({ kind: 'unreachable' });
  });

  it.each([
    'EPROTO',
    'ECONNRESET',
    'EPIPE',
    'UND_ERR_SOCKET',
    'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC',
    'UND_ERR_HEADERS_TIMEOUT',
  ])('%s is none: the platform may have acted', async (code) => {
    expect(await responseTo(code)).toEqual({ kind: 'lost' });
  });

  it('is recognised over a real connection to a server without TLS', async () => {
    const { origin } = await platform((_request, response) => response.end());
    const http = createPlatformHttp({ fetch, insecureOrigins: [] });

    const response = await http({ url: origin.replace('http:', 'https:'), method: 'POST' });

    expect(response).toEqual({ kind: 'unreachable' });
  });
});
