/**
 * Lambda's side of a cold start: the Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) for
 * one function instance and one event. It tells when the instance is ready for the event, and when it has answered.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../infra/local/aws/front/listen.ts';

export interface RuntimeApi {
  /** Host and port, as `AWS_LAMBDA_RUNTIME_API` gives them. */
  readonly address: string;
  /** Settles when the instance asks for its first event: its init is over. Rejects when it failed. */
  readonly ready: Promise<void>;
  /** Hands over the event; the answer is the function's, as JSON text. */
  invoke(event: unknown): Promise<string>;
  close(): void;
}

const requestId = '8476a536-e9f4-11e8-9739-2dfe598c3fcd';
const prefix = '/2018-06-01/runtime';
const longestInvocationMilliseconds = 29_000;

export async function startRuntimeApi(now: () => number): Promise<RuntimeApi> {
  const asked = Promise.withResolvers<ServerResponse>();
  const answered = Promise.withResolvers<string>();
  // Whoever waits on one of them hears of a failure; nobody has to wait on both.
  asked.promise.catch(() => undefined);
  answered.promise.catch(() => undefined);
  const server = createServer((request, response) => {
    const path = `${request.method} ${request.url}`;
    // The first asks for the event; later ones wait for events that never come.
    if (path === `GET ${prefix}/invocation/next`) return asked.resolve(response);
    void taken(request, response).then((body) => {
      if (path === `POST ${prefix}/invocation/${requestId}/response`) return answered.resolve(body);
      const failure = new Error(`The instance reported ${path}: ${body.slice(0, 400)}`);
      asked.reject(failure);
      answered.reject(failure);
    });
  });
  const port = await listenOnLoopback(server, 0);

  return {
    address: `127.0.0.1:${port}`,
    ready: asked.promise.then(() => undefined),
    async invoke(event) {
      const next = await asked.promise;
      next.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': requestId,
        'lambda-runtime-deadline-ms': String(now() + longestInvocationMilliseconds),
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:000000000000:function:bench',
        'lambda-runtime-trace-id': 'Root=1-691f0000-0123456789abcdef01234567;Sampled=0',
      });
      next.end(JSON.stringify(event));
      return answered.promise;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function taken(request: IncomingMessage, response: ServerResponse): Promise<string> {
  const body = await text(request);
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
  return body;
}
