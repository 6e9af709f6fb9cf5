/** One loopback HTTP server: requests come in as whole calls, answers go out whole, late, cut or not at all. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Fault } from './control/control.ts';
import type { Call, Reply } from './dialect.ts';

const longestBodyBytes = 256 * 1024;

export interface LoopbackServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1; port 0 takes any free one. Rejects when the port is taken. */
export async function listen(
  port: number,
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      const stopping = error instanceof Error && error.name === 'AbortError';
      if (!response.destroyed && !stopping) console.error('A sandbox platform failed.', error);
      response.destroy();
    });
  });
  // Longer than clients keep idle connections, so that no call meets a connection being closed.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

/** Reads a request to its end. Undefined when its target or its size is not acceptable. */
export async function readCall(request: IncomingMessage, origin: string): Promise<Call | undefined> {
  const target = request.url ?? '';
  if (!target.startsWith('/') || !URL.canParse(origin + target)) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) return undefined;
    size += chunk.byteLength;
    if (size > longestBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return {
    method: request.method ?? '',
    url: new URL(origin + target),
    headers: request.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** Sends an answer as a fault lets it out; resolves when it is out, or when the connection is gone. */
export async function send(
  response: ServerResponse,
  reply: Reply,
  fault?: Fault,
): Promise<'sent' | 'not_sent'> {
  const body = bytesOf(reply);
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  if (response.destroyed) return 'not_sent';
  if (fault?.kind === 'lose_answer') response.destroy();
  if (fault?.kind === 'lose_answer' || (fault?.kind === 'hold_answer' && fault.milliseconds === undefined)) {
    await closed;
    return 'not_sent';
  }

  // RFC 9110 section 8.6: an answer without content has no length either.
  const length = reply.status === 204 ? {} : { 'content-length': body.byteLength };
  response.writeHead(reply.status, { ...headersOf(reply), ...length });
  if (fault?.kind !== 'half_body') {
    response.end(body);
    await closed;
    return 'sent';
  }
  response.write(body.subarray(0, Math.floor(body.byteLength / 2)), () => {
    if (fault.afterwards === 'close') response.destroy();
  });
  await closed;
  return 'not_sent';
}

function bytesOf({ body }: Reply): Buffer {
  switch (body.kind) {
    case 'json':
      return Buffer.from(JSON.stringify(body.value));
    case 'text':
      return Buffer.from(body.text);
    case 'empty':
      return Buffer.alloc(0);
  }
}

function headersOf({ body, headers }: Reply): Record<string, string> {
  switch (body.kind) {
    case 'json':
      return { 'content-type': 'application/json; charset=utf-8', ...headers };
    case 'text':
      return { 'content-type': body.type, ...headers };
    case 'empty':
      return { ...headers };
  }
}
