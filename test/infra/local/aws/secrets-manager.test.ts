/** Secrets Manager on the local stack, through the real client: versions, labels, repeats, deletion, lookup. */
import { randomUUID } from 'node:crypto';
import { CreateKeyCommand, DisableKeyCommand } from '@aws-sdk/client-kms';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { clientsOf, failureOf, present, startAws } from './aws-fixture.ts';

const Name = 'hawser/providers/tiktok';

const create = (secrets: SecretsManagerClient, name = Name) =>
  secrets.send(new CreateSecretCommand({ Name: name, SecretString: 's4ndb0x-1' }));
const put = (
  secrets: SecretsManagerClient,
  SecretString: string,
  ClientRequestToken: string = randomUUID(),
) => secrets.send(new PutSecretValueCommand({ SecretId: Name, SecretString, ClientRequestToken }));
const get = async (
  secrets: SecretsManagerClient,
  which: { VersionId?: string; VersionStage?: string } = {},
) => (await secrets.send(new GetSecretValueCommand({ SecretId: Name, ...which }))).SecretString;

test('a secret is found by its name, its ARN and its ARN without the ending', async () => {
  const { secrets } = clientsOf(await startAws());
  const { ARN } = await create(secrets);
  const arn = present(ARN);

  const ids = [Name, arn, arn.slice(0, -7)];
  const found = await Promise.all(
    ids.map((SecretId) => secrets.send(new GetSecretValueCommand({ SecretId }))),
  );

  expect(arn).toMatch(
    /^arn:aws:secretsmanager:us-east-1:000000000000:secret:hawser\/providers\/tiktok-[A-Za-z0-9]{6}$/,
  );
  expect(found.map(({ SecretString, ARN: each }) => [SecretString, each])).toEqual(
    Array(3).fill(['s4ndb0x-1', arn]),
  );
});

test('a new value becomes current, the old one previous, and the one before that loses its label', async () => {
  const { secrets } = clientsOf(await startAws());
  const first = await create(secrets);
  const second = await put(secrets, 's4ndb0x-2');
  const third = await put(secrets, 's4ndb0x-3');

  const described = await secrets.send(new DescribeSecretCommand({ SecretId: Name }));

  expect(await get(secrets)).toBe('s4ndb0x-3');
  expect(await get(secrets, { VersionStage: 'AWSPREVIOUS' })).toBe('s4ndb0x-2');
  expect(await get(secrets, { VersionId: present(first.VersionId) })).toBe('s4ndb0x-1');
  expect(described.VersionIdsToStages).toEqual({
    [present(second.VersionId)]: ['AWSPREVIOUS'],
    [present(third.VersionId)]: ['AWSCURRENT'],
  });
});

test('a repeated write with the same token and value changes nothing; another value under it is refused', async () => {
  const { secrets } = clientsOf(await startAws());
  await create(secrets);
  const token = randomUUID();
  await put(secrets, 's4ndb0x-2', token);
  await put(secrets, 's4ndb0x-3');

  const repeated = await put(secrets, 's4ndb0x-2', token);
  const reused = await failureOf(put(secrets, 's4ndb0x-4', token));

  expect(repeated).toMatchObject({ VersionId: token, VersionStages: ['AWSPREVIOUS'] });
  expect(reused.name).toBe('ResourceExistsException');
  expect(reused.message).not.toContain('s4ndb0x');
  expect(await get(secrets)).toBe('s4ndb0x-3');
});

test('a version with a label of its own leaves the current one alone', async () => {
  const { secrets } = clientsOf(await startAws());
  await create(secrets);

  const labelled = { SecretId: Name, SecretString: 's4ndb0x-2', VersionStages: ['NEXT'] };
  await secrets.send(new PutSecretValueCommand(labelled));

  expect(await get(secrets)).toBe('s4ndb0x-1');
  expect(await get(secrets, { VersionStage: 'NEXT' })).toBe('s4ndb0x-2');
});

test('a version and a label that do not belong together are refused, a missing one is not found', async () => {
  const { secrets } = clientsOf(await startAws());
  const { VersionId } = await create(secrets);
  await put(secrets, 's4ndb0x-2');

  const mismatch = await failureOf(
    get(secrets, { VersionId: present(VersionId), VersionStage: 'AWSCURRENT' }),
  );
  const missing = await failureOf(get(secrets, { VersionStage: 'NEXT' }));

  expect(mismatch.name).toBe('InvalidRequestException');
  expect(missing.name).toBe('ResourceNotFoundException');
});

test('a second secret of one name is refused, and a repeated creation answers as the first did', async () => {
  const { secrets } = clientsOf(await startAws());
  const input = { Name, SecretString: 's4ndb0x-1', ClientRequestToken: randomUUID() };

  const first = await secrets.send(new CreateSecretCommand(input));
  const repeated = await secrets.send(new CreateSecretCommand(input));
  const other = await failureOf(create(secrets));

  expect(repeated.ARN).toBe(first.ARN);
  expect(other.name).toBe('ResourceExistsException');
});

