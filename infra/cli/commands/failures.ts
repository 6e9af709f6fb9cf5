/** `hawser failures …` and `hawser queue …`: what failed for good and was filed, and how full the queues are. */
import type { Failure } from '../../../lib/webhooks/failure-store.ts';
import { viewOf } from '../../../lib/webhooks/list-failures.ts';
import { factSheet, textTable, timeText } from '../terminal/text-table.ts';
import { type Call, type Command, type Shown, UsageError } from './command.ts';

export const failureCommands: readonly Command[] = [
  {
    usage: 'failures list [--tenant TENANT] [--all]',
    summary:
      "Lists events and deliveries that failed for good: those that are no tenant's, those of one tenant, or all.",
    act: list,
  },
  {
    usage: 'failures show ID [--tenant TENANT]',
    summary: 'Shows what is known of a failure. What the event brought with it is masked.',
    act: show,
  },
  {
    usage: 'failures replay [ID] [--tenant TENANT] [--all]',
    summary:
      'Sends a failure through its queue again; with --all those of the tenant, or without a tenant everything that was not sent again yet.',
    act: replay,
  },
  {
    usage: 'queue stats',
    summary:
      'Counts the messages of every queue: waiting, being worked on, put off, dead, filed as failed; and since when the oldest of those that failed is there.',
    act: stats,
  },
];

async function list({ operator, given }: Call): Promise<Shown> {
  const { failures, more } = await operator.listFailures(whose(given));
  const rows = failures.map((failure) => [
    failure.id,
    failure.tenantId ?? '-',
    failure.queue,
    failure.provider ?? '-',
    failure.type,
    failure.error,
    String(failure.tries),
    failure.status,
  ]);
  const headings = ['ID', 'TENANT', 'QUEUE', 'PROVIDER', 'TYPE', 'ERROR', 'TRIES', 'STATUS'];
  return {
    data: { failures: failures.map(view), more },
    text: rows.length === 0 ? '' : textTable(headings, rows),
    ...(rows.length === 0 && { note: nothingFailed(given) }),
    ...(more && { note: 'There are more than these.' }),
  };
}

async function show({ operator, given, arguments: [id = ''] }: Call): Promise<Shown> {
  const failure = await operator.findFailure(id, given.tenant);
  const { sentAt, failedAt, replayedAt, data, ...shown } = viewOf(failure);
  const words: Readonly<Record<string, string | number | null>> = {
    ...shown,
    tenantId: failure.tenantId ?? null,
    context: failure.context ?? null,
    sentAt,
    failedAt,
    replayedAt,
  };
  const known = Object.entries(words).flatMap(([name, value]) =>
    value === null ? [] : [[name, String(value)] as const],
  );
  const masked = Object.entries(data).map(([name, value]) => [`· ${name}`, value] as const);
  return { data: view(failure), text: factSheet([...known, ...masked]) };
}

async function replay({ operator, given, arguments: [id] }: Call): Promise<Shown> {
  if ((id === undefined) !== (given.all === true)) {
    throw new UsageError('Say which one: an ID as `hawser failures list` shows it, or --all.');
  }
  if (id !== undefined) {
    const failure = await operator.replayFailure(id, given.tenant);
    return { data: view(failure), text: `The message has gone back to ${failure.queue}.\n` };
  }
  const replayed = await operator.replayFailures(whose(given));
  return {
    data: { replayed },
    text: `${replayed} ${replayed === 1 ? 'message has' : 'messages have'} gone back to their queues.\n`,
  };
}

async function stats({ operator }: Call): Promise<Shown> {
  const found = await operator.queueStatistics();
  const rows = found.map((one) => [
    one.queue,
    ...[one.waiting, one.inFlight, one.delayed, one.deadLetters, one.failed].map(String),
    one.oldestFailedAt === undefined ? '-' : timeText(one.oldestFailedAt),
  ]);
  return {
    data: {
      queues: found.map(({ oldestFailedAt, ...one }) => ({
        ...one,
        oldestFailedAt: oldestFailedAt === undefined ? null : timeText(oldestFailedAt),
      })),
    },
    text: textTable(
      ['QUEUE', 'WAITING', 'IN FLIGHT', 'DELAYED', 'DEAD LETTERS', 'FAILED', 'OLDEST FAILED'],
      rows,
    ),
  };
}

function nothingFailed({ all, tenant }: Call['given']): string {
  if (all) return 'Nothing has failed in the last two weeks.';
  if (tenant !== undefined) return `Nothing of tenant "${tenant}" has failed in the last two weeks.`;
  return "Nothing that is no tenant's has failed in the last two weeks. See the tenants' with --tenant TENANT or --all.";
}

function whose(given: Call['given']) {
  return {
    ...(given.tenant !== undefined && { tenantId: given.tenant }),
    ...(given.all && { everybody: true }),
  };
}

function view(failure: Failure) {
  return { tenantId: failure.tenantId ?? null, context: failure.context ?? null, ...viewOf(failure) };
}
