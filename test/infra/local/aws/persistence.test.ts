/** With a folder, everything of the local AWS outlives a restart, and nobody else reads it or writes over it. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { CreateAliasCommand, CreateKeyCommand, DecryptCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { type LocalAws, startLocalAws } from '../../../../infra/local/aws/local-aws.ts';
import { clientsOf, failureOf, startAws, temporaryFolder } from './aws-fixture.ts';

const TableName = 'Connections';
const EncryptionContext = { tenantId: 'acme' };

async function fill(aws: LocalAws) {
  const { dynamodb, sqs, kms, secrets } = clientsOf(aws);
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: 10, minDelay: 1 }, { TableName });
  await dynamodb.send(new PutItemCommand({ TableName, Item: { pk: { S: 'a' } } }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'refresh' }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/vault', TargetKeyId: KeyMetadata?.KeyId }));
  await secrets.send(
    new CreateSecretCommand({ Name: 'hawser/tiktok', SecretString: 's4ndb0x-client-secret' }),
  );
  const Plaintext = Buffer.from('s4ndb0x-token');
  return kms.send(new EncryptCommand({ KeyId: 'alias/vault', Plaintext, EncryptionContext }));
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('tables, messages, keys and secrets are there again after a restart', async () => {
  const folder = await temporaryFolder();
  const before = await startAws({ folder });
  const { CiphertextBlob } = await fill(before);
  await before.close();

  const { dynamodb, sqs, kms, secrets } = clientsOf(await startAws({ folder }));
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key: { pk: { S: 'a' } } }));
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'refresh' }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: 'hawser/tiktok' }));

  expect(Item).toEqual({ pk: { S: 'a' } });
  expect(Messages?.map(({ Body }) => Body)).toEqual(['hello']);
  expect(Buffer.from(Plaintext ?? []).toString()).toBe('s4ndb0x-token');
  expect(SecretString).toBe('s4ndb0x-client-secret');
});

test('without a folder nothing is kept', async () => {
  const before = await startAws();
  const { CiphertextBlob } = await fill(before);
  await before.close();

  const { kms } = clientsOf(await startAws());
  const failure = await failureOf(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext })));

  expect(failure.name).toBe('InvalidCiphertextException');
});

test('no file holds a secret in the clear, and keys and secrets are for their owner only', async () => {
  const folder = await temporaryFolder();
  const aws = await startAws({ folder });
  await fill(aws);
  await aws.close();

  const files = await filesUnder(folder);
  const contents = await Promise.all(files.map((file) => readFile(file, 'latin1')));
  const modes = await Promise.all(
    ['kms.json', 'secrets.json', 'sqs', 'dynamodb'].map(
      async (name) => (await stat(join(folder, name))).mode & 0o777,
    ),
  );

  expect(contents.join()).not.toContain('s4ndb0x');
  expect(modes).toEqual([0o600, 0o600, 0o700, 0o700]);
});

test('a second stack on the same folder is refused until the first has closed', async () => {
  const folder = await temporaryFolder();
  const first = await startAws({ folder });

  const second = await failureOf(startLocalAws({ folder, grantsOf: () => undefined, now: Date.now }));
  await first.close();

  expect(second.message).toContain(`${folder} is in use by this process`);
  await expect(startAws({ folder })).resolves.toHaveProperty('endpoints');
});

test('a damaged file of keys stops the start and is left as it is', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'kms.json'), '{"keys": "s4ndb0x');

  const failure = await failureOf(startLocalAws({ folder, grantsOf: () => undefined, now: Date.now }));

  expect(failure.message).toContain('kms.json is damaged');
  expect(String(failure.cause)).not.toContain('s4ndb0x');
  expect(await readFile(join(folder, 'kms.json'), 'utf8')).toBe('{"keys": "s4ndb0x');
});

test('the local stack reports a port in use in plain words and releases its folder', async () => {
  const folder = await temporaryFolder();
  const first = await startAws();
  const port = Number(new URL(first.endpoints.kms).port);

  const failure = await failureOf(startLocalAws({ folder, port, grantsOf: () => undefined, now: Date.now }));

  expect(failure.message).toBe(`Port ${port} is in use. Choose another one, or 0 for any.`);
  await expect(startAws({ folder })).resolves.toHaveProperty('endpoints');
});
