/** Dead letters: what failed for good can be seen by its ids, and sent back to where it came from, once. */
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect } from 'vitest';
import { z } from 'zod';
import { queueNames } from '../../../infra/topology.ts';
import type { QueueUrls } from '../../../lib/admin/deps.ts';
import { deadLetterActions } from '../../../lib/admin/failures/dead-letters.ts';
import type { TenantId } from '../../../lib/ids.ts';
import { createJobStore } from '../../../lib/jobs/job.ts';
import type { CliFixture } from '../../support/cli/cli-fixture.ts';
import { eventually } from '../../support/eventually.ts';
import { it } from '../../support/fixtures/cli.ts';

const rescued = {
  kind: 'refreshed_credentials',
  tenantId: 'bakery',
  provider: 'tiktok',
  accountId: 'acc-1',
  id: 'con_1',
  generation: 3,
  sealed: { accessToken: 's4ndb0x-sealed-bytes' },
  displayName: 's4ndb0x Mira',
};

/** A message of the refresh queue. */
const dueMessage = (accountId: string) =>
  JSON.stringify({ kind: 'connection_due', tenantId: 'bakery', provider: 'tiktok', accountId });

/** Puts a message among the dead letters of a queue of the stack. */
async function bury(cli: CliFixture, queue: (typeof queueNames)[number], body: string): Promise<string> {
  const { MessageId = '' } = await cli.sqs.send(
    new SendMessageCommand({ QueueUrl: cli.queueUrls[queue].deadLetters, MessageBody: body }),
  );
  return MessageId;
}

/** Dead letters of queues without consumers, in the same way for every queue. */
async function openQuietQueues(cli: CliFixture) {
  const make = async (cli: CliFixture, name: string) => {
    const { QueueUrl = '' } = await cli.sqs.send(new CreateQueueCommand({ QueueName: name }));
    return QueueUrl;
  };
  const pair = { queue: await make(cli, 'quiet'), deadLetters: await make(cli, 'quiet-dead') };
  const queueUrls = Object.fromEntries(queueNames.map((name) => [name, pair])) as QueueUrls;
  return { pair, verbs: deadLetterActions({ sqs: cli.sqs, queueUrls }) };
}

/** The local engine keeps no group of a message in a standard queue. AWS does, and says it when it is asked. */
async function withGroup<Result>(cli: CliFixture, group: string, work: () => Promise<Result>) {
  const groups: unknown[] = [];
  cli.sqs.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'SendMessageCommand') groups.push(Object(args.input)['MessageGroupId']);
        const answer = await next(args);
        if (commandName === 'ReceiveMessageCommand') {
          for (const message of Object(answer.output)['Messages'] ?? []) {
            message.Attributes = { ...message.Attributes, MessageGroupId: group };
          }
        }
        return answer;
      },
    { step: 'initialize', name: 'groups' },
  );
  try {
    return { result: await work(), groups };
  } finally {
    cli.sqs.middlewareStack.remove('groups');
  }
}

async function waitingIn(cli: CliFixture, url: string): Promise<number> {
  const { Attributes } = await cli.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes ?? {}).reduce((sum, count) => sum + Number(count), 0);
}

