/** `hawser connections …`: which accounts are connected, in what state. Credentials are never shown. */
import type { FollowResult } from '../../../lib/admin/connections/connection-work.ts';
import type { Wanted } from '../../../lib/admin/connections/connections.ts';
import type { Connection } from '../../../lib/connections/connection.ts';
import { viewConnection } from '../../../lib/integrations/tokens/connection-view.ts';
import { describeConnection, viewInspected } from '../terminal/connection-sheet.ts';
import { textTable, timeText } from '../terminal/text-table.ts';
import type { Act, Call, Group, Shown } from './call.ts';

type WaitOption = { readonly wait?: true | undefined };

export function addConnectionCommands(connections: Group, act: Act): void {
  connections
    .command('list <TENANT>')
    .description("Lists a tenant's connections.")
    .option('--user <USER>', 'list the connections of this user only')
    .action(act(list));
  connections
    .command('show <TENANT> <PROVIDER> <ACCOUNT>')
    .description('Shows everything about a connection except its credentials.')
    .action(act((call, ...[tenantId, provider, accountId]) => show(call, { tenantId, provider, accountId })));
  connections
    .command('refresh <TENANT> <PROVIDER> <ACCOUNT>')
    .description('Queues a refresh of a connection for the worker.')
    .option('--wait', 'wait for the result')
    .action(
      act((call, ...[tenantId, provider, accountId, options]) =>
        refresh(call, { tenantId, provider, accountId }, options),
      ),
    );
  connections
    .command('disconnect <TENANT> <PROVIDER> <ACCOUNT>')
    .description('Disconnects an account, here at once and by the worker at the platform.')
    .option('--wait', 'wait for the result')
    .action(
      act((call, ...[tenantId, provider, accountId, options]) =>
        disconnect(call, { tenantId, provider, accountId }, options),
      ),
    );
}

async function list(
  { operator }: Call,
  tenantId: string,
  { user }: { readonly user?: string | undefined },
): Promise<Shown> {
  const connections = await operator.listConnections(tenantId, user);
  const rows = connections.map((connection) => [
    connection.id,
    connection.userId,
    connection.provider,
    connection.accountId,
    connection.status + (connection.statusReason === undefined ? '' : ` (${connection.statusReason})`),
    connection.expiresAt === undefined ? 'unknown' : timeText(connection.expiresAt),
  ]);
  return {
    data: { connections: connections.map(viewConnection) },
    text:
      rows.length === 0
        ? ''
        : textTable(['CONNECTION', 'USER', 'PROVIDER', 'ACCOUNT', 'STATUS', 'TOKEN EXPIRES'], rows),
    ...(rows.length === 0 && { note: 'There are no connections.' }),
  };
}

async function show({ operator }: Call, wanted: Wanted): Promise<Shown> {
  const inspected = await operator.inspectConnection(wanted);
  return { data: viewInspected(inspected), text: describeConnection(inspected) };
}

async function refresh({ operator }: Call, wanted: Wanted, { wait }: WaitOption): Promise<Shown> {
  const before = await operator.refreshConnection(wanted);
  if (!wait) return queued(before, 'The refresh is queued for the worker.', 'due');
  const followed = await operator.followConnection(before);
  const isRefreshed = followed.kind === 'changed' && followed.connection.generation > before.generation;
  return outcome(before, followed, isRefreshed ? 'It has been refreshed.' : undefined);
}

async function disconnect({ operator }: Call, wanted: Wanted, { wait }: WaitOption): Promise<Shown> {
  const before = await operator.disconnectConnection(wanted);
  if (!wait) {
    return queued(
      before,
      'No token is handed out any more; the revocation is queued for the worker.',
      'disconnecting',
    );
  }
  return outcome(before, await operator.followConnection(before), undefined);
}

function queued(before: Connection, sentence: string, state: string): Shown {
  const { tenantId, provider, accountId } = before;
  return {
    data: { id: before.id, outcome: state, generation: before.generation },
    text: `${sentence}\n`,
    note: `Follow it with: hawser connections show ${tenantId} ${provider} ${accountId}`,
  };
}

/** The result of waiting: a word for programs and a sentence for people. */
function outcome(before: Connection, followed: FollowResult, refreshed: string | undefined): Shown {
  const { id } = before;
  if (followed.kind === 'gone') {
    return { data: { id, outcome: 'gone' }, text: 'The connection has ended.\n' };
  }
  if (followed.kind === 'waiting') {
    return {
      data: { id, outcome: 'waiting' },
      text: 'No worker has processed it yet.\n',
      note: 'Is its provider paused, or the refresh queue long? See hawser provider list and hawser queue stats.',
    };
  }
  const { connection } = followed;
  const view = viewConnection(connection);
  if (refreshed !== undefined) {
    const until =
      connection.expiresAt === undefined ? '' : ` The token expires ${timeText(connection.expiresAt)}.`;
    return { data: { id, outcome: 'refreshed', connection: view }, text: `${refreshed}${until}\n` };
  }
  const reason = connection.statusReason === undefined ? '' : ` (${connection.statusReason})`;
  const again = connection.dueAt === undefined ? 'none' : timeText(connection.dueAt);
  return {
    data: {
      id,
      outcome: connection.status === before.status ? 'postponed' : connection.status,
      connection: view,
    },
    text: `It is ${connection.status}${reason}, after ${connection.failures ?? 0} failures in a row; next attempt: ${again}.\n`,
  };
}
