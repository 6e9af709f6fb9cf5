/** `hawser failures` and `hawser queue`: what was filed can be seen by its ids, and sent again. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect } from 'vitest';
import { z } from 'zod';
import type { CliFixture } from '../../support/cli/cli-fixture.ts';
import { eventually } from '../../support/eventually.ts';
import { it } from '../../support/fixtures/cli.ts';

const listed = z.object({
  failures: z.array(
    z.object({
      id: z.string(),
      tenantId: z.nullable(z.string()),
      eventId: z.nullable(z.string()),
      status: z.string(),
    }),
  ),
});

it.beforeAll(async ({ cli }) => {
  await cli.hawser('tenant create bakery');
});

const eventOf = (id: string, connection?: object) => ({
  kind: 'webhook_event',
  appId: 'instagram',
  provider: 'instagram',
  receivedAt: Date.now(),
  event: { id, type: 'comments', effect: 'none', accountId: '17', data: { text: 's4ndb0x words' } },
  ...(connection && { connection }),
});
const ofBakery = { id: 'con_17', tenantId: 'bakery', accountId: '17' };

/** Files a message as the stack does, and waits until it is. */
async function file(cli: CliFixture, body: unknown, options = ''): Promise<string> {
  const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
  const before = await idsOf(cli, options);
  await cli.sqs.send(new SendMessageCommand({ QueueUrl: cli.queueUrls.incoming.deadLetters, MessageBody }));
  let filed: string | undefined;
  await eventually(async () => {
    filed = (await idsOf(cli, options)).find((id) => !before.includes(id));
    return filed !== undefined;
  });
  return filed ?? '';
}
const list = async (cli: CliFixture, options = '') =>
  listed.parse(await cli.json(`failures list ${options}`)).failures;
const idsOf = async (cli: CliFixture, options: string) => (await list(cli, options)).map(({ id }) => id);

describe('hawser failures', () => {
  it('names the owner whose failures it searched in vain, and where to look for others', async ({ cli }) => {
    const [own, tenants, all] = [
      await cli.hawser('failures list'),
      await cli.hawser('failures list --tenant bakery'),
      await cli.hawser('failures list --all'),
    ];

    expect(own.stderr).toContain("Nothing that is no tenant's has failed in the last two weeks.");
    expect(own.stderr).toContain('--tenant TENANT or --all');
    expect(tenants.stderr).toContain('Nothing of tenant "bakery" has failed in the last two weeks.');
    expect(all.stderr).toContain('Nothing has failed in the last two weeks.');
  });

  it('lists the failures without a tenant, of one tenant, or all, and never shows text from a platform', async ({
    cli,
  }) => {
    await file(cli, eventOf('e-nobody'));
    await file(cli, eventOf('e-bakery', ofBakery), '--tenant bakery');
    await file(cli, 's4ndb0x, and nothing that anybody can read');

    const own = await cli.hawser('failures list');
    const all = await list(cli, '--all');

    expect(own.stdout).toMatch(/incoming +instagram +comments +PROCESSING_FAILED +\d+ +failed/);
    expect(own.stdout).toMatch(/incoming +- +unreadable +unreadable/);
    expect(own.stdout).not.toContain('bakery');
    expect(own.stdout + own.stderr).not.toContain('s4ndb0x');
    expect(
      all.map(({ tenantId }) => String(tenantId)).toSorted((one, other) => one.localeCompare(other)),
    ).toEqual(['bakery', 'null', 'null']);
  });

  it('shows one failure with its values masked', async ({ cli }) => {
    const id = await file(cli, eventOf('e-show', ofBakery), '--tenant bakery');

    const { stdout, code } = await cli.hawser(`failures show ${id} --tenant bakery`);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^eventId +e-show$/m);
    expect(stdout).toMatch(/^tenantId +bakery$/m);
    expect(stdout).toMatch(/^· text +\[masked\]$/m);
    expect(stdout).not.toContain('s4ndb0x');
  });

  it('finds the failure of a tenant only with --tenant', async ({ cli }) => {
    const id = await file(cli, eventOf('e-whose', ofBakery), '--tenant bakery');

    for (const command of ['show', 'replay']) {
      const { code, stderr } = await cli.hawser(`failures ${command} ${id}`);
      expect([code, stderr]).toEqual([1, expect.stringContaining('There is no such failure')]);
    }
  });

  it('replays one failure, or all readable ones that were not replayed yet', async ({ cli }) => {
    const id = await file(cli, eventOf('e-one', ofBakery), '--tenant bakery');

    const one = await cli.hawser(`failures replay ${id} --tenant bakery`);
    const rest = await cli.hawser('failures replay --all');
    const nothing = await cli.hawser('failures replay --all');

    expect(one.stdout).toBe('The message has gone back to incoming.\n');
    expect(rest.stdout).toMatch(/^\d+ messages have gone back/);
    expect(nothing.stdout).toBe('0 messages have gone back to their queues.\n');
    const left = (await list(cli, '--all')).filter(({ status }) => status === 'failed');
    expect(left.map(({ eventId }) => eventId)).toEqual([null]);
  });

  it('leaves failures that no worker can read, and says on standard error how many', async ({ cli }) => {
    const unreadable = (await list(cli)).filter(({ status }) => status === 'failed').map(({ id }) => id);

    const one = await cli.hawser(`failures replay ${unreadable[0]}`);
    const all = await cli.hawser('failures replay --all');

    expect(unreadable).toHaveLength(1);
    expect([one.code, one.stderr]).toEqual([1, expect.stringContaining('no worker could read it')]);
    expect(all).toMatchObject({
      code: 0,
      stdout: '0 messages have gone back to their queues.\n',
      stderr: expect.stringContaining('1 message stays, because no worker can read it.'),
    });
    expect(await cli.json('failures replay --all')).toEqual({ replayed: 0, unreadable: 1 });
    expect((await list(cli)).find(({ id }) => id === unreadable[0])).toMatchObject({ status: 'failed' });
  });

  it('refuses a replay without an id or --all', async ({ cli }) => {
    expect(await cli.hawser('failures replay')).toMatchObject({ code: 2 });
    expect(await cli.hawser('failures list --tenant nobody')).toMatchObject({ code: 1 });
  });
});

