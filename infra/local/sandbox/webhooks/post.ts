/** Makes a platform's calls to a webhook address: over kept connections, to this machine only, with an end to its patience. */
import { Agent, request } from 'node:http';
import { z } from 'zod';

/** An address on this machine: a sandbox sends webhooks nowhere else. */
export const webhookUrl = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}, 'The address must be http and on this machine.');

export interface WebhookCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface WebhookAnswer {
  readonly status: number;
  /** The first kilobyte. */
  readonly text: string;
}

export interface WebhookPost {
  /** The answer, or nothing when there was none in time. */
  call(call: WebhookCall): Promise<WebhookAnswer | undefined>;
  /** Cuts what is under way. */
  close(): void;
}

/** Platforms say no number; they want an answer at once. */
const timeoutMilliseconds = 10_000;
const longestAnswer = 1_024;

export function openWebhookPost(connections: number): WebhookPost {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const closing = new AbortController();

  function send({ method, url, headers, body }: WebhookCall): Promise<WebhookAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WebhookAnswer>();
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMilliseconds)]);
    const length = body === undefined ? {} : { 'content-length': body.byteLength };
    const message = request(url, { agent, method, headers: { ...headers, ...length }, signal }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        if (text.length < longestAnswer) text += chunk.slice(0, longestAnswer);
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      answer.on('error', reject);
    });
    message.on('error', reject);
    message.end(body);
    return promise;
  }

  return {
    async call(call) {
      try {
        return await send(call);
      } catch {
        return undefined;
      }
    },
    close() {
      closing.abort();
      agent.destroy();
    },
  };
}
