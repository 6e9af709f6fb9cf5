/** Findings of cdk-nag that stay, each where it arises and with its reason. A test counts them; a new one needs a good sentence. */
import { type Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { Secrets } from './secrets.ts';

interface AcceptedFinding {
  /** Path of the construct from the stack; it holds for all beneath. */
  readonly at: string;
  readonly id: string;
  readonly reason: string;
}

export function acceptFindings(stack: Stack, secrets: Secrets): void {
  for (const { at, id, reason } of acceptedFindings(secrets)) {
    Validations.of(find(stack, at)).acknowledge({ id, reason });
  }
}

function acceptedFindings({ appPrefix }: Secrets): readonly AcceptedFinding[] {
  return [
    {
      at: 'Api',
      id: 'AwsSolutions-APIG4',
      reason:
        'Each route authenticates in its function, as the contract says: only our own table knows API keys and session tokens, and browsers on their way through a consent carry no credential.',
    },
    {
      at: 'Functions',
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'The two actions of X-Ray know no resource; a template test allows them and nothing else.',
    },
    {
      at: 'Functions',
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:${appPrefix}*]`,
      reason:
        'Provider apps get their secrets when they are registered, while the system runs, all under this one prefix.',
    },
    {
      at: 'Functions',
      id: 'Serverless-LambdaDLQ',
      reason:
        'The API and the pollers of queues wait for the answer of these functions; what the clock starts, it starts again.',
    },
    {
      at: 'Functions',
      id: 'Serverless-LambdaEventSourceMappingDestination',
      reason: 'Messages that fail go to the dead-letter queue of their own queue, which keeps them whole.',
    },
    {
      at: 'Clock',
      id: 'Serverless-LambdaAsyncFailureDestination',
      reason: 'A run of the clock carries nothing that could be lost, and the next one is near.',
    },
    {
      at: 'Queues',
      id: 'Serverless-SQSRedrivePolicy',
      reason: 'Only dead-letter queues have no dead-letter queue; a template test holds the others to it.',
    },
    {
      at: 'Secrets',
      id: 'AwsSolutions-SMG4',
      reason: 'Both are replaced by the operator, and the ones before them stay valid meanwhile.',
    },
    {
      at: 'Tables/Activity',
      id: 'AwsSolutions-DDB3',
      reason: 'It holds what expires within minutes or days; a backup would only keep what should be gone.',
    },
  ];
}

function find(stack: Stack, path: string): IConstruct {
  return path.split('/').reduce<IConstruct>((scope, id) => scope.node.findChild(id), stack);
}
