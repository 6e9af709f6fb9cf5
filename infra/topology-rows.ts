/** What the rows of the topology can say: of a function its rights, of a queue who works it off. */
import type { FunctionName } from '../lib/config.ts';
import type { IndexName } from '../lib/table/keys.ts';

export type QueueName = 'events' | 'deliveries' | 'refresh' | 'incoming' | 'rescue' | 'jobs';

/** One right, by action names. Nothing broader can be written here. */
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
  /** The buses that the owner names, and none where he names none. */
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
  /** Batches worked on at once; protects the platforms and the account's other functions. */
  readonly maxConcurrency: number;
}

export interface QueueRow {
  /** The function that works its messages off; its events are then batches. Absent where nobody does yet. */
  readonly worker?: QueueWorker;
  /** The function that works its dead letters off; absent where they wait for the operator. */
  readonly deadLetters?: QueueWorker;
  /** What is kept in it, for the console. */
  readonly description: string;
  /** The longest delay under which its own worker sends to it; none when absent. */
  readonly delaySeconds?: number;
}

export interface FunctionRow {
  /** What it is for, in the console. */
  readonly description: string;
  /** Gives up after this; the gateway does after 30 s. */
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly permissions: readonly Permission[];
  /** It sends to a queue that it works on, again and again. Lambda else stops what goes round about sixteen times. */
  readonly selfInvoking?: true;
}
