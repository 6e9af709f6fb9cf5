/** `hawser setup` and `hawser rotate …`: the secrets that Hawser makes itself. None is ever shown. */

import { factSheet } from '../terminal/text-table.ts';
import type { Call, Command, Shown } from './command.ts';

export const secretCommands: readonly Command[] = [
  {
    usage: 'setup',
    summary:
      'Fills the secrets that Hawser makes itself, where they are still empty. Once after a deployment.',
    act: setUp,
  },
  {
    usage: 'rotate tenant-key TENANT [--reseal]',
    summary:
      "Makes a new version of a tenant's key. What is sealed stays readable; --reseal seals every connection anew at once, and goes on where a run within the last hour was interrupted.",
    act: rotateTenantKey,
  },
  {
    usage: 'rotate state-secret',
    summary:
      'Replaces the secret that signs states. Flows under way stay valid, so rotate once in ten minutes at most.',
    act: rotateStateSecret,
  },
  {
    usage: 'rotate session-key',
    summary: 'Replaces the key that signs session tokens. Tokens in use stay valid.',
    act: rotateSessionKey,
  },
];

async function setUp({ operator }: Call): Promise<Shown> {
  const made = await operator.setUp();
  return {
    data: { made },
    text: made.length === 0 ? 'Everything was there already.\n' : `Made: ${made.join(', ')}.\n`,
    note: 'Next: hawser app set PROVIDER · hawser tenant create ID',
  };
}

async function rotateTenantKey({ operator, arguments: [tenantId = ''], given }: Call): Promise<Shown> {
  if (given.reseal) return reseal(operator, tenantId);
  const version = await operator.rotateTenantKey(tenantId);
  return {
    data: { tenantId, version },
    text: `The key of tenant ${tenantId} is now at version ${version}.\n`,
    note: 'Functions that hold the version before seal under it for five minutes more. Both open.',
  };
}

async function reseal(operator: Call['operator'], tenantId: string): Promise<Shown> {
  const { version, made, counts } = await operator.resealTenant(tenantId);
  return {
    data: { tenantId, version, made, ...counts },
    text: factSheet([
      ['Tenant', tenantId],
      ['Key version', `${version} (${made ? 'made now' : 'made within the last hour'})`],
      ['Sealed anew', String(counts.resealed)],
      ['Were so already', String(counts.current)],
      ['Gone meanwhile', String(counts.gone)],
      ['Left as they were', String(counts.left)],
    ]),
    note:
      counts.left > 0
        ? 'Those left changed all the time, or do not open. Run it again to look at them once more.'
        : 'Functions that hold the version before seal under it for five minutes more. Run it again after that.',
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
