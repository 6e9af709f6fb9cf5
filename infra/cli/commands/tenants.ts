/** `hawser tenant …`: the applications that call the API. */
import { Option } from '@commander-js/extra-typings';
import type { Tenant } from '../../../lib/tenants/tenant.ts';
import { factSheet, textTable, timeText } from '../terminal/text-table.ts';
import { UsageError } from '../terminal/usage-error.ts';
import type { Act, Call, Group, Shown } from './call.ts';
import { viewJob } from './jobs.ts';

interface Changes {
  readonly name?: string | undefined;
  readonly direct?: 'on' | 'off' | undefined;
  readonly kmsKey?: string | undefined;
}

export function addTenantCommands(tenants: Group, act: Act): void {
  tenants
    .command('create <ID>')
    .description('Creates a tenant.')
    .option('--name <NAME>', 'what people read when they are asked for access; the id unless given')
    .action(act(create));
  tenants.command('list').description('Lists all tenants, deleted ones included.').action(act(list));
  tenants.command('show <ID>').description('Shows a tenant.').action(act(show));
  tenants
    .command('set <ID>')
    .description('Changes a tenant.')
    .option('--name <NAME>', 'what people read when they are asked for access')
    .addOption(
      new Option('--direct <on|off>', 'whether flows may finish in the browser alone').choices(['on', 'off']),
    )
    .option('--kms-key <ARN|none>', "the tenant's own KMS key for new versions of its key")
    .action(act(set));
  tenants
    .command('delete <ID>')
    .description(
      'Deletes a tenant for good: its API keys at once, its connections at the platforms, then the keys that open its credentials. Run it again when its job is done, to remove its own apps.',
    )
    .requiredOption('--yes', 'confirm; this cannot be undone, and nothing of the tenant opens again')
    .action(act(remove));
}

async function create(
  { operator }: Call,
  id: string,
  { name = id }: { readonly name?: string | undefined },
): Promise<Shown> {
  const tenant = await operator.createTenant(id, name);
  return {
    ...describe(tenant),
    note: `Next: hawser key create ${id} · hawser return-url add ${id} URL`,
  };
}

async function list({ operator }: Call): Promise<Shown> {
  const tenants = await operator.listTenants();
  const rows = tenants.map((tenant) => [
    tenant.id,
    tenant.name,
    tenant.status,
    tenant.directLinking ? 'on' : 'off',
    timeText(tenant.createdAt),
  ]);
  return {
    data: { tenants: tenants.map(view) },
    text: rows.length === 0 ? '' : textTable(['ID', 'NAME', 'STATUS', 'DIRECT', 'CREATED'], rows),
    ...(rows.length === 0 && { note: 'There are no tenants yet. Next: hawser tenant create ID' }),
  };
}

async function show({ operator }: Call, id: string): Promise<Shown> {
  return describe(await operator.requireTenant(id));
}

async function set({ operator }: Call, id: string, changes: Changes): Promise<Shown> {
  const { name, direct, kmsKey: kmsKeyId } = changes;
  if (name === undefined && direct === undefined && kmsKeyId === undefined) {
    throw new UsageError('Give at least one option to change.');
  }
  const tenant = await operator.changeTenant(id, {
    ...(name !== undefined && { name }),
    ...(direct !== undefined && { directLinking: direct === 'on' }),
    ...(kmsKeyId !== undefined && { kmsKeyId }),
  });
  return {
    ...describe(tenant),
    ...(kmsKeyId !== undefined && {
      note: `It applies to new versions of the tenant's key. To create one: hawser rotate tenant-key ${id}`,
    }),
  };
}

async function remove({ operator }: Call, id: string): Promise<Shown> {
  const { job, appsLeft } = await operator.deleteTenant(id);
  const done = job.status === 'done';
  return {
    data: { id, status: 'deleted', job: viewJob(job), appsLeft },
    text: done
      ? `Tenant ${id} has been deleted.\n`
      : `Tenant ${id} is deleted. Job ${job.id} ends its connections, and then the keys that open them.\n`,
    ...(!done && {
      note: `Follow it with: hawser jobs show ${job.id}${
        appsLeft === 0 ? '' : '. Its own apps are needed until then: run this command again when it is done.'
      }`,
    }),
  };
}

function describe(tenant: Tenant): Shown {
  const apps = Object.entries(tenant.apps).map(([provider, appId]) => `${provider} (${appId})`);
  return {
    data: view(tenant),
    text: factSheet([
      ['Tenant', tenant.id],
      ['Name', tenant.name],
      ['Status', tenant.status],
      ['Direct linking', tenant.directLinking ? 'on' : 'off'],
      ['Return URLs', tenant.returnUrls.join(', ') || 'none'],
      ['Own apps', apps.join(', ') || 'none'],
      ['KMS key', tenant.kmsKeyId ?? "the vault's"],
      ['Created', timeText(tenant.createdAt)],
    ]),
  };
}

function view({ createdAt, ...tenant }: Tenant) {
  return { ...tenant, createdAt: timeText(createdAt) };
}
