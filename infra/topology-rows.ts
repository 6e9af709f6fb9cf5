/** The shape of the topology's rows: a function's permissions, a queue's worker. */
import type { FunctionName } from '../lib/config.ts';
import type { IndexName } from '../lib/table/keys.ts';

export type QueueName = 'events' | 'deliveries' | 'refresh' | 'incoming' | 'rescue' | 'jobs';

/** One permission, by exact action names: the type allows no wildcard. */
export type Permission =
  | {
      readonly on: 'connections' | 'activity';
      readonly actions: readonly TableAction[];
      readonly index?: IndexName;
    }
  | {
      readonly on: 'vaultKey';
      readonly actions: readonly KeyAction[];
      readonly purpose: 'credentials' | 'destinations';
    }
  | {
      readonly on: 'stateSecret' | 'sessionKey' | 'appSecrets';
      readonly actions: readonly ['secretsmanager:GetSecretValue'];
    }
  /** The buses that the deployment names with `-c eventBusArns=…`, or none. */
  | { readonly on: 'eventBuses'; readonly actions: readonly ['events:PutEvents'] }
  | { readonly on: 'queue'; readonly queue: QueueName; readonly actions: readonly QueueAction[] }
  | { readonly on: 'deadLetters'; readonly queue: QueueName; readonly actions: readonly ['sqs:SendMessage'] };

type TableAction =
  | 'dynamodb:GetItem'
  | 'dynamodb:BatchGetItem'
  | 'dynamodb:Query'
  | 'dynamodb:PutItem'
  | 'dynamodb:UpdateItem'
  | 'dynamodb:DeleteItem';
type KeyAction = 'kms:GenerateDataKey' | 'kms:Decrypt';
type QueueAction = 'sqs:SendMessage' | 'sqs:GetQueueAttributes';

export interface QueueWorker {
  readonly function: FunctionName;
  readonly batchSize: number;
  /** Batches processed at once. The limit protects the platforms and the account's other functions. */
  readonly maxConcurrency: number;
}

export interface QueueRow {
  /** The function that processes its messages, in batches. */
  readonly worker?: QueueWorker;
  /** The function that processes its dead letters; without one they wait for the operator. */
  readonly deadLetters?: QueueWorker;
  /** What its messages are, for the AWS console. */
  readonly description: string;
  /** The longest delay with which its own worker sends to it; without one it sends without delay. */
  readonly delaySeconds?: number;
}

export interface FunctionRow {
  /** What it does, for the AWS console. */
  readonly description: string;
  /** Lambda stops it after this time; API Gateway stops waiting after 30 s. */
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly permissions: readonly Permission[];
  /** It sends to its own queue. Lambda's loop detection would otherwise stop it after about sixteen rounds. */
  readonly selfInvoking?: true;
}
