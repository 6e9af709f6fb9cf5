/** KMS on the local stack, through the real client: what is sealed opens only as it was sealed. */
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  type KMSClient,
  ListAliasesCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { expect, test } from 'vitest';
import { clientsOf, failureOf, present, startAws } from './aws-fixture.ts';

const context = { tenantId: 'acme', purpose: 'credentials', version: '1' };

async function keyWithAlias(kms: KMSClient): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: 'vault' }));
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/vault', TargetKeyId: KeyMetadata?.KeyId }));
  return present(KeyMetadata?.KeyId);
}

const dataKey = (kms: KMSClient, EncryptionContext: Record<string, string> = context) =>
  kms.send(new GenerateDataKeyCommand({ KeyId: 'alias/vault', KeySpec: 'AES_256', EncryptionContext }));

test('a data key opens again under its encryption context, in whatever order the pairs come', async () => {
  const { kms } = clientsOf(await startAws());
  const keyId = await keyWithAlias(kms);

  const made = await dataKey(kms);
  const EncryptionContext = { version: '1', purpose: 'credentials', tenantId: 'acme' };
  const opened = await kms.send(
    new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext }),
  );

  expect(made.Plaintext).toHaveLength(32);
  expect(opened.Plaintext).toEqual(made.Plaintext);
  expect(opened.KeyId).toBe(`arn:aws:kms:us-east-1:000000000000:key/${keyId}`);
});

test.each([
  ['another value', { ...context, tenantId: 'other' }],
  ['a missing pair', { tenantId: 'acme', purpose: 'credentials' }],
  ['a further pair', { ...context, more: '1' }],
  ['the same text cut differently', { tenantIda: 'cme', purpose: 'credentials', version: '1' }],
  ['no context', {}],
])('a data key does not open with %s', async (_difference, EncryptionContext) => {
  const { kms } = clientsOf(await startAws());
  await keyWithAlias(kms);
  const { CiphertextBlob } = await dataKey(kms);

  const failure = await failureOf(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext })));

  expect(failure.name).toBe('InvalidCiphertextException');
});

test('a ciphertext with one changed byte does not open, wherever the byte stands', async () => {
  const { kms } = clientsOf(await startAws());
  await keyWithAlias(kms);
  const { CiphertextBlob } = await dataKey(kms);
  const blob = present(CiphertextBlob);

  const failures = [];
  for (const position of [0, 5, 20, 35, blob.length - 1]) {
    const changed = Uint8Array.from(blob, (byte, index) => (index === position ? byte ^ 1 : byte));
    const decrypt = new DecryptCommand({ CiphertextBlob: changed, EncryptionContext: context });
    failures.push((await failureOf(kms.send(decrypt))).name);
  }

  expect(failures).toEqual(Array(5).fill('InvalidCiphertextException'));
});

test('encrypts and decrypts small texts, and tells when another key was expected', async () => {
  const { kms } = clientsOf(await startAws());
  const keyId = await keyWithAlias(kms);
  const other = await kms.send(new CreateKeyCommand({}));
  const Plaintext = Buffer.from('s4ndb0x text');

  const sealed = await kms.send(new EncryptCommand({ KeyId: keyId, Plaintext, EncryptionContext: context }));
  const blob = { CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: context };
  const opened = await kms.send(new DecryptCommand({ ...blob, KeyId: 'alias/vault' }));
  const refused = await failureOf(kms.send(new DecryptCommand({ ...blob, KeyId: other.KeyMetadata?.Arn })));

  expect(Buffer.from(present(sealed.CiphertextBlob)).includes('s4ndb0x')).toBe(false);
  expect(Buffer.from(present(opened.Plaintext))).toEqual(Plaintext);
  expect(refused.name).toBe('IncorrectKeyException');
});

