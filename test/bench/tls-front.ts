/** TLS in front of the local AWS endpoint: AWS is never spoken to in the clear, and the handshake is part of a first request. */
import { request as forward } from 'node:http';
import { createServer } from 'node:https';
import { listenOnLoopback } from '../../infra/local/aws/front/listen.ts';
import type { Identity } from './self-signed.ts';

/** @returns its address; it lives as long as the process. */
export async function startTlsFront(target: URL, { certificate, privateKey }: Identity): Promise<string> {
  const server = createServer({ cert: certificate, key: privateKey }, (incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const options = { host: target.hostname, port: target.port, path: url, method, headers };
    const forwarded = forward(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  // A kept connection must not be closed under a call that is just being sent.
  server.keepAliveTimeout = 0;
  return `https://127.0.0.1:${await listenOnLoopback(server, 0)}`;
}
