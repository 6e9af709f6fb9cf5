/** `hawser key …`: the API keys by which a tenant's backend proves itself. */

import { textTable, timeText } from '../terminal/text-table.ts';
import type { Call, Command, Shown } from './command.ts';

export const keyCommands: readonly Command[] = [
  {
    usage: 'key create TENANT [--label LABEL]',
    summary: 'Makes an API key and prints it, this once. Only a digest of it is stored.',
    act: create,
  },
  { usage: 'key list TENANT', summary: "Lists a tenant's keys by their ids.", act: list },
  { usage: 'key revoke TENANT KEY_ID', summary: 'Ends a key within 60 seconds.', act: revoke },
];

/** Standard output is the key alone, so that it can be piped to where it will be kept. */
async function create({ operator, arguments: [tenantId = ''], given }: Call): Promise<Shown> {
  const label = given.label ?? '';
  const { id, text } = await operator.createApiKey(tenantId, label);
  const key = text.reveal();
  return {
    data: { id, tenantId, label, key },
    text: `${key}\n`,
    note: `This is key ${id}. Keep it now: it is not shown again.`,
  };
}

async function list({ operator, arguments: [tenantId = ''] }: Call): Promise<Shown> {
  const keys = await operator.listApiKeys(tenantId);
  const rows = keys.map(({ id, label, status, createdAt }) => [id, label, status, timeText(createdAt)]);
  return {
    data: {
      keys: keys.map(({ id, label, status, createdAt }) => ({
        id,
        label,
        status,
        createdAt: timeText(createdAt),
      })),
    },
    text: rows.length === 0 ? '' : textTable(['KEY ID', 'LABEL', 'STATUS', 'CREATED'], rows),
    ...(rows.length === 0 && { note: `There are no keys yet. Next: hawser key create ${tenantId}` }),
  };
}

async function revoke({ operator, arguments: [tenantId = '', id = ''] }: Call): Promise<Shown> {
  await operator.revokeApiKey(tenantId, id);
  return {
    data: { id, tenantId, status: 'revoked' },
    text: `Key ${id} has been revoked.\n`,
    note: 'Functions that hold it in memory refuse it within 60 seconds.',
  };
}
