/** Both tables as they lie on disk, read and changed by the operator past the product's own stores. */
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { localNames } from '../../../infra/local/stack/provision.ts';

export type RawItem = Readonly<Record<string, AttributeValue>>;
export type TableName = 'connections' | 'activity';

export type RawTables = ReturnType<typeof openRawTables>;

const names = { connections: localNames.connectionsTable, activity: localNames.activityTable } as const;

export function openRawTables(endpoint: string, region: string) {
  const client = new DynamoDBClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'operator', secretAccessKey: 'local' },
  });

  async function scan(table: TableName): Promise<readonly RawItem[]> {
    const items: RawItem[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(
        new ScanCommand({
          TableName: names[table],
          ConsistentRead: true,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from);
    return items;
  }

  /** The one item of a kind (by key prefix) whose attribute has that text. */
  async function find(table: TableName, attribute: string, text: string, keyPrefix = ''): Promise<RawItem> {
    const found = (await scan(table)).filter(
      (item) => item[attribute]?.S === text && item['pk']?.S?.startsWith(keyPrefix),
    );
    const [only] = found;
    if (only === undefined || found.length > 1)
      throw new Error(`${found.length} items have that ${attribute}.`);
    return only;
  }

  return {
    scan,
    find,

    flow: (flowId: string) => find('activity', 'id', flowId),

    connection: (connectionId: string) => find('connections', 'id', connectionId),

    /** Overwrites attributes of an existing item. */
    async change(
      table: TableName,
      item: RawItem,
      attributes: Readonly<Record<string, unknown>>,
    ): Promise<void> {
      const entries = Object.entries(attributes);
      await client.send(
        new UpdateItemCommand({
          TableName: names[table],
          Key: keyOf(item),
          ConditionExpression: 'attribute_exists(pk)',
          UpdateExpression: `SET ${entries.map((_, index) => `#n${index} = :v${index}`).join(', ')}`,
          ExpressionAttributeNames: Object.fromEntries(entries.map(([name], index) => [`#n${index}`, name])),
          ExpressionAttributeValues: marshall(
            Object.fromEntries(entries.map(([, value], index) => [`:v${index}`, value])),
          ),
        }),
      );
    },

    /** Deletes the items of that kind, by the prefix of their key. */
    async clear(table: TableName, keyPrefix: string): Promise<void> {
      for (const item of await scan(table)) {
        if (!item['pk']?.S?.startsWith(keyPrefix)) continue;
        await client.send(new DeleteItemCommand({ TableName: names[table], Key: keyOf(item) }));
      }
    },

    close: () => client.destroy(),
  };
}

function keyOf(item: RawItem): Record<string, AttributeValue> {
  const { pk, sk } = item;
  if (pk === undefined || sk === undefined) throw new Error('The item has no key.');
  return { pk, sk };
}
