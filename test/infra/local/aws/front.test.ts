/** The door of the local AWS: what is no call of AWS's protocol, or comes from the wrong place, goes no further. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { expect, test } from 'vitest';
import { failureOf, startAws } from './aws-fixture.ts';

const authorization =
  'AWS4-HMAC-SHA256 Credential=operator/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0';
const target = 'TrentService.ListAliases';

interface Answer {
  readonly status: number | undefined;
  readonly code: unknown;
}

async function call(
  endpoint: string,
  headers: Record<string, string>,
  body: string,
  method = 'POST',
): Promise<Answer> {
  const [status, answer] = await new Promise<[number | undefined, string]>((resolve, reject) => {
    const sent = request(endpoint, { method, headers }, (message) => {
      text(message).then((read) => resolve([message.statusCode, read]), reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
  const parsed: unknown = JSON.parse(answer);
  return {
    status,
    code: typeof parsed === 'object' && parsed !== null && '__type' in parsed ? parsed.__type : undefined,
  };
}

test('a well-formed call is answered', async () => {
  const { endpoints } = await startAws();

  const answer = await call(endpoints.kms, { authorization, 'x-amz-target': target }, '{}');

  expect(answer).toEqual({ status: 200, code: undefined });
});

test.each([
  ['without credentials', { 'x-amz-target': target }, '{}', 'MissingAuthenticationTokenException'],
  [
    'with credentials of another kind',
    { 'x-amz-target': target, authorization: 'Bearer s4ndb0x' },
    '{}',
    'IncompleteSignatureException',
  ],
  [
    'of an unknown service',
    { 'x-amz-target': 'AmazonS4.GetThing', authorization },
    '{}',
    'UnknownOperationException',
  ],
  [
    'of an unknown operation',
    { 'x-amz-target': 'TrentService.ReplicateKey', authorization },
    '{}',
    'UnknownOperationException',
  ],
  ['without a target', { authorization }, '{}', 'UnknownOperationException'],
  ['with broken JSON', { 'x-amz-target': target, authorization }, '{"a":', 'SerializationException'],
  ['with JSON that is no object', { 'x-amz-target': target, authorization }, '[]', 'SerializationException'],
  [
    'with a field of the wrong type',
    { 'x-amz-target': target, authorization },
    '{"Limit":"many"}',
    'ValidationException',
  ],
])('a call %s is refused', async (_what, headers, body, code) => {
  const { endpoints } = await startAws();

  const answer = await call(endpoints.kms, headers, body);

  expect(answer).toEqual({ status: 400, code });
});

test('a call that a web page sends through a name of its own is refused', async () => {
  const { endpoints } = await startAws();
  const headers = { authorization, 'x-amz-target': target };

  const rebound = await call(endpoints.kms, { ...headers, host: 'attacker.example' }, '{}');
  const queueHost = await call(endpoints.kms, { ...headers, host: 'sqs.us-east-1.localhost:4566' }, '{}');

  expect(rebound.status).toBe(404);
  expect(queueHost.status).toBe(200);
});

test('a request over 16 MiB is refused, and the next one served', async () => {
  const { endpoints } = await startAws();
  const headers = { authorization, 'x-amz-target': target };

  const large = await call(endpoints.kms, headers, ' '.repeat(16 * 1024 * 1024 + 1));
  const next = await call(endpoints.kms, headers, '{}');

  expect(large.status).toBe(413);
  expect(next.status).toBe(200);
});

test('a client of another region gets an error that names the region', async () => {
  const { endpoints } = await startAws();
  const credentials = { accessKeyId: 'operator', secretAccessKey: 's4ndb0x' };
  const kms = new KMSClient({ region: 'eu-west-1', endpoint: endpoints.kms, credentials, maxAttempts: 1 });

  const failure = await failureOf(kms.send(new CreateKeyCommand({})));
  kms.destroy();

  expect(failure.name).toBe('InvalidSignatureException');
  expect(failure.message).toContain("'us-east-1'");
});

test('closing twice is closing once', async () => {
  const aws = await startAws();

  await Promise.all([aws.close(), aws.close()]);

  await expect(fetch(aws.endpoints.kms)).rejects.toThrow();
});
