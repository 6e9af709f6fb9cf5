/** The cdk-nag findings that we accept, each with its construct and its reason. A test counts them; a new one needs a sound reason. */
import { type Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { Secrets } from './secrets.ts';

interface AcceptedFinding {
  /** The construct's path within the stack; the entry covers its children too. */
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
        'Each route authenticates in its function, as the contract says: only Hawser can verify API keys and session tokens, and browsers in a consent flow carry no credential.',
    },
    {
      at: 'Functions',
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'The two X-Ray actions do not support resources; a template test allows these two actions only.',
    },
    {
      at: 'Functions',
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:${appPrefix}*]`,
      reason:
        'Operators register provider apps at runtime; the names of all their secrets start with this prefix.',
    },
    {
      at: 'Functions',
      id: 'Serverless-LambdaDLQ',
      reason:
        'The API and the queue pollers invoke these functions synchronously; the schedule invokes its function again a minute later.',
    },
    {
      at: 'Functions',
      id: 'Serverless-LambdaEventSourceMappingDestination',
      reason: 'SQS moves failed messages to the dead-letter queue of their queue, unchanged.',
    },
    {
      at: 'Clock',
      id: 'Serverless-LambdaAsyncFailureDestination',
      reason: 'A scheduled run carries no data that could be lost, and the next one follows within a minute.',
    },
    {
      at: 'Queues',
      id: 'Serverless-SQSRedrivePolicy',
      reason:
        'Only dead-letter queues have no dead-letter queue; a template test checks that every other queue has one.',
    },
    {
      at: 'Secrets',
      id: 'AwsSolutions-SMG4',
      reason:
        'The operator rotates both with `hawser rotate`, and the previous values stay valid for a while.',
    },
    {
      at: 'Tables/Activity',
      id: 'AwsSolutions-DDB3',
      reason:
        'Its items expire within minutes or days; a backup would only retain data that should be deleted.',
    },
  ];
}

function find(stack: Stack, path: string): IConstruct {
  return path.split('/').reduce<IConstruct>((scope, id) => scope.node.findChild(id), stack);
}
