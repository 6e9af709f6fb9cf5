/** Permissions: each function may do what its row says and no more, and only functions that seal or open may use the vault's key. */
import { describe, expect, it } from 'vitest';
import { functions, queues } from '../../../infra/topology.ts';
import type { FunctionRow, Permission, QueueRow } from '../../../infra/topology-rows.ts';
import { indexes } from '../../../lib/table/keys.ts';
import { policies, rightsIn, rightsOf } from './rights.ts';
import { synthesize } from './synthesized.ts';

const stack = synthesize();
const rows = Object.entries<FunctionRow>(functions);
const vaultUsers = [
  'callback',
  'complete',
  'connect',
  'disconnect',
  'refresh',
  'refresh-connection',
  'token',
];
/** Where the first sealing for a tenant may happen. */
const keyMakers = ['callback', 'connect'];
const onlyFor = (purpose: string) => ({
  StringEquals: { 'kms:EncryptionContext:purpose': purpose },
  Null: { 'kms:EncryptionContext:tenantId': 'false' },
});
const onlyCredentials = onlyFor('credentials');
/** Opens the secrets of destinations, and nothing else. */
const deliverer = 'deliver';
const busArn = 'arn:aws:events:eu-west-1:111122223333:event-bus/tenants';
const appSecrets = 'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:hawser/apps/*';

