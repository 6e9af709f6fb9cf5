/** `hawser setup` and `hawser rotate …`: the secrets that Hawser makes itself. None is ever shown. */
import type { Call, Command, Shown } from './command.ts';

export const secretCommands: readonly Command[] = [
  {
    usage: 'setup',
    summary:
      'Fills the secrets that Hawser makes itself, where they are still empty. Once after a deployment.',
    act: setUp,
  },
  {
    usage: 'rotate tenant-key TENANT',
    summary: "Makes a new version of a tenant's key. What is sealed stays readable.",
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

async function rotateTenantKey({ operator, arguments: [tenantId = ''] }: Call): Promise<Shown> {
  const version = await operator.rotateTenantKey(tenantId);
  return {
    data: { tenantId, version },
    text: `The key of tenant ${tenantId} is now at version ${version}.\n`,
    note: 'Functions that hold the version before seal under it for five minutes more. Both open.',
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
