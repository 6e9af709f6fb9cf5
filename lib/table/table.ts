/**
 * Single-item reads and conditional writes on one DynamoDB table. A failed condition is an answer, not an error;
 * a write whose answer was lost and repeated is recognised as its own; everything else is `DATABASE_ERROR`.
 */
import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb';
import { IntegrationError } from '../errors.ts';
import { token } from '../ids.ts';
import { absent, Bindings, type Condition } from './condition.ts';
import { type IndexName, indexes, type Key } from './keys.ts';

export type Item = Readonly<Record<string, NativeAttributeValue>>;

export interface Query {
  /** Queries this index; without one, the table itself. */
  readonly index?: IndexName;
  readonly partition: string;
  readonly sortPrefix?: string;
  /** Only up to this sort key, which is included. */
  readonly upTo?: string;
  /** Only from this sort key on, which is included; `upTo` must be given, too. */
  readonly from?: string;
  readonly limit: number;
  /** Starts behind this position, which need not exist. */
  readonly after?: Item;
  readonly newestFirst?: boolean;
}

export type Table = ReturnType<typeof openTable>;

/** Set by every conditional write, so that a repeat of it can tell its own work from a rival's. */
const writeMark = 'writeId';
const marshalling = { removeUndefinedValues: true } as const;

export function openTable(client: DynamoDBClient, tableName: string) {
  return {
    /** One item, read with strong consistency. */
    async get(key: Key, attributes?: readonly string[]): Promise<Item | undefined> {
      const projection = attributes && project(attributes);
      const { Item } = await orDatabaseError(
        client.send(
          new GetItemCommand({
            TableName: tableName,
            Key: keyAttributes(key),
            ConsistentRead: true,
            ...projection,
          }),
        ),
      );
      return Item && unmarshall(Item);
    },

    /** Writes a whole item if the condition holds (by default: if there is none yet). Answers whether it did. */
    async put(key: Key, item: Item, condition: Condition = absent('pk')): Promise<boolean> {
      const writeId = token(9);
      const bind = new Bindings();
      const command = new PutItemCommand({
        TableName: tableName,
        Item: marshall({ ...item, ...key, [writeMark]: writeId }, marshalling),
        ConditionExpression: condition(bind),
        ...bound(bind),
      });
      return (await conditionally(key, writeId, client.send(command))) !== undefined;
    },

    /**
     * Replaces the whole item if the condition holds. Returns the previous item;
     * after a repeated write that is no longer known.
     */
    async swap(
      key: Key,
      item: Item,
      condition: Condition,
    ): Promise<{ readonly before: Item | 'nothing' | 'unknown' } | undefined> {
      const writeId = token(9);
      const bind = new Bindings();
      const command = new PutItemCommand({
        TableName: tableName,
        Item: marshall({ ...item, ...key, [writeMark]: writeId }, marshalling),
        ConditionExpression: condition(bind),
        ReturnValues: 'ALL_OLD',
        ...bound(bind),
      });
      const call = client.send(command);
      const written = await conditionally(key, writeId, call);
      if (!written) return undefined;
      if (written[writeMark] === writeId) return { before: 'unknown' };
      return { before: Object.keys(written).length === 0 ? 'nothing' : written };
    },

    /** Changes an item if the condition holds. Answers the item after the change, or nothing when it did not hold. */
    async update(
      key: Key,
      change: { readonly set?: Item; readonly remove?: readonly string[] },
      condition: Condition,
    ): Promise<Item | undefined> {
      const writeId = token(9);
      const bind = new Bindings();
      const set = Object.entries({ ...change.set, [writeMark]: writeId })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${bind.name(name)} = ${bind.value(value)}`);
      const remove = change.remove?.map((name) => bind.name(name)) ?? [];
      const command = new UpdateItemCommand({
        TableName: tableName,
        Key: keyAttributes(key),
        UpdateExpression: `SET ${set.join(', ')}${remove.length > 0 ? ` REMOVE ${remove.join(', ')}` : ''}`,
        ConditionExpression: condition(bind),
        ReturnValues: 'ALL_NEW',
        ...bound(bind),
      });
      return conditionally(key, writeId, client.send(command));
    },

    /** Deletes an item if the condition holds. Answers whether the item is gone because of this call or an earlier try of it. */
    async delete(key: Key, condition: Condition): Promise<boolean> {
      const bind = new Bindings();
      const command = new DeleteItemCommand({
        TableName: tableName,
        Key: keyAttributes(key),
        ConditionExpression: condition(bind),
        ...bound(bind),
      });
      try {
        await client.send(command);
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw databaseError(error);
        return wasRepeated(error) && (await this.get(key)) === undefined;
      }
    },

    /** One page of keys (index) or items (table), in sort order. */
    async query(query: Query): Promise<{ readonly items: readonly Item[]; readonly last: Item | undefined }> {
      const index = query.index && indexes[query.index];
      const bind = new Bindings();
      const partition = `${bind.name(index?.partition ?? 'pk')} = ${bind.value(query.partition)}`;
      const sort = sortCondition(query, bind, index?.sort ?? 'sk');
      const { Items = [], LastEvaluatedKey } = await orDatabaseError(
        client.send(
          new QueryCommand({
            TableName: tableName,
            ...(index ? { IndexName: index.name } : { ConsistentRead: true }),
            KeyConditionExpression: partition + sort,
            Limit: query.limit,
            ScanIndexForward: query.newestFirst !== true,
            ...(query.after && { ExclusiveStartKey: marshall(query.after) }),
            ...bound(bind),
          }),
        ),
      );
      return {
        items: Items.map((item) => unmarshall(item)),
        last: LastEvaluatedKey && unmarshall(LastEvaluatedKey),
      };
    },

    /** One page of an index with the named attributes of each item: one Query and one BatchGetItem. */
    async page(
      query: Query & { readonly index: IndexName },
      attributes: readonly string[],
    ): Promise<{ readonly items: readonly Item[]; readonly last: Item | undefined }> {
      const { items, last } = await this.query(query);
      const keys = items.map((item) => ({ pk: String(item['pk']), sk: String(item['sk']) }));
      return { items: await this.batchGet(keys, attributes), last };
    },

    /** Items by key, at most 100, in the order of the keys; those that do not exist are left out. */
    async batchGet(keys: readonly Key[], attributes: readonly string[]): Promise<readonly Item[]> {
      if (keys.length === 0) return [];
      const found = new Map<string, Item>();
      let pending: Record<string, AttributeValue>[] = keys.map(keyAttributes);
      for (let round = 0; pending.length > 0; round += 1) {
        if (round === unprocessedRounds) {
          throw new IntegrationError('DATABASE_ERROR', 'The table left keys unprocessed.', {
            retryAfterSeconds: 1,
          });
        }
        const { Responses, UnprocessedKeys } = await orDatabaseError(
          client.send(
            new BatchGetItemCommand({
              RequestItems: {
                [tableName]: { Keys: pending, ConsistentRead: true, ...project(['pk', 'sk', ...attributes]) },
              },
            }),
          ),
        );
        for (const item of Responses?.[tableName] ?? []) {
          const read = unmarshall(item);
          found.set(JSON.stringify([read['pk'], read['sk']]), read);
        }
        pending = UnprocessedKeys?.[tableName]?.Keys ?? [];
      }
      return keys.flatMap(({ pk, sk }) => found.get(JSON.stringify([pk, sk])) ?? []);
    },
  };

  /**
   * Runs a conditional write. When the SDK had to repeat it, an earlier try may have been applied and its answer
   * lost; then the repeat fails the condition although the write was ours, and the mark on the item tells.
   */
  async function conditionally(
    key: Key,
    writeId: string,
    write: Promise<{ Attributes?: Record<string, AttributeValue> | undefined }>,
  ): Promise<Item | undefined> {
    try {
      const { Attributes } = await write;
      return unmarshall(Attributes ?? {});
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw databaseError(error);
      if (!wasRepeated(error)) return undefined;
      const { Item } = await orDatabaseError(
        client.send(
          new GetItemCommand({ TableName: tableName, Key: keyAttributes(key), ConsistentRead: true }),
        ),
      );
      const item = Item && unmarshall(Item);
      return item?.[writeMark] === writeId ? item : undefined;
    }
  }
}

function sortCondition(query: Query, bind: Bindings, sort: string): string {
  if (query.sortPrefix !== undefined)
    return ` AND begins_with(${bind.name(sort)}, ${bind.value(query.sortPrefix)})`;
  if (query.from !== undefined && query.upTo !== undefined) {
    return ` AND ${bind.name(sort)} BETWEEN ${bind.value(query.from)} AND ${bind.value(query.upTo)}`;
  }
  return query.upTo === undefined ? '' : ` AND ${bind.name(sort)} <= ${bind.value(query.upTo)}`;
}

/** A key in DynamoDB's own form. Written out, because every call has one and it is always two strings. */
function keyAttributes({ pk, sk }: Key): Record<'pk' | 'sk', AttributeValue> {
  return { pk: { S: pk }, sk: { S: sk } };
}

/** DynamoDB may leave keys of a batch unread under load; after three rounds the caller gets a retryable error. */
const unprocessedRounds = 3;

function project(attributes: readonly string[]) {
  const bind = new Bindings();
  return {
    ProjectionExpression: attributes.map((name) => bind.name(name)).join(', '),
    ExpressionAttributeNames: bind.names,
  };
}

function bound(bind: Bindings) {
  return {
    ...(Object.keys(bind.names).length > 0 && { ExpressionAttributeNames: bind.names }),
    ...(Object.keys(bind.values).length > 0 && {
      ExpressionAttributeValues: marshall(bind.values, marshalling),
    }),
  };
}

function wasRepeated(error: ConditionalCheckFailedException): boolean {
  return (error.$metadata.attempts ?? 1) > 1;
}

async function orDatabaseError<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    throw databaseError(error);
  }
}

function databaseError(cause: unknown): IntegrationError {
  return new IntegrationError('DATABASE_ERROR', 'The database did not answer. Try again.', {
    cause,
    retryAfterSeconds: 1,
  });
}
