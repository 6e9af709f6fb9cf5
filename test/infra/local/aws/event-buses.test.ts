/** EventBridge on this machine: events on buses, taken and refused as AWS does. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { expect, it, onTestFinished } from 'vitest';
import type { Grant } from '../../../../infra/local/aws/front/access-grants.ts';
import { outcome, startAws } from './aws-fixture.ts';

async function openBridge(grants?: readonly Grant[]) {
  const aws = await startAws({ grantsOf: () => grants });
  const client = new EventBridgeClient({
    region: aws.region,
    endpoint: aws.endpoints.eventbridge,
    credentials: { accessKeyId: 'deliver', secretAccessKey: 's4ndb0x-never-sent' },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  return { aws, client };
}

const entry = { EventBusName: 'tenants', Source: 'hawser', DetailType: 'news', Detail: '{"a":1}' };

it('keeps what was put on a bus, whether it was named or given by its ARN', async () => {
  const { aws, client } = await openBridge();
  const Time = new Date('2026-01-01T00:00:00Z');

  const answer = await client.send(
    new PutEventsCommand({
      Entries: [
        { ...entry, Time },
        { ...entry, EventBusName: `arn:aws:events:${aws.region}:${aws.accountId}:event-bus/tenants` },
      ],
    }),
  );

  expect(answer.FailedEntryCount).toBe(0);
  const kept = { bus: 'tenants', source: 'hawser', detailType: 'news', detail: { a: 1 } };
  expect(aws.busEntries()).toMatchObject([
    { ...kept, id: answer.Entries?.[0]?.EventId, time: Time.getTime() },
    { ...kept, id: answer.Entries?.[1]?.EventId },
  ]);
});

it.each([
  ['without a type', { ...entry, DetailType: undefined }, 'InvalidArgument'],
  ['without a detail', { ...entry, Detail: undefined }, 'InvalidArgument'],
  ['whose detail is no object', { ...entry, Detail: '[1]' }, 'MalformedDetail'],
  ['whose detail is no JSON', { ...entry, Detail: 's4ndb0x' }, 'MalformedDetail'],
  [
    'that is too large',
    { ...entry, Detail: JSON.stringify({ a: 'x'.repeat(256 * 1024) }) },
    'InvalidArgument',
  ],
  ["of AWS's own source", { ...entry, Source: 'aws.ec2' }, 'NotAuthorizedForSourceException'],
])('refuses an entry %s, and takes the one beside it', async (_, wrong, code) => {
  const { aws, client } = await openBridge();

  const answer = await client.send(new PutEventsCommand({ Entries: [wrong, entry] }));

  expect(answer.FailedEntryCount).toBe(1);
  expect(answer.Entries).toMatchObject([{ ErrorCode: code }, { EventId: expect.any(String) }]);
  expect(aws.busEntries().length).toBe(1);
});

it('refuses a function the buses that it may not use, each by itself', async () => {
  const { aws, client } = await openBridge([{ actions: ['events:PutEvents'], resource: 'tenants' }]);
  const put = (...names: readonly (string | undefined)[]) =>
    outcome(
      client.send(
        new PutEventsCommand({ Entries: names.map((EventBusName) => ({ ...entry, EventBusName })) }),
      ),
    );

  const outcomes = [
    await put('tenants'),
    await put('others'),
    await put(undefined),
    await put('tenants', 'others'),
  ];

  expect(outcomes).toEqual(['granted', ...Array.from({ length: 3 }, () => 'AccessDeniedException')]);
  expect(aws.busEntries().length).toBe(1);
});
