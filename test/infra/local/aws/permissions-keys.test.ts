/** Rights to keys and secrets on the local stack: what a row grants passes, the rest is refused without a leak. */
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
} from '@aws-sdk/client-kms';
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import type { Grant } from '../../../../infra/local/aws/front/access-grants.ts';
import { clientsOf, failureOf, operator, outcome, present, stackWith, startAws } from './aws-fixture.ts';

async function createKey({ kms }: ReturnType<typeof clientsOf>): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/vault', TargetKeyId: KeyMetadata?.KeyId }));
  return present(KeyMetadata?.KeyId);
}

test.each([
  ['its alias', () => 'alias/vault'],
  ['its id', (keyId: string) => keyId],
])('a key is granted by %s, under whichever name it is called', async (_name, resourceOf) => {
  let grants: readonly Grant[] = [];
  const aws = await startAws({ grantsOf: (id) => (id === operator ? undefined : grants) });
  const [owner, fn] = [clientsOf(aws), clientsOf(aws, 'complete')];
  const keyId = await createKey(owner);
  const other = await owner.kms.send(new CreateKeyCommand({}));
  grants = [{ actions: ['kms:GenerateDataKey'], resource: resourceOf(keyId) }];

  const names = [
    'alias/vault',
    keyId,
    `arn:aws:kms:us-east-1:000000000000:key/${keyId}`,
    present(other.KeyMetadata?.KeyId),
  ];
  const outcomes = [];
  for (const KeyId of names) {
    outcomes.push(await outcome(fn.kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }))));
  }

  expect(outcomes).toEqual(['granted', 'granted', 'granted', 'AccessDeniedException']);
});

test('the right to decrypt goes by the key that the ciphertext names, not by the one that the caller names', async () => {
  const { owner, fn } = await stackWith([{ actions: ['kms:Decrypt'], resource: 'alias/vault' }]);
  await createKey(owner);
  const other = await owner.kms.send(new CreateKeyCommand({}));
  const Plaintext = Buffer.from('s4ndb0x');
  const seal = (KeyId: string) => owner.kms.send(new EncryptCommand({ KeyId, Plaintext }));
  const granted = await seal('alias/vault');
  const foreign = await seal(present(other.KeyMetadata?.KeyId));

  const decrypt = (CiphertextBlob: Uint8Array | undefined, KeyId?: string) =>
    outcome(fn.kms.send(new DecryptCommand({ CiphertextBlob, ...(KeyId !== undefined && { KeyId }) })));
  const outcomes = [
    await decrypt(granted.CiphertextBlob),
    await decrypt(foreign.CiphertextBlob),
    await decrypt(foreign.CiphertextBlob, 'alias/vault'),
    await decrypt(Buffer.from('no ciphertext at all, but long enough to be one of ours')),
  ];

  expect(outcomes).toEqual([
    'granted',
    'AccessDeniedException',
    'AccessDeniedException',
    'InvalidCiphertextException',
  ]);
});

test('a right bound to an encryption context covers requests that carry it, and no others', async () => {
  const encryptionContext = { purpose: 'destination', tenantId: '*' };
  const { owner, fn } = await stackWith([
    { actions: ['kms:GenerateDataKey'], resource: 'alias/vault', encryptionContext },
  ]);
  await createKey(owner);
  const generate = (EncryptionContext: Record<string, string>) =>
    outcome(
      fn.kms.send(
        new GenerateDataKeyCommand({ KeyId: 'alias/vault', KeySpec: 'AES_256', EncryptionContext }),
      ),
    );

  const outcomes = [
    await generate({ purpose: 'destination', tenantId: 'acme', version: '1' }),
    await generate({ purpose: 'destination' }),
    await generate({ purpose: 'credentials', tenantId: 'acme' }),
    await generate({}),
  ];

  expect(outcomes).toEqual([
    'granted',
    'AccessDeniedException',
    'AccessDeniedException',
    'AccessDeniedException',
  ]);
});

test('a secret is granted by name or prefix, under its name and its ARN', async () => {
  const { owner, fn } = await stackWith([
    { actions: ['secretsmanager:GetSecretValue'], resource: 'hawser/providers/*' },
  ]);
  const create = (Name: string) =>
    owner.secrets.send(new CreateSecretCommand({ Name, SecretString: 's4ndb0x-1' }));
  const { ARN } = await create('hawser/providers/tiktok');
  await create('hawser/state');
  const get = (SecretId: string) => outcome(fn.secrets.send(new GetSecretValueCommand({ SecretId })));

  const outcomes = [
    await get('hawser/providers/tiktok'),
    await get(present(ARN)),
    await get('hawser/state'),
    await get('nowhere'),
  ];

  expect(outcomes).toEqual(['granted', 'granted', 'AccessDeniedException', 'AccessDeniedException']);
});

test("a secret under the owner's own key needs the right to that key as well", async () => {
  const grants: Grant[] = [{ actions: ['secretsmanager:GetSecretValue'], resource: 'hawser/state' }];
  const { owner, fn } = await stackWith(grants);
  await createKey(owner);
  const secret = { Name: 'hawser/state', SecretString: 's4ndb0x-1', KmsKeyId: 'alias/vault' };
  await owner.secrets.send(new CreateSecretCommand(secret));
  const get = () => fn.secrets.send(new GetSecretValueCommand({ SecretId: 'hawser/state' }));

  const without = await failureOf(get());
  grants.push({ actions: ['kms:Decrypt'], resource: 'alias/vault' });

  expect(without.message).toContain('kms:Decrypt');
  await expect(get()).resolves.toMatchObject({ SecretString: 's4ndb0x-1' });
});

test('a caller without a row may do nothing, and no refusal repeats a secret', async () => {
  const { aws } = await stackWith([]);
  const stranger = clientsOf(aws, 'stranger');

  const failures = [
    await failureOf(stranger.secrets.send(new CreateSecretCommand({ Name: 'a', SecretString: 's4ndb0x-1' }))),
    await failureOf(
      stranger.dynamodb.send(new GetItemCommand({ TableName: 'Activity', Key: { pk: { S: 's4ndb0x-2' } } })),
    ),
    await failureOf(
      stranger.kms.send(new EncryptCommand({ KeyId: 'a', Plaintext: Buffer.from('s4ndb0x-3') })),
    ),
  ];

  expect(failures.map((failure) => failure.name)).toEqual(Array(3).fill('AccessDeniedException'));
  expect(failures.map((failure) => failure.message).join()).not.toContain('s4ndb0x');
});
