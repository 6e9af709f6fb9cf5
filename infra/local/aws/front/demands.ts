/** Which rights a call needs: read from its action and its input, as IAM reads them. */
import {
  aliasArn,
  busArn,
  busNameOf,
  keyArn,
  queueArn,
  queueNameOf,
  secretArn,
  tableArn,
  tableNameOf,
} from '../account.ts';
import { type EncryptionContext, keyIdIn } from '../kms/kms-cipher.ts';
import type { KmsKeys } from '../kms/kms-keys.ts';
import type { SecretRecord, SecretsStore } from '../secrets/secrets-store.ts';
import type { Demand } from './access-grants.ts';
import { type AwsCall, iamActionOf, isJsonObject, textAt } from './aws-call.ts';

/** Where the names in a request are looked up. */
export interface Resources {
  readonly keys: KmsKeys;
  readonly secrets: SecretsStore;
}

/** At least one right per call: what names no resource needs its action on `*`. */
export function demandsOf(call: AwsCall, resources: Resources): readonly Demand[] {
  switch (call.service) {
    case 'dynamodb':
      return tableDemands(call);
    case 'sqs':
      return [queueDemand(call)];
    case 'kms':
      return [keyDemand(call, resources.keys)];
    case 'secretsmanager':
      return secretDemands(call, resources);
    case 'events':
      return busDemands(call);
  }
}

/** A query of an index needs its action on the index; the table itself need not be granted (IAM for DynamoDB, "permissions on only a specific index"). */
function tableDemands(call: AwsCall): readonly Demand[] {
  const batch = call.input['RequestItems'];
  const table = textAt(call.input, 'TableName');
  const index = textAt(call.input, 'IndexName');
  const tables = isJsonObject(batch) ? Object.keys(batch) : table === undefined ? [] : [table];
  const paths = tables
    .map(tableNameOf)
    .flatMap((name) => (index === undefined ? [name] : [`${name}/index/${index}`]));
  if (paths.length === 0) return [anything(call)];
  return paths.map((path) => ({
    action: iamActionOf(call),
    names: [path, `table/${path}`],
    arn: tableArn(path),
  }));
}

function queueDemand(call: AwsCall): Demand {
  const url = textAt(call.input, 'QueueUrl');
  const name = url === undefined ? textAt(call.input, 'QueueName') : queueNameOf(url);
  if (name === undefined) return anything(call);
  return { action: iamActionOf(call), names: [name], arn: queueArn(name) };
}

function busDemands(call: AwsCall): readonly Demand[] {
  const entries: unknown = call.input['Entries'];
  const found = Array.isArray(entries) ? entries.filter(isJsonObject) : [];
  if (found.length === 0) return [anything(call)];
  const names = new Set(found.map((entry) => busNameOf(textAt(entry, 'EventBusName') ?? 'default')));
  return [...names].map((name) => ({ action: iamActionOf(call), names: [name], arn: busArn(name) }));
}

function keyDemand(call: AwsCall, keys: KmsKeys): Demand {
  const encryptionContext = contextOf(call.input['EncryptionContext']);
  const blob = call.operation === 'Decrypt' ? textAt(call.input, 'CiphertextBlob') : undefined;
  const reference =
    blob === undefined
      ? (textAt(call.input, 'KeyId') ?? textAt(call.input, 'TargetKeyId'))
      : keyIdIn(Buffer.from(blob, 'base64'));
  const base = { action: iamActionOf(call), encryptionContext };
  const key = reference === undefined ? undefined : keys.find(reference);
  if (key !== undefined) return { ...base, names: keys.namesOf(key), arn: keyArn(key.id) };
  // A ciphertext of no key here is for KMS to refuse, to every caller that may decrypt anything at all.
  if (blob !== undefined) return { ...base, names: 'any', arn: '*' };
  if (reference === undefined) return { ...base, ...anything(call) };
  return {
    ...base,
    names: [reference],
    arn: reference.startsWith('alias/') ? aliasArn(reference) : keyArn(reference),
  };
}

function secretDemands(call: AwsCall, { keys, secrets }: Resources): readonly Demand[] {
  const id = textAt(call.input, 'SecretId') ?? textAt(call.input, 'Name');
  if (id === undefined) return [anything(call)];
  const secret = secrets.find(id);
  const name = secret?.name ?? (id.startsWith(secretArn('')) ? id.slice(secretArn('').length) : id);
  const own: Demand = {
    action: iamActionOf(call),
    names: [name],
    arn: secret?.arn ?? secretArn(`${name}-??????`),
  };
  return [own, ...valueKeyDemands(call, secret, keys)];
}

/** A value under a key of the owner's own needs the right to that key as well; the default key asks nothing. */
function valueKeyDemands(call: AwsCall, secret: SecretRecord | undefined, keys: KmsKeys): readonly Demand[] {
  const reference = textAt(call.input, 'KmsKeyId') ?? secret?.kmsKeyId;
  const writes = 'SecretString' in call.input || 'SecretBinary' in call.input;
  const key = reference === undefined ? undefined : keys.find(reference);
  if (key === undefined || !(writes || call.operation === 'GetSecretValue')) return [];
  return [
    {
      action: writes ? 'kms:GenerateDataKey' : 'kms:Decrypt',
      names: keys.namesOf(key),
      arn: keyArn(key.id),
      ...(secret !== undefined && { encryptionContext: { SecretARN: secret.arn } }),
    },
  ];
}

function contextOf(value: unknown): EncryptionContext {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text] as const] : [])),
  );
}

function anything(call: AwsCall): Demand {
  return { action: iamActionOf(call), names: ['*'], arn: '*' };
}
