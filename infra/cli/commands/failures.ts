/** `hawser failures …` and `hawser queue …`: filed failures, and how full the queues are. */

import type { WhoseFailures } from '../../../lib/admin/failures/failures.ts';
import type { Failure } from '../../../lib/failures/failure-store.ts';
import { failureView } from '../../../lib/failures/failure-views.ts';
import { replayReport } from '../terminal/replay-report.ts';
import { factSheet, textTable, timeText } from '../terminal/text-table.ts';
import { UsageError } from '../terminal/usage-error.ts';
import type { Act, Call, Group, Shown } from './call.ts';

interface Scope {
  readonly tenant?: string | undefined;
  readonly all?: true | undefined;
}

export function addFailureCommands(failures: Group, act: Act): void {
  failures
    .command('list')
    .description(
      'Lists events and deliveries that failed for good: those that belong to no tenant, unless an option says otherwise.',
    )
    .option('--tenant <TENANT>', "list this tenant's failures")
    .option('--all', 'list the failures of all tenants, and of none')
    .action(act(list));
  failures
    .command('show <ID>')
    .description("Shows a failure. The event's own data is masked.")
    .option('--tenant <TENANT>', 'the tenant to which the failure belongs')
    .action(act(show));
  failures
    .command('replay [ID]')
    .description('Sends a failure through its queue again.')
    .option('--tenant <TENANT>', 'the tenant to which the failure belongs')
    .option('--all', "replay every failure that has not been replayed: the tenant's, or without a tenant all")
    .action(act(replay));
}

export function addQueueCommands(queues: Group, act: Act): void {
  queues
    .command('stats')
    .description(
      'Counts the messages of every queue: waiting, in flight, delayed, dead, filed as failed; and dates the oldest failed one.',
    )
    .action(act(stats));
}

async function list({ operator }: Call, scope: Scope): Promise<Shown> {
  const { failures, more } = await operator.listFailures(whose(scope));
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
    ...(rows.length === 0 && { note: nothingFailed(scope) }),
    ...(more && { note: 'There are more than these.' }),
  };
}

async function show({ operator }: Call, id: string, { tenant }: Scope): Promise<Shown> {
  const failure = await operator.findFailure(id, tenant);
  const { sentAt, failedAt, replayedAt, data, ...shown } = failureView(failure);
  const words: Readonly<Record<string, string | number | null>> = {
    ...shown,
    tenantId: failure.tenantId ?? null,
    appId: failure.appId ?? null,
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

async function replay({ operator }: Call, id: string | undefined, scope: Scope): Promise<Shown> {
  if ((id === undefined) !== (scope.all === true)) {
    throw new UsageError('Say which one: an ID as `hawser failures list` shows it, or --all.');
  }
  if (id !== undefined) {
    const failure = await operator.replayFailure(id, scope.tenant);
    return { data: view(failure), text: `The message has gone back to ${failure.queue}.\n` };
  }
  const counts = await operator.replayFailures(whose(scope));
  return { data: counts, ...replayReport(counts, 'their queues') };
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

function nothingFailed({ all, tenant }: Scope): string {
  if (all) return 'Nothing has failed in the last two weeks.';
  if (tenant !== undefined) return `Nothing of tenant "${tenant}" has failed in the last two weeks.`;
  return "Nothing that is no tenant's has failed in the last two weeks. See the tenants' with --tenant TENANT or --all.";
}

function whose({ tenant, all }: Scope): WhoseFailures {
  return { ...(tenant !== undefined && { tenantId: tenant }), ...(all && { everybody: true }) };
}

function view(failure: Failure) {
  return { tenantId: failure.tenantId ?? null, appId: failure.appId ?? null, ...failureView(failure) };
}
