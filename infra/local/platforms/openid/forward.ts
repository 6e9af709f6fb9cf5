/** Hands a call that was read to its end on to a loopback server, and reads the answer to its end. */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Call, Reply } from '../../sandbox/dialect.ts';

const timeoutMilliseconds = 10_000;

/** Headers that belong to one connection or to the length of what travels on it. */
const ofTheConnection = new Set([
  'connection',
  'content-length',
  'date',
  'expect',
  'keep-alive',
  'transfer-encoding',
]);

/** Rejects when the server does not answer in time, or when the signal fires. */
export async function forward(call: Call, origin: string, signal: AbortSignal): Promise<Reply> {
  const body = Buffer.from(call.body);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = httpRequest(
      origin + call.url.pathname + call.url.search,
      {
        method: call.method,
        // The host stays the one that the caller used: the server must not see that it is called by proxy.
        headers: {
          ...endToEnd(call.headers),
          ...(body.byteLength > 0 && { 'content-length': body.byteLength }),
        },
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]),
      },
      resolve,
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    status: answer.statusCode ?? 502,
    headers: endToEnd(answer.headers),
    body: bodyOf(text, answer.headers['content-type'] ?? 'text/plain'),
  };
}

function endToEnd(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || ofTheConnection.has(name)) continue;
    kept[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return kept;
}

function bodyOf(text: string, type: string): Reply['body'] {
  if (text === '') return { kind: 'empty' };
  if (/^application\/json\b/i.test(type)) {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { kind: 'json', value: { ...value } };
  }
  return { kind: 'text', type, text };
}
