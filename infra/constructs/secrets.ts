/**
 * The stack's own secrets, which outlive it. Only the secret that signs states is born with a value; the session key
 * stays empty until the operator fills it, so that no deployment can ever overwrite what it holds. Provider apps' secrets
 * are no part of the stack: `hawser app set` makes each under the prefix, which is all that the functions' rights name,
 * so that the template is the same whatever the catalogue holds.
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
  /** What the names of provider apps' secrets begin with. */
  readonly appPrefix: string;
}

export function createSecrets(parent: Construct, stage: string): Secrets {
  const scope = new Construct(parent, 'Secrets');
  // Stages may share an account; their secrets must not.
  const appPrefix = stage === defaultStage ? appSecretPrefix : `${stage}/${appSecretPrefix}`;
  return {
    stateSecret: createSecret(scope, 'State', {
      description: 'Signs the state of consent flows: the current secret and the one before it',
      // Any change here makes CloudFormation generate a new secret, and flows under way fail.
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
 * Made from the bare resource: CDK's own construct would put a generated password where nothing is given.
 * @returns the secret's ARN.
 */
function createSecret(scope: Construct, id: string, props: CfnSecretProps): string {
  const secret = new CfnSecret(scope, id, props);
  secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
  return secret.ref;
}
