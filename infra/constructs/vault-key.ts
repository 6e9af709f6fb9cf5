/**
 * The KMS key under which tenant keys are wrapped. Its own policy names who may use it, so that no policy elsewhere in
 * the account can give that away; the account itself may only administer it.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRootPrincipal,
  ArnPrincipal,
  type Conditions,
  type IPrincipal,
  PolicyDocument,
  PolicyStatement,
} from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** What administration needs, by name; nothing among it opens or seals. */
const administration = [
  'kms:CancelKeyDeletion',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:DisableKeyRotation',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListKeyRotations',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:RotateKeyOnDemand',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateKeyDescription',
];

/** Who may do what with the key, and for which purpose. */
export interface KeyUse {
  readonly principals: readonly IPrincipal[];
  readonly actions: readonly string[];
  readonly purpose: string;
}

export function createVaultKey(
  scope: Construct,
  options: { readonly operatorRoleArn?: string; readonly resealRoleArn?: string },
): Key {
  const administer = new PolicyStatement({
    sid: 'Administration',
    principals: [new AccountRootPrincipal()],
    actions: administration,
    resources: ['*'],
  });
  const key = new Key(scope, 'VaultKey', {
    description: 'Wraps the keys of tenants',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
    policy: new PolicyDocument({ statements: [administer] }),
  });
  if (options.operatorRoleArn !== undefined) {
    allowUse(key, {
      principals: [new ArnPrincipal(options.operatorRoleArn)],
      actions: ['kms:GenerateDataKey'],
      purpose: 'credentials',
    });
    // It makes the secrets of destinations, and seals them under a key that may be there.
    allowUse(key, {
      principals: [new ArnPrincipal(options.operatorRoleArn)],
      actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
      purpose: 'destinations',
    });
  }
  if (options.resealRoleArn !== undefined) {
    allowUse(key, {
      principals: [new ArnPrincipal(options.resealRoleArn)],
      actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
      purpose: 'credentials',
    });
  }
  return key;
}

/** Names in the key's policy who may use it. */
export function allowUse(key: Key, { principals, actions, purpose }: KeyUse): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [...principals],
      actions: [...actions],
      resources: ['*'],
      conditions: onlyFor(purpose),
    }),
  );
}

/** Holds where the call names this purpose, and some tenant. */
export function onlyFor(purpose: string): Conditions {
  return {
    StringEquals: { 'kms:EncryptionContext:purpose': purpose },
    Null: { 'kms:EncryptionContext:tenantId': 'false' },
  };
}
