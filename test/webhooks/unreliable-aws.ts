/**
 * AWS clients of a function, over a network that loses responses and in an instance that may die between any two
 * calls. They record every write that took effect, including those whose response never reached the product.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SQSClient } from '@aws-sdk/client-sqs';
import { accessKeyIdOf } from '../../infra/local/stack/function-grants.ts';
import { localNames } from '../../infra/local/stack/provision.ts';
import type { FunctionName } from '../../lib/config.ts';
import type { AwsPlace } from '../support/lifecycle/function-instance.ts';
import { step } from '../support/lifecycle/process.ts';

/** The writes that took effect, in the order of their responses. */
export interface Effects {
  /** Keys of connections that lost their grant, once per loss. */
  readonly deauthorizations: string[];
  /** Resources whose order advanced: the key, the new time, and the event. */
  readonly advances: {
    readonly resourceKey: string;
    readonly occurredAt: number;
    readonly eventId: string;
  }[];
  answersLost: number;
}

/** The effects of one run of an instance so far. */
export interface RunTrace {
  effects: number;
  /** Receipts that were marked as done. */
  finished: number;
  /** Whether the instance dies as soon as something has taken effect. */
  readonly fatal: boolean;
  readonly died: PromiseWithResolvers<'died'>;
}

export const runTrace = new AsyncLocalStorage<RunTrace>();

export interface UnreliableOptions {
  readonly place: AwsPlace;
  readonly functionName: FunctionName;
  readonly effects: Effects;
  readonly random: () => number;
  /** The share of responses that get lost after the call took effect. */
  readonly lostAnswers: number;
}

/** The parts of DynamoDB's calls that are checked. */
type Input = {
  readonly TableName?: string;
  readonly Key?: Readonly<Record<string, { readonly S?: string }>>;
  readonly Item?: Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, { readonly S?: string }>>;
};

/** Stops an instance that has died. */
async function dieIfFatal(): Promise<void> {
  const trace = runTrace.getStore();
  if (!trace?.fatal || trace.effects === 0) return;
  trace.died.resolve('died');
  await new Promise(() => undefined);
}

export function openUnreliable(options: UnreliableOptions) {
  const { place, functionName, effects, random, lostAnswers } = options;
  const shared = {
    endpoint: place.endpoint,
    region: place.region,
    credentials: { accessKeyId: accessKeyIdOf(functionName), secretAccessKey: 's4ndb0x' },
    maxAttempts: 2,
  };
  const clients = {
    dynamoDb: new DynamoDBClient(shared),
    kms: new KMSClient(shared),
    sqs: new SQSClient({ ...shared, useQueueUrlAsEndpoint: false }),
  };
  /** Around the whole call, its retries included. */
  const mortal =
    <Args, Output>(next: (args: Args) => Promise<Output>) =>
    async (args: Args): Promise<Output> => {
      await dieIfFatal();
      await step();
      const answer = await next(args);
      await dieIfFatal();
      await step();
      return answer;
    };
  /** Around each try. */
  const lossy =
    <Args extends { readonly input: object }, Output>(next: (args: Args) => Promise<Output>) =>
    async (args: Args): Promise<Output> => {
      const answer = await next(args);
      note(args.input);
      if (random() < lostAnswers) {
        effects.answersLost += 1;
        throw Object.assign(new Error('The connection was cut.'), { code: 'ECONNRESET' });
      }
      return answer;
    };
  const outermost = { step: 'initialize', priority: 'high' } as const;
  const innermost = { step: 'deserialize', priority: 'high' } as const;
  clients.dynamoDb.middlewareStack.add((next) => mortal(next), outermost);
  clients.sqs.middlewareStack.add((next) => mortal(next), outermost);
  clients.dynamoDb.middlewareStack.add((next) => lossy(next), innermost);
  clients.sqs.middlewareStack.add((next) => lossy(next), innermost);

  function note(input: Input): void {
    const trace = runTrace.getStore();
    const key = input.Key?.['pk']?.S ?? input.Item?.['pk']?.S ?? '';
    const values = Object.values(input.ExpressionAttributeValues ?? {}).map(({ S }) => S);
    if (input.TableName === localNames.connectionsTable && input.Key && values.includes('deauthorized')) {
      effects.deauthorizations.push(key);
      if (trace) trace.effects += 1;
    }
    if (input.TableName !== localNames.activityTable) return;
    if (input.Item && key.startsWith('resource#')) {
      const { occurredAt, eventId } = input.Item;
      effects.advances.push({
        resourceKey: key,
        occurredAt: Number(occurredAt?.N),
        eventId: eventId?.S ?? '',
      });
      if (trace) trace.effects += 1;
    }
    if (input.Key && key.startsWith('receipt#') && values.includes('done') && trace) trace.finished += 1;
  }

  return {
    ...clients,
    close() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
