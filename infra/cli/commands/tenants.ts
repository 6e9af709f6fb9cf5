/** `hawser tenant …`: the applications that call the API. */
import type { Tenant } from '../../../lib/tenants/tenant.ts';
import { factSheet, textTable, timeText } from '../terminal/text-table.ts';
import { type Call, type Command, type Shown, UsageError } from './command.ts';
import { viewJob } from './jobs.ts';

export const tenantCommands: readonly Command[] = [
  {
    usage: 'tenant create ID [--name NAME]',
    summary: 'Makes a tenant. The name is what people are shown when they are asked for access.',
    act: create,
  },
  { usage: 'tenant list', summary: 'Lists all tenants, deleted ones included.', act: list },
  { usage: 'tenant show ID', summary: 'Shows a tenant.', act: show },
  {
    usage: 'tenant set ID [--name NAME] [--direct on|off] [--kms-key ARN|none]',
    summary:
      'Changes a tenant: its name, whether flows may finish in the browser alone, its own KMS key for new key versions.',
    act: set,
  },
  {
    usage: 'tenant delete ID --yes',
    summary:
      'Ends a tenant for good: its API keys at once, its connections at the platforms, then the keys that open its credentials. Run it again when its job is done to remove apps of its own.',
    act: remove,
  },
];

async function create({ operator, arguments: [id = ''], given }: Call): Promise<Shown> {
  const tenant = await operator.createTenant(id, given.name ?? id);
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

async function show({ operator, arguments: [id = ''] }: Call): Promise<Shown> {
  return describe(await operator.requireTenant(id));
}

async function set({ operator, arguments: [id = ''], given }: Call): Promise<Shown> {
  const { name, direct, 'kms-key': kmsKeyId } = given;
  if (name === undefined && direct === undefined && kmsKeyId === undefined) {
    throw new UsageError('Say what to change.');
  }
  if (direct !== undefined && direct !== 'on' && direct !== 'off') {
    throw new UsageError('--direct is on or off.');
  }
  const tenant = await operator.changeTenant(id, {
    ...(name !== undefined && { name }),
    ...(direct !== undefined && { directLinking: direct === 'on' }),
    ...(kmsKeyId !== undefined && { kmsKeyId }),
  });
  return {
    ...describe(tenant),
    ...(kmsKeyId !== undefined && {
      note: `It holds for new versions of the tenant's key. To make one: hawser rotate tenant-key ${id}`,
    }),
  };
}

async function remove({ operator, arguments: [id = ''], given }: Call): Promise<Shown> {
  if (!given.yes) {
    throw new UsageError('This cannot be undone: nothing of the tenant opens again. Add --yes to do it.');
  }
  const { job, appsLeft } = await operator.deleteTenant(id);
  const done = job.status === 'done';
  return {
    data: { id, status: 'deleted', job: viewJob(job), appsLeft },
    text: done
      ? `Tenant ${id} has been deleted.\n`
      : `Tenant ${id} is deleted. Job ${job.id} ends its connections, and then the keys that open them.\n`,
    ...(!done && {
      note: `See how it goes: hawser jobs show ${job.id}${
        appsLeft === 0 ? '' : '. Its own apps are needed until then: run this command again when it is done.'
      }`,
    }),
  };
}

function describe(tenant: Tenant): Shown {
  const apps = Object.entries(tenant.apps).map(([provider, context]) => `${provider} (${context})`);
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
