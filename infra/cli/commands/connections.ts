/** `hawser connections …`: who is connected to what, in what state, and what to do about it. Nothing that is sealed can be shown here. */

import type { Followed } from '../../../lib/admin/connections/connection-work.ts';
import type { Wanted } from '../../../lib/admin/connections/connections.ts';
import type { Connection } from '../../../lib/connections/connection.ts';
import { viewConnection } from '../../../lib/integrations/connection-view.ts';
import { describeConnection, viewInspected } from '../terminal/connection-sheet.ts';
import { textTable, timeText } from '../terminal/text-table.ts';
import type { Call, Command, Shown } from './command.ts';

export const connectionCommands: readonly Command[] = [
  {
    usage: 'connections list TENANT [--user USER]',
    summary: "Lists a tenant's connections, or those of one of its users.",
    act: list,
  },
  {
    usage: 'connections show TENANT PROVIDER ACCOUNT',
    summary: 'Shows all that is known of a connection but its credentials.',
    act: show,
  },
  {
    usage: 'connections refresh TENANT PROVIDER ACCOUNT [--wait]',
    summary: 'Has a connection renewed now, by the worker; --wait says how that went.',
    act: refresh,
  },
  {
    usage: 'connections disconnect TENANT PROVIDER ACCOUNT [--wait]',
    summary: 'Ends a connection, here and at the platform, by the worker; --wait says how that went.',
    act: disconnect,
  },
];

async function list({ operator, arguments: [tenantId = ''], given }: Call): Promise<Shown> {
  const connections = await operator.listConnections(tenantId, given.user);
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

async function show(call: Call): Promise<Shown> {
  const inspected = await call.operator.inspectConnection(wantedIn(call));
  return { data: viewInspected(inspected), text: describeConnection(inspected) };
}

async function refresh(call: Call): Promise<Shown> {
  const { operator, given } = call;
  const before = await operator.refreshConnection(wantedIn(call));
  if (!given.wait) return asked(before, 'It is with the worker.', 'due');
  const followed = await operator.followConnection(before);
  const renewed = followed.kind === 'changed' && followed.connection.generation > before.generation;
  return outcome(before, followed, renewed ? 'It has been renewed.' : undefined);
}

async function disconnect(call: Call): Promise<Shown> {
  const { operator, given } = call;
  const before = await operator.disconnectConnection(wantedIn(call));
  if (!given.wait) {
    return asked(
      before,
      'No token is handed out any more; the revocation is with the worker.',
      'disconnecting',
    );
  }
  return outcome(before, await operator.followConnection(before), undefined);
}

function asked(before: Connection, sentence: string, state: string): Shown {
  const { tenantId, provider, accountId } = before;
  return {
    data: { id: before.id, outcome: state, generation: before.generation },
    text: `${sentence}\n`,
    note: `See how it goes: hawser connections show ${tenantId} ${provider} ${accountId}`,
  };
}

/** What a follower saw, in a word for programs and a sentence for people. */
function outcome(before: Connection, followed: Followed, renewed: string | undefined): Shown {
  const { id } = before;
  if (followed.kind === 'gone') {
    return { data: { id, outcome: 'gone' }, text: 'The connection has ended.\n' };
  }
  if (followed.kind === 'waiting') {
    return {
      data: { id, outcome: 'waiting' },
      text: 'Nobody has worked on it yet.\n',
      note: 'Is its provider paused, or the queue refresh long? See hawser provider list and hawser dlq list.',
    };
  }
  const { connection } = followed;
  const view = viewConnection(connection);
  if (renewed !== undefined) {
    const until =
      connection.expiresAt === undefined ? '' : ` The token ends ${timeText(connection.expiresAt)}.`;
    return { data: { id, outcome: 'renewed', connection: view }, text: `${renewed}${until}\n` };
  }
  const reason = connection.statusReason === undefined ? '' : ` (${connection.statusReason})`;
  const again = connection.dueAt === undefined ? 'not again' : `again ${timeText(connection.dueAt)}`;
  return {
    data: {
      id,
      outcome: connection.status === before.status ? 'postponed' : connection.status,
      connection: view,
    },
    text: `It is ${connection.status}${reason}, after ${connection.failures ?? 0} failures in a row; it is tried ${again}.\n`,
  };
}

function wantedIn({ arguments: [tenantId = '', provider = '', accountId = ''] }: Call): Wanted {
  return { tenantId, provider, accountId };
}