describe('hawser jobs list', () => {
  it('says that it lists running jobs only, and where finished ones are', async ({ cli }) => {
    const own = await cli.hawser('jobs list');
    const tenants = await cli.hawser('jobs list --tenant bakery');

    expect(own.stderr).toContain('No job is under way. See those of a tenant, done ones included,');
    expect(tenants.stderr).toContain('There are no jobs of tenant "bakery".');
  });
});

describe('hawser queue stats', () => {
  it('counts the messages in every queue, and the failures filed from it', async ({ cli }) => {
    await cli.hawser('failures replay --all');
    await file(cli, eventOf('e-count', ofBakery), '--tenant bakery');

    const { queues } = z
      .object({ queues: z.array(z.record(z.string(), z.unknown())) })
      .parse(await cli.json('queue stats'));
    const { stdout } = await cli.hawser('queue stats');

    const incoming = queues.find(({ queue }) => queue === 'incoming');
    // The unreadable failure remains.
    expect(incoming).toMatchObject({ waiting: expect.any(Number), deadLetters: 0, failed: 2 });
    expect(Date.parse(String(incoming?.['oldestFailedAt']))).toBeLessThan(Date.now());
    expect(queues.find(({ queue }) => queue === 'jobs')).toMatchObject({ failed: 0, oldestFailedAt: null });
    expect(stdout).toMatch(/^QUEUE +WAITING +IN FLIGHT +DELAYED +DEAD LETTERS +FAILED +OLDEST FAILED$/m);
  });

  it('shows the age of the oldest unfiled dead letter, and leaves dead letters visible to other consumers', async ({
    cli,
  }) => {
    const before = Date.now();
    const { deadLetters } = cli.queueUrls.rescue;
    for (const MessageBody of ['{"id":"con_1"}', '{"id":"con_2"}']) {
      await cli.sqs.send(new SendMessageCommand({ QueueUrl: deadLetters, MessageBody }));
    }
    const sent = z.object({ letters: z.array(z.object({ id: z.string(), sentAt: z.string() })) });

    const { queues } = z
      .object({ queues: z.array(z.record(z.string(), z.unknown())) })
      .parse(await cli.json('queue stats'));

    const { letters } = sent.parse(await cli.json('dlq list rescue'));
    expect(letters.length).toBe(2);
    const rescue = queues.find(({ queue }) => queue === 'rescue');
    expect(rescue).toMatchObject({ deadLetters: 2, failed: 0, oldestFailedAt: letters[0]?.sentAt });
    expect(Date.parse(String(rescue?.['oldestFailedAt']))).toBeGreaterThanOrEqual(before - 1_000);
  });
});
