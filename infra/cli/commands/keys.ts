/** `hawser key …`: the API keys with which a tenant's backend authenticates. */
import { textTable, timeText } from '../terminal/text-table.ts';
import type { Act, Call, Group, Shown } from './call.ts';

export function addKeyCommands(keys: Group, act: Act): void {
  keys
    .command('create <TENANT>')
    .description('Creates an API key and prints it, once. Only a digest of it is stored.')
    .option('--label <LABEL>', 'a name by which you will recognise the key')
    .action(act(create));
  keys.command('list <TENANT>').description("Lists a tenant's keys by their ids.").action(act(list));
  keys
    .command('revoke <TENANT> <KEY_ID>')
    .description('Revokes a key. It stops working within 60 seconds.')
    .action(act(revoke));
}

/** Prints the key alone on standard output, so that it can be piped to where it will be kept. */
async function create(
  { operator }: Call,
  tenantId: string,
  { label = '' }: { readonly label?: string | undefined },
): Promise<Shown> {
  const { id, text } = await operator.createApiKey(tenantId, label);
  const key = text.reveal();
  return {
    data: { id, tenantId, label, key },
    text: `${key}\n`,
    note: `This is key ${id}. Keep it now: it is not shown again.`,
  };
}

async function list({ operator }: Call, tenantId: string): Promise<Shown> {
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

async function revoke({ operator }: Call, tenantId: string, id: string): Promise<Shown> {
  await operator.revokeApiKey(tenantId, id);
  return {
    data: { id, tenantId, status: 'revoked' },
    text: `Key ${id} has been revoked.\n`,
    note: 'Functions that have cached it refuse it within 60 seconds.',
  };
}
