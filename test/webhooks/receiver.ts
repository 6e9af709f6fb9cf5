/** A loopback endpoint that records the requests it receives and responds as the test specifies. */
import { createServer, type IncomingHttpHeaders } from 'node:http';

export interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Receiver {
  readonly url: string;
  readonly origin: string;
  readonly calls: ReceivedCall[];
  close(): Promise<void>;
}

/** A status, or a status and a text. */
export type Answered = number | readonly [status: number, text: string];
export type Answering = (call: ReceivedCall) => Answered;

export async function openReceiver(answer: Answering = () => 200): Promise<Receiver> {
  const calls: ReceivedCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
      const call: ReceivedCall = {
        method: request.method ?? '',
        path: pathname,
        query: searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks),
      };
      calls.push(call);
      const answered = answer(call);
      const [status, text] = typeof answered === 'number' ? [answered, ''] : answered;
      response.writeHead(status).end(text);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The receiver has no port.');
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    url: `${origin}/events`,
    origin,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
