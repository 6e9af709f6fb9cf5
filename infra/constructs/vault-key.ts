/**
 * The KMS key that wraps tenant keys. Its key policy lists every principal that may use it, so that no IAM policy
 * elsewhere in the account can grant that; the account itself may only administer the key.
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

/** The actions for administration; none of them encrypts or decrypts. */
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

/** The principals that may use the key, with their actions and purpose. */
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
    // It creates the secrets of destinations, and seals them under a new or existing tenant key.
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

/** Adds principals that may use the key to its policy. */
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

/** Requires this purpose and any tenant id in the encryption context. */
export function onlyFor(purpose: string): Conditions {
  return {
    StringEquals: { 'kms:EncryptionContext:purpose': purpose },
    Null: { 'kms:EncryptionContext:tenantId': 'false' },
  };
}