test('a secret without a value has none until one is put', async () => {
  const { secrets } = clientsOf(await startAws());
  await secrets.send(new CreateSecretCommand({ Name, Description: 'empty at first' }));

  const before = await failureOf(get(secrets));
  await put(secrets, 's4ndb0x-1');

  expect(before.name).toBe('ResourceNotFoundException');
  expect(await get(secrets)).toBe('s4ndb0x-1');
});

test('an update changes the description alone, or the value as well', async () => {
  const { secrets } = clientsOf(await startAws());
  const { VersionId } = await create(secrets);

  const described = await secrets.send(new UpdateSecretCommand({ SecretId: Name, Description: 'new words' }));
  const changed = await secrets.send(new UpdateSecretCommand({ SecretId: Name, SecretString: 's4ndb0x-2' }));
  const { Description } = await secrets.send(new DescribeSecretCommand({ SecretId: Name }));

  expect(described.VersionId).toBeUndefined();
  expect(changed.VersionId).not.toBe(VersionId);
  expect(Description).toBe('new words');
  expect(await get(secrets)).toBe('s4ndb0x-2');
});

test('binary values come back byte for byte', async () => {
  const { secrets } = clientsOf(await startAws());
  const SecretBinary = Uint8Array.of(0, 255, 128, 7);
  await secrets.send(new CreateSecretCommand({ Name, SecretBinary }));

  const found = await secrets.send(new GetSecretValueCommand({ SecretId: Name }));

  expect(Uint8Array.from(present(found.SecretBinary))).toEqual(SecretBinary);
});

test('lists by the beginning of the name, a page at a time', async () => {
  const { secrets } = clientsOf(await startAws());
  for (const name of ['hawser/c', 'hawser/a', 'other/x', 'hawser/b']) await create(secrets, name);
  const Filters = [{ Key: 'name' as const, Values: ['hawser/'] }];

  const first = await secrets.send(new ListSecretsCommand({ Filters, MaxResults: 2 }));
  const second = await secrets.send(
    new ListSecretsCommand({ Filters, MaxResults: 2, NextToken: first.NextToken }),
  );

  expect(first.SecretList?.map((secret) => secret.Name)).toEqual(['hawser/a', 'hawser/b']);
  expect(second.SecretList?.map((secret) => secret.Name)).toEqual(['hawser/c']);
  expect(second.NextToken).toBeUndefined();
});

test('a deleted secret waits out its window, can be restored in it, and is gone after it', async () => {
  let now = Date.UTC(2026, 0, 1);
  const { secrets } = clientsOf(await startAws({ now: () => now }));
  await create(secrets);
  const remove = () => secrets.send(new DeleteSecretCommand({ SecretId: Name, RecoveryWindowInDays: 7 }));

  await remove();
  const waiting = [await failureOf(get(secrets)), await failureOf(create(secrets))];
  const { SecretList } = await secrets.send(new ListSecretsCommand({}));
  await secrets.send(new RestoreSecretCommand({ SecretId: Name }));
  const restored = await get(secrets);
  const removed = await remove();
  now += 7 * 86_400_000;
  const gone = await failureOf(get(secrets));

  expect(waiting.map((failure) => failure.name)).toEqual([
    'InvalidRequestException',
    'InvalidRequestException',
  ]);
  expect(SecretList).toEqual([]);
  expect(restored).toBe('s4ndb0x-1');
  expect(removed.DeletionDate).toEqual(new Date(Date.UTC(2026, 0, 8)));
  expect(gone.name).toBe('ResourceNotFoundException');
});

test('a forced deletion is immediate and can be repeated', async () => {
  const { secrets } = clientsOf(await startAws());
  await create(secrets);
  const force = () =>
    secrets.send(new DeleteSecretCommand({ SecretId: Name, ForceDeleteWithoutRecovery: true }));

  await force();
  await force();
  await create(secrets);

  expect(await get(secrets)).toBe('s4ndb0x-1');
});

test('a value under a disabled key of the owner cannot be read', async () => {
  const { secrets, kms } = clientsOf(await startAws());
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KmsKeyId = present(KeyMetadata?.KeyId);
  await secrets.send(new CreateSecretCommand({ Name, SecretString: 's4ndb0x-1', KmsKeyId }));

  const before = await get(secrets);
  await kms.send(new DisableKeyCommand({ KeyId: KmsKeyId }));
  const failure = await failureOf(get(secrets));

  expect(before).toBe('s4ndb0x-1');
  expect(failure.name).toBe('DecryptionFailure');
});
