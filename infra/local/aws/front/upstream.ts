/**
 * Passes calls on to an engine that runs on a loopback port of its own, over kept connections.
 * What the engine answers goes back as it came: status, headers (DynamoDB's checksum among them) and bytes.
 */
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { AwsError } from '../aws-error.ts';

export interface HttpAnswer {
  readonly status: number;
  /** Names and values in turn, as `writeHead` takes them. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export interface Upstream {
  send(headers: IncomingHttpHeaders, body: Buffer, signal?: AbortSignal): Promise<HttpAnswer>;
  /** Waits for the calls under way, then lets the connections go. */
  close(): Promise<void>;
}

interface UpstreamOptions {
  readonly port: number;
  /** After this the engine counts as broken: longer than its slowest honest answer. */
  readonly timeoutMilliseconds: number;
}

/** Headers that belong to one connection, not to the message (RFC 9110, section 7.6.1), and those of its framing. */
const connectionHeaders = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'expect',
  'te',
  'upgrade',
]);

export function openUpstream({ port, timeoutMilliseconds }: UpstreamOptions): Upstream {
  const agent = new Agent({ keepAlive: true });
  const underWay = new Set<Promise<unknown>>();

  async function exchange(
    headers: IncomingHttpHeaders,
    body: Buffer,
    signal?: AbortSignal,
  ): Promise<HttpAnswer> {
    const limits = [AbortSignal.timeout(timeoutMilliseconds), ...(signal === undefined ? [] : [signal])];
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = {
        agent,
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/',
        signal: AbortSignal.any(limits),
      };
      const outgoing = request(
        { ...options, headers: { ...endToEnd(headers), 'content-length': body.length } },
        resolve,
      );
      outgoing.once('error', reject);
      // Whole and at once: DynamoDB's engine ends its process when a request breaks off half-way.
      outgoing.end(body);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    return {
      status: message.statusCode ?? 502,
      headers: rawEndToEnd(message.rawHeaders),
      body: Buffer.concat(chunks),
    };
  }

  return {
    async send(headers, body, signal) {
      const answer = exchange(headers, body, signal);
      underWay.add(answer);
      try {
        return await answer;
      } catch {
        throw new AwsError('InternalServerError', 'The local engine did not answer.', 500);
      } finally {
        underWay.delete(answer);
      }
    },
    async close() {
      await Promise.allSettled(underWay);
      agent.destroy();
    },
  };
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !connectionHeaders.has(name)));
}

function rawEndToEnd(raw: readonly string[]): string[] {
  return raw.flatMap((name, index) => {
    const value = raw[index + 1];
    const isName = index % 2 === 0;
    return isName && value !== undefined && !connectionHeaders.has(name.toLowerCase()) ? [name, value] : [];
  });
}
