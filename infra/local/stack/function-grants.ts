/** Translates a function's row of the topology into grants on the local stack's resources. */

import type { FunctionName } from '../../../lib/config.ts';
import { indexes } from '../../../lib/table/keys.ts';
import { appSecretPrefix, functions } from '../../topology.ts';
import type { Permission } from '../../topology-rows.ts';
import type { Grant } from '../aws/front/access-grants.ts';
import { deadLetterName, localNames, localQueueName } from './provision.ts';

const prefix = 'LOCAL-';

/** The access key id by which the local endpoints know a function. */
export function accessKeyIdOf(functionName: FunctionName): string {
  return `${prefix}${functionName}`;
}

/**
 * What the holder of an access key id may do. A function's own id is bound to its row, an unknown function's to
 * nothing; every other id is the operator's.
 */
export function grantsOf(
  accessKeyId: string,
  rows: Readonly<Record<string, { readonly permissions: readonly Permission[] }>> = functions,
): readonly Grant[] | undefined {
  if (!accessKeyId.startsWith(prefix)) return undefined;
  return rows[accessKeyId.slice(prefix.length)]?.permissions.map(toGrant) ?? [];
}

function toGrant(permission: Permission): Grant {
  switch (permission.on) {
    case 'connections':
    case 'activity': {
      const table = permission.on === 'connections' ? localNames.connectionsTable : localNames.activityTable;
      const resource = permission.index ? `${table}/index/${indexes[permission.index].name}` : table;
      return { actions: permission.actions, resource };
    }
    case 'vaultKey':
      return {
        actions: permission.actions,
        resource: localNames.vaultKeyId,
        encryptionContext: { purpose: permission.purpose, tenantId: '*' },
      };
    // The local stack permits every bus.
    case 'eventBuses':
      return { actions: permission.actions, resource: '*' };
    case 'stateSecret':
      return { actions: permission.actions, resource: localNames.stateSecretId };
    case 'sessionKey':
      return { actions: permission.actions, resource: localNames.sessionKeySecretId };
    case 'queue':
      return { actions: permission.actions, resource: localQueueName(permission.queue) };
    case 'deadLetters':
      return { actions: permission.actions, resource: deadLetterName(permission.queue) };
    case 'appSecrets':
      return { actions: permission.actions, resource: `${appSecretPrefix}*` };
  }
}
