/**
 * The stack's own secrets, which are retained when the stack is deleted. Only the secret that signs states is created
 * with a value. `hawser setup` fills the session key, so that no deployment can overwrite it. Provider apps' secrets are
 * not part of the stack: `hawser app set` creates each of them under a prefix. The functions' permissions name only this
 * prefix, so the template does not depend on the catalogue.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnSecret, type CfnSecretProps } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { defaultStage } from '../stack-options.ts';
import { appSecretPrefix } from '../topology.ts';

export interface Secrets {
  /** ARNs. */
  readonly stateSecret: string;
  readonly sessionKey: string;
  /** The prefix of the names of provider apps' secrets. */
  readonly appPrefix: string;
}

export function createSecrets(parent: Construct, stage: string): Secrets {
  const scope = new Construct(parent, 'Secrets');
  // Stages may share an account; their secrets must not.
  const appPrefix = stage === defaultStage ? appSecretPrefix : `${stage}/${appSecretPrefix}`;
  return {
    stateSecret: createSecret(scope, 'State', {
      description: 'Signs the state of consent flows: the current secret and the one before it',
      // Any change here makes CloudFormation generate a new secret, and flows in progress fail.
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ previous: '' }),
        generateStringKey: 'current',
        passwordLength: 64,
        excludePunctuation: true,
      },
    }),
    sessionKey: createSecret(scope, 'SessionKey', {
      description: 'Private key that signs session tokens; filled with `hawser setup`',
    }),
    appPrefix,
  };
}

/**
 * Uses the L1 resource, because CDK's `Secret` construct would generate a password when no value is given.
 * @returns the secret's ARN.
 */
function createSecret(scope: Construct, id: string, props: CfnSecretProps): string {
  const secret = new CfnSecret(scope, id, props);
  secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
  return secret.ref;
}
