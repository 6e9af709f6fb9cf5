import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get } from 'node:https';
import { expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../../infra/local/aws/front/listen.ts';
import { selfSigned } from '../self-signed.ts';

const now = Date.now();

it('a client that trusts the self-signed certificate accepts it for 127.0.0.1', async () => {
  const { certificate, privateKey } = selfSigned(now);
  const server = createServer({ cert: certificate, key: privateKey }, (_, response) => response.end());
  onTestFinished(() => void server.close());
  const port = await listenOnLoopback(server, 0);

  const [response] = await once(get({ host: '127.0.0.1', port, ca: certificate, agent: false }), 'response');
  response.resume();

  expect(response.statusCode).toBe(200);
});

it('the self-signed certificate covers no other host and expires after a day', () => {
  const parsed = new X509Certificate(selfSigned(now).certificate);

  expect(parsed.subjectAltName).toBe('IP Address:127.0.0.1');
  expect(parsed.validToDate.getTime() - parsed.validFromDate.getTime()).toBe(86_400_000);
});

it('each self-signed certificate has a new key', () => {
  expect(selfSigned(now).privateKey).not.toBe(selfSigned(now).privateKey);
});
