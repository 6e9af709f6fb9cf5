/** Storage: tables, keys and secrets outlive the stack, and its template contains no secret. */
import { describe, expect, it } from 'vitest';
import { tables } from '../../../infra/topology.ts';
import { indexes } from '../../../lib/table/keys.ts';
import { synthesize } from './synthesized.ts';

const stack = synthesize();
const tablesByName = {
  connections: resourceAt('Tables/Connections'),
  activity: resourceAt('Tables/Activity'),
};

describe('a stateful resource', () => {
  it.each(['AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::SecretsManager::Secret'])(
    'is retained when the stack is deleted: %s',
    (type) => {
      const found = stack.ofType(type);

      expect(found.length).toBeGreaterThan(0);
      for (const { deletionPolicy, updateReplacePolicy } of found) {
        expect([deletionPolicy, updateReplacePolicy]).toEqual(['Retain', 'Retain']);
      }
    },
  );

  it('keeps its logical id, because a new id would replace it by an empty one', () => {
    const logicalIds = Object.keys(JSON.parse(stack.text).Resources);

    expect(logicalIds).toEqual(
      expect.arrayContaining([
        'TablesConnectionsF6D675B1',
        'TablesActivityFCAEDCFC',
        'VaultKey6B75F33E',
        'SecretsState05755FE3',
        'SecretsSessionKeyD138FF17',
      ]),
    );
  });
});

describe('a table', () => {
  it.each(Object.keys(tables) as (keyof typeof tables)[])(
    'has the keys and indexes of the topology: %s',
    (name) => {
      expect(tablesByName[name]?.properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: keySchema('pk', 'sk'),
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: tables[name].precious },
        DeletionProtectionEnabled: tables[name].precious,
        SSESpecification: { SSEEnabled: false },
      });
      expect(tablesByName[name]?.properties['GlobalSecondaryIndexes'] ?? []).toEqual(
        tables[name].indexes.map(({ name: IndexName, partition, sort }) => ({
          IndexName,
          KeySchema: keySchema(partition, sort),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        })),
      );
    },
  );

  it('of connections has point-in-time recovery and deletion protection', () => {
    expect(tables.connections).toEqual({ precious: true, indexes: Object.values(indexes) });
    expect(tables.activity.precious).toBe(false);
  });
});

describe("the vault's key", () => {
  it('is rotated every year', () => {
    expect(resourceAt('VaultKey')?.properties['EnableKeyRotation']).toBe(true);
  });
});

describe('a secret', () => {
  it('never has its value in the template', () => {
    expect(stack.text).not.toContain('"SecretString"');
    expect(stack.text).not.toContain('resolve:secretsmanager');
  });

  it('that signs states is generated once, with 64 letters and digits', () => {
    // A change of these properties makes CloudFormation generate a new value.
    expect(resourceAt('Secrets/State')?.properties['GenerateSecretString']).toEqual({
      SecretStringTemplate: '{"previous":""}',
      GenerateStringKey: 'current',
      PasswordLength: 64,
      ExcludePunctuation: true,
    });
  });

  it('for the session key is created without a value', () => {
    const empty = stack
      .ofType('AWS::SecretsManager::Secret')
      .filter(({ path }) => path !== 'Secrets/State')
      .map(({ path, properties }) => [path, Object.keys(properties)]);

    expect(empty).toEqual([['Secrets/SessionKey', ['Description']]]);
  });

  it('of a provider app is created by the registration of the app, not by the stack', () => {
    expect(secretNames(stack)).toEqual([]);
  });

  it('of an app of another stage has another name prefix, which this stage cannot read', () => {
    expect(synthesize({ stage: 'test' }).outputs['AppSecretPrefix']).toBe('test/hawser/apps/');
    expect(stack.outputs['AppSecretPrefix']).toBe('hawser/apps/');
  });
});

function resourceAt(path: string) {
  return stack.resources.find((each) => each.path === path);
}

function secretNames({ ofType }: typeof stack): string[] {
  return ofType('AWS::SecretsManager::Secret')
    .flatMap(({ properties }) => (typeof properties['Name'] === 'string' ? properties['Name'] : []))
    .toSorted();
}

function keySchema(partition: string, sort: string) {
  return [
    { AttributeName: partition, KeyType: 'HASH' },
    { AttributeName: sort, KeyType: 'RANGE' },
  ];
}
