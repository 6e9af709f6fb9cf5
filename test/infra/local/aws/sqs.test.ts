/** SQS on the local stack, through the real client, with the engine's habits that the front mends. */
import { tracingChannel } from 'node:diagnostics_channel';
import { Server } from 'node:net';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { clientsOf, failureOf, present, startAws, temporaryFolder } from './aws-fixture.ts';

async function queue(sqs: SQSClient, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'refresh', Attributes }));
  return present(QueueUrl);
}

const receive = async (sqs: SQSClient, QueueUrl: string, WaitTimeSeconds = 0) => {
  const input = {
    QueueUrl,
    WaitTimeSeconds,
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: ['All' as const],
  };
  return (await sqs.send(new ReceiveMessageCommand(input))).Messages ?? [];
};

test('messages sent in a batch are received, deleted in a batch, and then gone', async () => {
  const { sqs } = clientsOf(await startAws());
  const QueueUrl = await queue(sqs);
  const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: `body ${Id}` }));

  await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const received = await receive(sqs, QueueUrl);
  const receipts = received.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: receipts }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));

  expect(new Set(received.map(({ Body }) => Body))).toEqual(new Set(['body a', 'body b']));
  expect(Attributes).toMatchObject({
    ApproximateNumberOfMessages: '0',
    ApproximateNumberOfMessagesNotVisible: '0',
  });
});

test('a queue is reached whatever host its URL names', async () => {
  const { sqs } = clientsOf(await startAws());
  await queue(sqs);
  const QueueUrl = 'https://sqs.us-east-1.amazonaws.com/000000000000/refresh';

  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));

  expect(await receive(sqs, QueueUrl)).toHaveLength(1);
});

test('a receive that waits gets a message as soon as it is sent', async () => {
  const { sqs } = clientsOf(await startAws());
  const QueueUrl = await queue(sqs);

  const waiting = receive(sqs, QueueUrl, 20);
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));

  expect((await waiting).map(({ Body }) => Body)).toEqual(['hello']);
});

test.each([['in memory'], ['in a folder']])(
  'a message made visible at once comes again, %s',
  async (where) => {
    const folder = where === 'in memory' ? {} : { folder: await temporaryFolder() };
    const { sqs } = clientsOf(await startAws(folder));
    const QueueUrl = await queue(sqs);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'again' }));
    const [first] = await receive(sqs, QueueUrl);

    const back = { QueueUrl, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 };
    await sqs.send(new ChangeMessageVisibilityCommand(back));
    const [second] = await receive(sqs, QueueUrl, 2);

    expect(second?.Attributes).toMatchObject({ ApproximateReceiveCount: '2' });
  },
);

test('a message that a caller no longer waits for stays in the queue', async () => {
  const { sqs } = clientsOf(await startAws());
  const QueueUrl = await queue(sqs, { VisibilityTimeout: '600' });
  const abort = new AbortController();

  const input = { QueueUrl, WaitTimeSeconds: 20 };
  const abandoned = failureOf(sqs.send(new ReceiveMessageCommand(input), { abortSignal: abort.signal }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  abort.abort();
  await abandoned;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'still here' }));

  await vi.waitFor(async () => expect(await receive(sqs, QueueUrl, 1)).toHaveLength(1), 180_000);
});

test('a message received too often moves to the dead-letter queue', async () => {
  const { sqs } = clientsOf(await startAws());
  await sqs.send(new CreateQueueCommand({ QueueName: 'dead' }));
  const { QueueUrl: deadUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'dead' }));
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
    maxReceiveCount: 1,
  });
  const QueueUrl = await queue(sqs, { RedrivePolicy, VisibilityTimeout: '0' });

  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'poison' }));
  await receive(sqs, QueueUrl);
  await receive(sqs, QueueUrl);

  expect((await receive(sqs, present(deadUrl), 2)).map(({ Body }) => Body)).toEqual(['poison']);
});

test('an unknown queue is refused by name', async () => {
  const { sqs } = clientsOf(await startAws());

  const failure = await failureOf(sqs.send(new GetQueueUrlCommand({ QueueName: 'nowhere' })));

  expect(failure.name).toBe('QueueDoesNotExist');
});

test('closing does not wait for a receive that waits', async () => {
  const aws = await startAws();
  const { sqs } = clientsOf(aws);
  const waiting = failureOf(receive(sqs, await queue(sqs), 20));
  await new Promise((resolve) => setTimeout(resolve, 100));

  await aws.close();

  // A receive that had ended by itself would have found nothing, which is no failure.
  await expect(waiting).resolves.toBeInstanceOf(Error);
});

test('no server of the local stack listens beyond loopback', async () => {
  const servers: unknown[] = [];
  const listening = tracingChannel('net.server.listen').asyncEnd;
  const note = (message: unknown) => {
    if (typeof message === 'object' && message !== null && 'server' in message) servers.push(message.server);
  };
  listening.subscribe(note);
  onTestFinished(() => listening.unsubscribe(note));

  await startAws();
  const addresses = servers.map((server) => (server instanceof Server ? server.address() : undefined));

  expect(addresses).toEqual(Array(3).fill(expect.objectContaining({ address: '127.0.0.1' })));
});

test('characters beyond the first 65,536 are taken, and those that SQS refuses are refused', async () => {
  const { sqs } = clientsOf(await startAws());
  const QueueUrl = await queue(sqs);
  const body = '🌊 𠮷 早 é';

  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
  const { Failed = [] } = await sqs.send(
    new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: 'a\ufffe' }] }),
  );

  expect((await receive(sqs, QueueUrl)).map(({ Body }) => Body)).toEqual([body]);
  expect(Failed.map(({ Code }) => Code)).toEqual(['InvalidMessageContents']);
});
