/** A tenant's endpoint on loopback: it answers as told and keeps what came in, to be checked as a tenant would. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../../infra/local/aws/front/listen.ts';
import { standardWebhooksSignature } from '../../../lib/signatures/schemes.ts';
import { verifySignature } from '../../../lib/signatures/verify-signature.ts';
import type { Secret } from '../../../lib/telemetry/secret.ts';

export interface Arrived {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
}

/** @param statuses of its answers in turn; the last one goes on. 0 hangs up. */
export async function openEndpoint(...statuses: readonly number[]) {
  const arrived: Arrived[] = [];
  let answers = statuses;
  let retryAfter: string | undefined;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request.iterator({ destroyOnReturn: false })) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const [status = 204, ...rest] = answers;
    if (rest.length > 0) answers = rest;
    arrived.push({ headers: request.headers, body, event: JSON.parse(body.toString('utf8')) });
    if (status === 0) request.socket.destroy();
    else {
      const asked = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      const headers = { location: 'http://127.0.0.1:1/elsewhere', ...asked };
      response.writeHead(status, headers).end('s4ndb0x answer');
    }
  });
  const origin = `http://127.0.0.1:${await listenOnLoopback(server, 0)}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return {
    origin,
    url: `${origin}/hook?for=us`,
    arrived,
    /** What it answers from now on. */
    answerWith(...next: readonly number[]) {
      answers = next;
    },
    /** When it asks to be called again, from now on. */
    askFor(when: string) {
      retryAfter = when;
    },
    close,
  };
}

export type Endpoint = Awaited<ReturnType<typeof openEndpoint>>;

/** An endpoint that closes with its test. */
export async function endpointOfTest(...statuses: readonly number[]): Promise<Endpoint> {
  const endpoint = await openEndpoint(...statuses);
  onTestFinished(() => endpoint.close());
  return endpoint;
}

/** Which of the tenant's secrets signed what came in, by the rules of Standard Webhooks. */
export function signerOf({ headers, body }: Arrived, secrets: readonly Secret[], now: number): string {
  const flat = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
  const verified = verifySignature(
    standardWebhooksSignature,
    { method: 'POST', headers: flat, body },
    secrets,
    () => now,
  );
  return verified.kind === 'verified' ? verified.secret : verified.reason;
}
