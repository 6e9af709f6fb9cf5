/**
 * The floor: a function that reads one item with the SDK's own settings, and nothing else. It checks no caller, opens
 * nothing and logs nothing; what the product takes beyond it is the product's own work.
 */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';

const client = new DynamoDBClient();

export const handler = async ({ tableName, pk, sk }: Readonly<Record<string, string>>) => {
  const { Item } = await client.send(
    new GetItemCommand({
      TableName: tableName,
      Key: { pk: { S: String(pk) }, sk: { S: String(sk) } },
      ConsistentRead: true,
    }),
  );
  return { statusCode: Item ? 200 : 404 };
};