test('a disabled key neither seals nor opens, until it is enabled again', async () => {
  const { kms } = clientsOf(await startAws());
  const KeyId = await keyWithAlias(kms);
  const { CiphertextBlob } = await dataKey(kms);
  const decrypt = () => kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: context }));

  await kms.send(new DisableKeyCommand({ KeyId }));
  const failures = [await failureOf(dataKey(kms)), await failureOf(decrypt())];
  await kms.send(new EnableKeyCommand({ KeyId }));

  expect(failures.map((failure) => failure.name)).toEqual(['DisabledException', 'DisabledException']);
  await expect(decrypt()).resolves.toHaveProperty('Plaintext');
});

test('a key scheduled for deletion is unusable at once, and gone with its aliases when the time has come', async () => {
  let now = Date.UTC(2026, 0, 1);
  const { kms } = clientsOf(await startAws({ now: () => now }));
  const KeyId = await keyWithAlias(kms);
  const { CiphertextBlob } = await dataKey(kms);

  const scheduled = await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  const pending = await failureOf(dataKey(kms));
  now += 7 * 86_400_000;
  const gone = await failureOf(kms.send(new DescribeKeyCommand({ KeyId })));
  const lost = await failureOf(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: context })));
  const { Aliases } = await kms.send(new ListAliasesCommand({}));

  expect(scheduled.DeletionDate).toEqual(new Date(Date.UTC(2026, 0, 8)));
  expect(pending.name).toBe('KMSInvalidStateException');
  expect(gone.name).toBe('NotFoundException');
  expect(lost.name).toBe('InvalidCiphertextException');
  expect(Aliases).toEqual([]);
});

test('describes a key by id, ARN and alias alike', async () => {
  const { kms } = clientsOf(await startAws());
  const keyId = await keyWithAlias(kms);
  const names = [
    keyId,
    `arn:aws:kms:us-east-1:000000000000:key/${keyId}`,
    'alias/vault',
    'arn:aws:kms:us-east-1:000000000000:alias/vault',
  ];

  const described = await Promise.all(names.map((KeyId) => kms.send(new DescribeKeyCommand({ KeyId }))));

  expect(described.map(({ KeyMetadata }) => KeyMetadata?.KeyId)).toEqual([keyId, keyId, keyId, keyId]);
  expect(described[0]?.KeyMetadata).toMatchObject({
    Enabled: true,
    KeyState: 'Enabled',
    Description: 'vault',
  });
  expect(described[0]?.KeyMetadata?.CreationDate).toBeInstanceOf(Date);
});

test('lists aliases a page at a time and refuses a second alias of one name', async () => {
  const { kms } = clientsOf(await startAws());
  const TargetKeyId = await keyWithAlias(kms);
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/second', TargetKeyId }));

  const first = await kms.send(new ListAliasesCommand({ Limit: 1 }));
  const second = await kms.send(new ListAliasesCommand({ Limit: 1, Marker: first.NextMarker }));
  const again = await failureOf(kms.send(new CreateAliasCommand({ AliasName: 'alias/vault', TargetKeyId })));

  expect(first.Aliases?.map((alias) => alias.AliasName)).toEqual(['alias/second']);
  expect(second.Aliases?.map((alias) => alias.AliasName)).toEqual(['alias/vault']);
  expect([first.Truncated, second.Truncated]).toEqual([true, false]);
  expect(again.name).toBe('AlreadyExistsException');
});

test.each([
  [
    'an unknown key',
    'NotFoundException',
    new GenerateDataKeyCommand({ KeyId: 'alias/nobody', KeySpec: 'AES_256' }),
  ],
  [
    'another length of key',
    'ValidationException',
    new GenerateDataKeyCommand({ KeyId: 'alias/vault', KeySpec: 'AES_128' }),
  ],
])('refuses a data key of %s', async (_what, name, command) => {
  const { kms } = clientsOf(await startAws());
  await keyWithAlias(kms);

  const failure = await failureOf(kms.send(command));

  expect(failure.name).toBe(name);
});
