/**
 * Counts what an engine behind a DynamoDB client reports of its own accord, so that a store that counts by rule can be
 * held against it. Not every engine reports writes to indexes; none charges for a query that finds nothing.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { Consumption } from './refresh-capacity.ts';

const capacity = z.object({
  CapacityUnits: z.number(),
  GlobalSecondaryIndexes: z.record(z.string(), z.object({ CapacityUnits: z.number() })).default({}),
});
const answer = z.object({
  ConsumedCapacity: z.union([capacity.transform((one) => [one]), z.array(capacity)]).default([]),
  Item: z.unknown().optional(),
  Items: z.array(z.unknown()).optional(),
  ScannedCount: z.number().optional(),
  Responses: z.record(z.string(), z.array(z.unknown())).optional(),
});
const query = z.object({ ConsistentRead: z.boolean().default(false) });
const writes = new Set(['PutItemCommand', 'UpdateItemCommand', 'DeleteItemCommand']);

/** Adds to `consumed` from now on. */
export function countReported(client: DynamoDBClient, consumed: Consumption): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const input = { ...args.input, ReturnConsumedCapacity: 'INDEXES' as const };
        const result = await next({ ...args, input });
        const { ConsumedCapacity, Item, ScannedCount, Responses = {} } = answer.parse(result.output);
        const units = ConsumedCapacity.reduce((sum, each) => sum + each.CapacityUnits, 0);
        const indexUnits = ConsumedCapacity.flatMap((each) =>
          Object.values(each.GlobalSecondaryIndexes),
        ).reduce((sum, each) => sum + each.CapacityUnits, 0);
        const found = Object.values(Responses).reduce((sum, items) => sum + items.length, Item ? 1 : 0);
        consumed.calls += 1;
        consumed.itemsRead += ScannedCount ?? found;
        if (writes.has(commandName)) {
          consumed.writeUnits += units - indexUnits;
          consumed.indexWriteUnits += indexUnits;
        } else consumed.readUnits += ScannedCount === 0 ? emptyQueryUnits(args.input) : units;
        return result;
      },
    { step: 'initialize', name: 'countReported' },
  );
}

/** A query is charged for although it finds nothing, as its consistency says. */
function emptyQueryUnits(input: unknown): number {
  return query.parse(input).ConsistentRead ? 1 : 0.5;
}
