/** Turns the permissions of a function's row into IAM statements with exactly its actions and resources. */
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { indexes } from '../../lib/table/keys.ts';
import type { Permission } from '../topology-rows.ts';
import type { Queues } from './queues.ts';
import type { Secrets } from './secrets.ts';
import type { Tables } from './tables.ts';
import { onlyFor } from './vault-key.ts';

/** The resources on which a function can hold permissions. */
export interface Holdings {
  readonly tables: Tables;
  readonly vaultKey: Key;
  readonly secrets: Secrets;
  readonly queues: Queues;
  readonly tenantKmsKeyArns: readonly string[];
  readonly eventBusArns: readonly string[];
}

/** Returns `undefined` if the deployment names no such resource, for example no event bus. */
export function statementFor(
  stack: Stack,
  permission: Permission,
  holdings: Holdings,
): PolicyStatement | undefined {
  const resources = resourcesOf(stack, permission, holdings);
  if (resources.length === 0) return undefined;
  return new PolicyStatement({
    actions: [...permission.actions],
    resources,
    ...(permission.on === 'vaultKey' && { conditions: onlyFor(permission.purpose) }),
  });
}

function resourcesOf(stack: Stack, permission: Permission, holdings: Holdings): string[] {
  switch (permission.on) {
    case 'connections':
    case 'activity': {
      const { tableArn } = holdings.tables[permission.on];
      return [permission.index ? `${tableArn}/index/${indexes[permission.index].name}` : tableArn];
    }
    case 'vaultKey':
      return [holdings.vaultKey.keyArn, ...holdings.tenantKmsKeyArns];
    case 'stateSecret':
    case 'sessionKey':
      return [holdings.secrets[permission.on]];
    case 'appSecrets':
      return [
        stack.formatArn({
          service: 'secretsmanager',
          resource: 'secret',
          resourceName: `${holdings.secrets.appPrefix}*`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ];
    case 'eventBuses':
      return [...holdings.eventBusArns];
    case 'queue':
      return [holdings.queues[permission.queue].queue.queueArn];
    case 'deadLetters':
      return [holdings.queues[permission.queue].deadLetters.queueArn];
  }
}
