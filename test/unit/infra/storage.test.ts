/** What must survive: tables, keys and secrets outlive the stack, and no secret stands in its template. */
import { describe, expect, it } from 'vitest';
import { tables } from '../../../infra/topology.ts';
import { providers } from '../../../lib/providers/registry.ts';
import { indexes } from '../../../lib/table/keys.ts';
import { synthesize } from './synthesized.ts';

const stack = synthesize();
const tablesByName = {
  connections: resourceAt('Tables/Connections'),
  activity: resourceAt('Tables/Activity'),
};

describe('what holds data', () => {
  it.each(['AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::SecretsManager::Secret'])(
    'stays when the stack goes: %s',
    (type) => {
      const found = stack.ofType(type);

      expect(found.length).toBeGreaterThan(0);
      for (const { deletionPolicy, updateReplacePolicy } of found) {
        expect([deletionPolicy, updateReplacePolicy]).toEqual(['Retain', 'Retain']);
      }
    },
  );

  it('keeps its place in the template, for a new place would mean a new and empty one', () => {
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
  it.each(Object.keys(tables) as (keyof typeof tables)[])('is made as the topology says: %s', (name) => {
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
  });

  it('of connections can be restored and not be deleted by mistake', () => {
    expect(tables.connections).toEqual({ precious: true, indexes: Object.values(indexes) });
    expect(tables.activity.precious).toBe(false);
  });
});

describe("the vault's key", () => {
  it('is renewed every year', () => {
    expect(resourceAt('VaultKey')?.properties['EnableKeyRotation']).toBe(true);
  });
});

describe('a secret', () => {
  it('never has its value in the template', () => {
    expect(stack.text).not.toContain('"SecretString"');
    expect(stack.text).not.toContain('resolve:secretsmanager');
  });

  it('that signs states is generated once, with 64 letters and digits', () => {
    // A change of these properties makes CloudFormation generate anew.
    expect(resourceAt('Secrets/State')?.properties['GenerateSecretString']).toEqual({
      SecretStringTemplate: '{"previous":""}',
      GenerateStringKey: 'current',
      PasswordLength: 64,
      ExcludePunctuation: true,
    });
  });

  it('waits empty for each provider, and for the session key', () => {
    const empty = stack
      .ofType('AWS::SecretsManager::Secret')
      .filter(({ path }) => path !== 'Secrets/State')
      .map(({ properties }) => Object.keys(properties).toSorted().join());

    expect(new Set(empty)).toEqual(new Set(['Description,Name', 'Description']));
    const withApps = providers.filter(({ auth }) => auth === 'oauth2');
    expect(secretNames(stack)).toEqual(withApps.map(({ id }) => `hawser/apps/${id}`).toSorted());
    expect(secretNames(stack)).toContain('hawser/apps/tiktok');
  });

  it('of another stage has another name, out of reach of this one', () => {
    const names = secretNames(synthesize({ stage: 'test' }));

    expect(names).toContain('test/hawser/apps/tiktok');
    expect(names.filter((name) => name.startsWith('hawser/apps/'))).toEqual([]);
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
