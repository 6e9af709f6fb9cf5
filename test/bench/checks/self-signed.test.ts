import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get } from 'node:https';
import { expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../../infra/local/aws/front/listen.ts';
import { selfSigned } from '../self-signed.ts';

const now = Date.now();

it('makes a certificate that a client who trusts it accepts for 127.0.0.1', async () => {
  const { certificate, privateKey } = selfSigned(now);
  const server = createServer({ cert: certificate, key: privateKey }, (_, response) => response.end());
  onTestFinished(() => void server.close());
  const port = await listenOnLoopback(server, 0);

  const [response] = await once(get({ host: '127.0.0.1', port, ca: certificate, agent: false }), 'response');
  response.resume();

  expect(response.statusCode).toBe(200);
});

it('makes a certificate for no other place and for a day only', () => {
  const parsed = new X509Certificate(selfSigned(now).certificate);

  expect(parsed.subjectAltName).toBe('IP Address:127.0.0.1');
  expect(parsed.validToDate.getTime() - parsed.validFromDate.getTime()).toBe(86_400_000);
});

it('makes a key of its own each time', () => {
  expect(selfSigned(now).privateKey).not.toBe(selfSigned(now).privateKey);
});
