/** Faults of SQS that the local queue never has: a batch of which some messages are refused, an answer without any. */
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { openQueue } from '../../lib/aws/queue.ts';

const client = mockClient(SQSClient);
const queue = openQueue<unknown>(new SQSClient({ region: 'us-east-1' }), 'https://sqs.example/1/queue');
const message = (body: unknown) => ({ body, group: 'acme' });

beforeEach(() => client.reset());
afterAll(() => client.restore());

test('the queue reports a batch as failed when SQS refuses one of its messages', async () => {
  client.on(SendMessageBatchCommand).resolves({
    Successful: [],
    Failed: [{ Id: '3', SenderFault: false, Code: 'InternalError' }],
  });

  const sending = queue.sendAll(Array.from({ length: 5 }, (_, index) => message({ index })));

  await expect(sending).rejects.toMatchObject({ code: 'PROCESSING_FAILED' });
});

test('the queue sends ten batches at a time and stops after the first failed batch', async () => {
  client
    .on(SendMessageBatchCommand)
    .resolves({ Failed: [{ Id: '0', SenderFault: false, Code: 'InternalError' }] });

  const sending = queue.sendAll(Array.from({ length: 250 }, (_, index) => message({ index })));

  await expect(sending).rejects.toMatchObject({ code: 'PROCESSING_FAILED' });
  expect(client.commandCalls(SendMessageBatchCommand)).toHaveLength(10);
});

test('the queue sends every message once', async () => {
  client.on(SendMessageBatchCommand).resolves({ Successful: [] });

  await queue.sendAll(Array.from({ length: 1_000 }, (_, index) => message(index)));

  const bodies = client
    .commandCalls(SendMessageBatchCommand)
    .flatMap(({ args: [command] }) => command.input.Entries?.map(({ MessageBody }) => Number(MessageBody)));
  expect(bodies).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
});

test('the queue splits a batch that exceeds one mebibyte, however few messages it holds', async () => {
  client.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });

  await queue.sendAll(Array.from({ length: 4 }, () => message('x'.repeat(400_000))));

  const sizes = client
    .commandCalls(SendMessageBatchCommand)
    .map(({ args: [command] }) => command.input.Entries?.length);
  expect(sizes).toEqual([2, 2]);
});

test('an error of the queue reveals neither the queue nor the message when SQS does not answer', async () => {
  client.on(SendMessageCommand).rejects(new Error('connect ECONNREFUSED to https://sqs.example/1/queue'));

  const error = await queue.send(message({ secret: 's4ndb0x' })).catch((cause: unknown) => cause);

  expect(error).toMatchObject({ code: 'PROCESSING_FAILED', message: 'The queue did not answer.' });
});
