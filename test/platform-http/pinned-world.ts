/**
 * A world for calls to hosts with names: a resolver that answers as told, one machine that stands for every public
 * address and has the certificate of `hooks.example`, and a note of every address that was connected to.
 */
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { connect as connectPlain, createServer as createPlainServer } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../infra/local/aws/front/listen.ts';
import type { Connect, Endpoint } from '../../lib/platform-http/pinned-connection.ts';
import { createPinnedPost } from '../../lib/platform-http/pinned-post.ts';
import { certificateFor } from './certificate.ts';

/** Two addresses of the public internet. */
export const publicAddress = '93.184.215.14';
export const otherPublicAddress = '2606:2800:21f:cb07:6820:80da:af6b:8b2c';

export interface LifecycleFixture {
  /** What each name is resolved to, one answer after the other; the last one stays. */
  readonly names: Map<string, readonly (readonly string[])[]>;
  /** Addresses without a listener: they refuse connections at once. */
  readonly down: Set<string>;
  /** Addresses that take a connection and never say a word. */
  readonly silent: Set<string>;
  readonly connected: Endpoint[];
  readonly resolved: string[];
  readonly requests: { readonly url: string; readonly host: string; readonly body: string }[];
  post: (url: string, body?: string) => ReturnType<ReturnType<typeof createPinnedPost>>;
}

export async function openLifecycleFixture(
  answer: RequestListener = (_request, response) => response.writeHead(204).end(),
  times: { readonly connectMilliseconds?: number; readonly totalMilliseconds?: number } = {},
): Promise<LifecycleFixture> {
  const identity = certificateFor('hooks.example', Date.now());
  const requests: LifecycleFixture['requests'] = [];
  const server = createServer(identity, async (request, response) => {
    let body = '';
    for await (const chunk of request.iterator({ destroyOnReturn: false })) body += String(chunk);
    requests.push({ url: request.url ?? '', host: request.headers.host ?? '', body });
    answer(request, response);
  });
  server.on('tlsClientError', () => undefined);
  const port = await listenOnLoopback(server, 0);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const names: LifecycleFixture['names'] = new Map([['hooks.example', [[publicAddress]]]]);
  const down = new Set<string>();
  const silent = new Set<string>();
  const mute = createPlainServer(() => undefined);
  const mutePort = await listenOnLoopback(mute, 0);
  onTestFinished(() => void mute.close());
  const connected: Endpoint[] = [];
  const resolved: string[] = [];

  const connect: Connect = (to) => {
    connected.push(to);
    // Nothing listens at port 1.
    const at = {
      host: '127.0.0.1',
      port: down.has(to.address) ? 1 : silent.has(to.address) ? mutePort : port,
    };
    return to.serverName === undefined
      ? connectPlain(at)
      : connectSecure({ ...at, servername: to.serverName, ca: identity.cert });
  };
  const post = createPinnedPost({
    async resolve(name) {
      resolved.push(name);
      const [now, ...later] = names.get(name) ?? [];
      if (!now) throw new Error('There is no such name.');
      if (later.length > 0) names.set(name, later);
      return now;
    },
    connect,
    insecureOrigins: [],
    ...times,
  });
  return {
    names,
    down,
    silent,
    connected,
    resolved,
    requests,
    post: (url, body = '{}') => post({ url, headers: {}, body: Buffer.from(body) }),
  };
}
