/** `hawser setup` and `hawser rotate …`: the secrets that Hawser generates itself. None is ever shown. */
import { factSheet } from '../terminal/text-table.ts';
import type { Act, Call, Group, Shown } from './call.ts';

export function defineSetup(setup: Group, act: Act): void {
  setup
    .description(
      'Generates the secrets that Hawser needs and that are still empty. Run it once after a deployment.',
    )
    .action(act(setUp));
}

export function addRotateCommands(rotate: Group, act: Act): void {
  rotate
    .command('tenant-key <TENANT>')
    .description(
      "Creates a new version of a tenant's key. Credentials sealed under older versions still open.",
    )
    .option(
      '--reseal',
      'seal every connection under the new version now, or continue a run that was interrupted within the last hour',
    )
    .action(act(rotateTenantKey));
  rotate
    .command('state-secret')
    .description(
      'Replaces the secret that signs states. Flows in progress stay valid, so rotate at most once in ten minutes.',
    )
    .action(act(rotateStateSecret));
  rotate
    .command('session-key')
    .description('Replaces the key that signs session tokens. Tokens in use stay valid.')
    .action(act(rotateSessionKey));
}

async function setUp({ operator }: Call): Promise<Shown> {
  const made = await operator.setUp();
  return {
    data: { made },
    text: made.length === 0 ? 'All secrets exist already.\n' : `Created: ${made.join(', ')}.\n`,
    note: 'Next: hawser app set PROVIDER · hawser tenant create ID',
  };
}

async function rotateTenantKey(
  { operator }: Call,
  tenantId: string,
  options: { readonly reseal?: true | undefined },
): Promise<Shown> {
  if (options.reseal) return reseal(operator, tenantId);
  const version = await operator.rotateTenantKey(tenantId);
  return {
    data: { tenantId, version },
    text: `The key of tenant ${tenantId} is now at version ${version}.\n`,
    note: 'Functions that have cached the previous version seal under it for up to five minutes. Both versions open.',
  };
}

async function reseal(operator: Call['operator'], tenantId: string): Promise<Shown> {
  const { version, made, counts } = await operator.resealTenant(tenantId);
  return {
    data: { tenantId, version, made, ...counts },
    text: factSheet([
      ['Tenant', tenantId],
      ['Key version', `${version} (${made ? 'created now' : 'created within the last hour'})`],
      ['Resealed', String(counts.resealed)],
      ['Already current', String(counts.current)],
      ['Deleted meanwhile', String(counts.gone)],
      ['Not resealed', String(counts.left)],
    ]),
    note:
      counts.left > 0
        ? 'The others kept changing, or do not open. Run the command again to retry them.'
        : 'Functions that have cached the previous version seal under it for up to five minutes. Run it again after that.',
  };
}

async function rotateStateSecret({ operator }: Call): Promise<Shown> {
  await operator.rotateStateSecret();
  return { data: { rotated: 'state-secret' }, text: 'The state secret has been replaced.\n' };
}

async function rotateSessionKey({ operator }: Call): Promise<Shown> {
  await operator.rotateSessionKey();
  return { data: { rotated: 'session-key' }, text: 'The session signing key has been replaced.\n' };
}