describe('a role', () => {
  it.each(rows)(
    'of %s allows exactly the actions of its row, its trigger, its own log and tracing',
    (name, row) => {
      const expected = [
        `logs:CreateLogStream on <Functions/${name}/Logs.Arn>`,
        `logs:PutLogEvents on <Functions/${name}/Logs.Arn>`,
        'xray:PutTelemetryRecords on *',
        'xray:PutTraceSegments on *',
        ...rightsToWork(name),
        ...row.permissions.flatMap((permission) =>
          permission.actions.flatMap((action) =>
            resourcesOf(permission).map((resource) => `${action} on ${resource}`),
          ),
        ),
      ];

      const actual = rightsOf(stack, name).map(({ action, resource }) => `${action} on ${resource}`);

      expect(actual.toSorted()).toEqual([...new Set(expected)].toSorted());
    },
  );

  it('belongs to exactly one function, and only Lambda may assume it', () => {
    const roles = stack.ofType('AWS::Lambda::Function').map(({ properties }) => properties['Role']);

    expect(new Set(roles).size).toBe(rows.length);
    const ofFunctions = stack.ofType('AWS::IAM::Role').filter(({ path }) => path.startsWith('Functions/'));
    expect(ofFunctions.length).toBe(rows.length);
    for (const { properties } of ofFunctions) {
      expect(properties).toEqual({
        AssumeRolePolicyDocument: {
          Statement: [
            { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
          ],
          Version: '2012-10-17',
        },
      });
    }
  });

  it('of a function without dependencies allows logs and tracing only', () => {
    const actions = rightsOf(stack, 'health').map(({ action }) => action);

    expect(actions.toSorted()).toEqual([
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  it('lets sessions alone read the key that signs session tokens', () => {
    const readers = rows
      .map(([name]) => name)
      .filter((name) => rightsOf(stack, name).some(({ resource }) => resource === '<Secrets/SessionKey>'));

    expect(readers).toEqual(['sessions']);
  });
});

describe('no policy', () => {
  it('names an action by a pattern', () => {
    const actions = policies(stack).flatMap(({ rights }) => rights.map(({ action }) => action));

    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
    expect(actions.length).toBeGreaterThan(100);
  });

  it('applies to every resource, except where AWS knows none or the policy is attached to the resource', () => {
    const broad = policies(stack).flatMap(({ of, rights }) =>
      rights
        .filter(({ resource }) => resource.includes('*') && resource !== appSecrets)
        .map(({ action }) => (of.type === 'AWS::KMS::Key' ? 'on the key itself' : action)),
    );

    expect([...new Set(broad)].toSorted()).toEqual([
      'on the key itself',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  it('allows a scan of a whole table', () => {
    const actions = policies(stack).flatMap(({ rights }) => rights.map(({ action }) => action));

    expect(actions).not.toContain('dynamodb:Scan');
  });
});

describe("the vault's key", () => {
  it('is usable by exactly the functions that seal or open, according to their roles and its key policy', () => {
    const byRole = rows
      .map(([name]) => name)
      .filter((name) => rightsOf(stack, name).some(({ action }) => action.startsWith('kms:')));

    expect(byRole.toSorted()).toEqual([...vaultUsers, deliverer].toSorted());
    const uses = [
      `<Functions/${deliverer}/Role.Arn> kms:Decrypt`,
      ...vaultUsers.map((name) => `<Functions/${name}/Role.Arn> kms:Decrypt`),
      ...keyMakers.map((name) => `<Functions/${name}/Role.Arn> kms:GenerateDataKey`),
    ];
    expect(usesInKeyPolicy().toSorted()).toEqual(uses.toSorted());
  });

  it('is usable only for the credentials of a tenant, and by the deliverer only for destination secrets', () => {
    const isDeliverer = (principal: string | undefined) => principal === `<Functions/${deliverer}/Role.Arn>`;
    const users = keyPolicy().filter(({ principal }) => !principal?.endsWith(':root'));
    const uses = [
      ...vaultUsers
        .flatMap((name) => rightsOf(stack, name))
        .filter(({ action }) => action.startsWith('kms:')),
      ...users.filter(({ principal }) => !isDeliverer(principal)),
    ];
    const deliveries = [
      ...rightsOf(stack, deliverer).filter(({ action }) => action.startsWith('kms:')),
      ...users.filter(({ principal }) => isDeliverer(principal)),
    ];

    expect(uses.length).toBe(2 * (vaultUsers.length + keyMakers.length));
    for (const { condition } of uses) expect(condition).toEqual(onlyCredentials);
    expect(deliveries.length).toBe(2);
    for (const { condition } of deliveries) expect(condition).toEqual(onlyFor('destinations'));
  });

  it('can be administered, but not used, by the account root', () => {
    const allowed = keyPolicy()
      .filter(({ principal }) => principal?.endsWith(':root'))
      .map(({ action }) => action);

    expect(allowed).toContain('kms:PutKeyPolicy');
    const usage = /Encrypt|Decrypt|GenerateDataKey|GenerateMac|CreateGrant|Sign|DeriveSharedSecret/;
    expect(allowed.filter((action) => usage.test(action))).toEqual([]);
  });

  it("is complemented by tenants' own keys, for the same functions under the same condition", () => {
    const own = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const withOwn = synthesize({ tenantKmsKeyArns: own });

    const rights = rows.flatMap(([name]) =>
      rightsOf(withOwn, name)
        .filter(({ resource }) => resource === own)
        .map((right) => ({ name, ...right })),
    );

    expect([...new Set(rights.map(({ name }) => name))].toSorted()).toEqual(
      [...vaultUsers, deliverer].toSorted(),
    );
    expect([...new Set(rights.map(({ action }) => action))].toSorted()).toEqual([
      'kms:Decrypt',
      'kms:GenerateDataKey',
    ]);
    for (const { name, condition } of rights) {
      expect(condition).toEqual(name === deliverer ? onlyFor('destinations') : onlyCredentials);
    }
  });

  it('lets the configured operator role create tenant keys, and open only those of destinations', () => {
    const operatorRoleArn = 'arn:aws:iam::111122223333:role/operator';
    const [key] = synthesize({ operatorRoleArn }).ofType('AWS::KMS::Key');

    const rights = rightsIn(key?.properties['KeyPolicy']).filter(
      ({ principal }) => principal === operatorRoleArn,
    );

    const right = (action: string, condition: object) => ({
      action,
      resource: '*',
      principal: operatorRoleArn,
      condition,
    });
    expect(rights).toEqual([
      right('kms:GenerateDataKey', onlyCredentials),
      right('kms:Decrypt', onlyFor('destinations')),
      right('kms:GenerateDataKey', onlyFor('destinations')),
    ]);
  });

  it('lets the reseal role open credentials, and nothing else, while it is configured', () => {
    const resealRoleArn = 'arn:aws:iam::111122223333:role/reseal';
    const [key] = synthesize({ resealRoleArn }).ofType('AWS::KMS::Key');

    const rights = rightsIn(key?.properties['KeyPolicy']).filter(
      ({ principal }) => principal === resealRoleArn,
    );

    expect(rights.map(({ action }) => action)).toEqual(['kms:Decrypt', 'kms:GenerateDataKey']);
    for (const { condition } of rights) expect(condition).toEqual(onlyCredentials);
  });
});

describe('an event bus', () => {
  it('is usable by the deliverer alone, and only when it is configured', () => {
    const onBus = (choices: Readonly<Record<string, string>>) => {
      const made = synthesize(choices);
      return rows.flatMap(([name]) =>
        rightsOf(made, name)
          .filter(({ action }) => action.startsWith('events:'))
          .map(({ action, resource }) => [name, action, resource]),
      );
    };

    expect(onBus({ eventBusArns: busArn })).toEqual([[deliverer, 'events:PutEvents', busArn]]);
    expect(onBus({})).toEqual([]);
  });
});

/** What Lambda needs to hand over a queue's messages. */
function rightsToWork(name: string): string[] {
  const worked = Object.entries<QueueRow>(queues).flatMap(([queue, { worker, deadLetters }]) => [
    ...(worker?.function === name ? [`<Queues/${queue}/Queue.Arn>`] : []),
    ...(deadLetters?.function === name ? [`<Queues/${queue}/DeadLetters.Arn>`] : []),
  ]);
  return worked.flatMap((arn) =>
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'].map(
      (action) => `${action} on ${arn}`,
    ),
  );
}

function keyPolicy() {
  const [key, ...others] = stack.ofType('AWS::KMS::Key');
  expect(others).toEqual([]);
  return rightsIn(key?.properties['KeyPolicy']);
}

function usesInKeyPolicy(): string[] {
  return keyPolicy()
    .filter(({ principal }) => !principal?.endsWith(':root'))
    .map(({ principal, action }) => `${principal} ${action}`);
}

/** The resources of each grant when the owner configures nothing. */
function resourcesOf(permission: Permission): readonly string[] {
  return permission.on === 'eventBuses' ? [] : [resourceOf(permission)];
}

function resourceOf(permission: Exclude<Permission, { readonly on: 'eventBuses' }>): string {
  switch (permission.on) {
    case 'connections':
    case 'activity': {
      const table = permission.on === 'connections' ? '<Tables/Connections.Arn>' : '<Tables/Activity.Arn>';
      return permission.index ? `${table}/index/${indexes[permission.index].name}` : table;
    }
    case 'vaultKey':
      return '<VaultKey.Arn>';
    case 'stateSecret':
      return '<Secrets/State>';
    case 'sessionKey':
      return '<Secrets/SessionKey>';
    case 'appSecrets':
      return appSecrets;
    case 'queue':
      return `<Queues/${permission.queue}/Queue.Arn>`;
    case 'deadLetters':
      return `<Queues/${permission.queue}/DeadLetters.Arn>`;
  }
}