describe('hawser dlq', () => {
  it('counts the dead letters of every queue', async ({ cli }) => {
    await bury(cli, 'refresh', '{}');

    const counted = (await cli.json('dlq list')) as { queues: { queue: string; count: number }[] };

    expect(counted.queues.map(({ queue }) => queue)).toEqual(queueNames);
    expect(counted.queues.find(({ queue }) => queue === 'refresh')?.count).toBe(1);
  });

  it('shows the ids in a message, and neither sealed bytes nor user names', async ({ cli }) => {
    const id = await bury(cli, 'rescue', JSON.stringify(rescued));

    const listed = await cli.hawser('dlq list rescue');
    const shown = await cli.hawser(`dlq show rescue ${id}`);
    const programs = await cli.json(`dlq show rescue ${id}`);

    expect(listed.stdout).toMatch(
      new RegExp(`^${id} .*tenantId=bakery provider=tiktok accountId=acc-1`, 'm'),
    );
    expect(shown.stdout).toMatch(/sealed +\[masked\]/);
    expect(programs).toMatchObject({
      id,
      names: { id: 'con_1', generation: 3, sealed: '[masked]' },
    });
    expect(listed.stdout + shown.stdout + JSON.stringify(programs)).not.toContain('s4ndb0x');
  });

  it.for(['not JSON s4ndb0x', '"s4ndb0x"', '["s4ndb0x"]', 'null', '{"id":{"deep":"s4ndb0x"}}'])(
    'masks the whole of a body of unknown shape: %s',
    async (body, { cli }) => {
      const id = await bury(cli, 'rescue', body);

      const { stdout } = await cli.hawser(`dlq show rescue ${id}`);

      expect(stdout).toContain('[masked]');
      expect(stdout).not.toContain('s4ndb0x');
    },
  );

  it('shows a dead letter any number of times', async ({ cli }) => {
    const id = await bury(cli, 'rescue', JSON.stringify(rescued));

    for (let round = 0; round < 7; round += 1) {
      expect((await cli.hawser(`dlq show rescue ${id}`)).code).toBe(0);
    }
  });

  it('replays a message to its worker, which processes it', async ({ cli }) => {
    await cli.hawser('tenant create replayed');
    const jobs = createJobStore(cli.table, () => Date.now());
    const order = { kind: 'disconnect', tenantId: 'replayed' as TenantId } as const;
    const [job, other] = [await jobs.create(order), await jobs.create(order)];
    const id = await bury(cli, 'jobs', JSON.stringify({ kind: 'run_job', jobId: job.id }));
    await bury(cli, 'jobs', JSON.stringify({ kind: 'run_job', jobId: other.id }));

    const { code, stdout } = await cli.hawser(`dlq replay jobs ${id}`);

    expect({ code, stdout }).toEqual({ code: 0, stdout: '1 message has gone back to jobs.\n' });
    await eventually(async () => (await jobs.get(job.id))?.status === 'done');
    expect(await jobs.get(other.id)).toMatchObject({ status: 'running' });
    expect(await waitingIn(cli, cli.queueUrls.jobs.deadLetters)).toBe(1);
  });

  it('leaves messages that no worker can read, and says on standard error how many', async ({ cli }) => {
    await cli.hawser('tenant create partly-readable');
    const jobs = createJobStore(cli.table, () => Date.now());
    const job = await jobs.create({ kind: 'disconnect', tenantId: 'partly-readable' as TenantId });
    const { replayed: waiting } = z
      .object({ replayed: z.number() })
      .parse(await cli.json('dlq replay jobs --all'));
    const id = await bury(cli, 'jobs', 's4ndb0x, and no JSON');
    await bury(cli, 'jobs', JSON.stringify({ kind: 'of_another_queue' }));
    await bury(cli, 'jobs', JSON.stringify({ kind: 'run_job', jobId: job.id }));

    const one = await cli.hawser(`dlq replay jobs ${id}`);
    const all = await cli.hawser('dlq replay jobs --all');
    const again = await cli.json('dlq replay jobs --all');

    expect(waiting).toBe(1);
    expect([one.code, one.stdout, one.stderr]).toEqual([
      1,
      '',
      expect.stringContaining('no worker could read it'),
    ]);
    expect([all.code, all.stdout]).toEqual([0, '1 message has gone back to jobs.\n']);
    expect(all.stderr).toContain('2 messages stay, because no worker can read them.');
    expect(again).toEqual({ queue: 'jobs', replayed: 0, unreadable: 2 });
    expect(one.stderr + all.stderr).not.toContain('s4ndb0x');
    expect(await waitingIn(cli, cli.queueUrls.jobs.deadLetters)).toBe(2);
  });

  it('refuses incomplete arguments, and names an unknown queue or message', async ({ cli }) => {
    const [neither, both, unknown, none] = [
      await cli.hawser('dlq replay refresh'),
      await cli.hawser('dlq replay refresh some-id --all'),
      await cli.hawser('dlq list nowhere'),
      await cli.hawser('dlq show jobs no-such-id'),
    ];

    expect([neither.code, both.code]).toEqual([2, 2]);
    expect(unknown.stderr).toContain('There is no queue "nowhere". There are: ');
    expect(none.stderr).toContain('The dead letters of jobs hold no such message.');
  });
});

describe('a replay of dead letters', () => {
  it('sends bodies, groups and attributes unchanged, and empties the dead-letter queue', async ({ cli }) => {
    const { pair, verbs } = await openQuietQueues(cli);
    const bodies = Array.from({ length: 23 }, (_each, index) => dueMessage(`acc-${index}`));
    for (const body of bodies) {
      await cli.sqs.send(
        new SendMessageCommand({
          QueueUrl: pair.deadLetters,
          MessageBody: body,
          MessageAttributes: { why: { DataType: 'String', StringValue: 'because' } },
        }),
      );
    }

    const { result, groups } = await withGroup(cli, 'bakery', () => verbs.replayDeadLetters('refresh'));

    const received = [];
    while (received.length < bodies.length) {
      const { Messages = [] } = await cli.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: pair.queue,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      if (Messages.length === 0) break;
      received.push(...Messages);
    }
    expect(result).toEqual({ replayed: 23, unreadable: 0 });
    expect(groups).toEqual(Array(23).fill('bakery'));
    expect(received).toHaveLength(bodies.length);
    expect(new Set(received.map(({ Body }) => Body))).toEqual(new Set(bodies));
    for (const { MessageAttributes } of received) {
      expect(MessageAttributes?.['why']?.StringValue).toBe('because');
    }
    expect(await waitingIn(cli, pair.deadLetters)).toBe(0);
  });

  it('does not loop over a message that fails again meanwhile', async ({ cli }) => {
    const { pair, verbs } = await openQuietQueues(cli);
    await cli.sqs.send(
      new SendMessageCommand({ QueueUrl: pair.deadLetters, MessageBody: dueMessage('acc-1') }),
    );
    const queueUrls = Object.fromEntries(
      queueNames.map((name) => [name, { queue: pair.deadLetters, deadLetters: pair.deadLetters }]),
    ) as QueueUrls;

    const { replayed } = await deadLetterActions({ sqs: cli.sqs, queueUrls }).replayDeadLetters('refresh');

    expect(replayed).toBe(1);
    expect((await verbs.listDeadLetters('refresh')).letters).toHaveLength(1);
  });
});
