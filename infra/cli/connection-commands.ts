/** `hawser connections …`: who is connected to what, and in what state. Nothing that is sealed can be shown here. */
import { viewConnection } from '../../lib/integrations/connection-view.ts';
import type { Call, Command, Shown } from './command.ts';
import { textTable, timeText } from './text-table.ts';

export const connectionCommands: readonly Command[] = [
  {
    usage: 'connections list TENANT [--user USER]',
    summary: "Lists a tenant's connections, or those of one of its users.",
    act: list,
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
