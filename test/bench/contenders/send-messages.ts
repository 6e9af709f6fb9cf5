/**
 * The floor: a function that puts the messages it is given into a queue, with the SDK's own settings, and answers. It
 * verifies nothing, reads nothing and logs nothing; what the product takes beyond it is the product's own work.
 */
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';

// The queue's URL only names it; the endpoint is somewhere else here.
const client = new SQSClient({ useQueueUrlAsEndpoint: false });

interface Asked {
  readonly queueUrl: string;
  readonly messages: readonly string[];
}

export const handler = async ({ queueUrl, messages }: Asked) => {
  const { Failed = [] } = await client.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: messages.map((MessageBody, index) => ({
        Id: String(index),
        MessageBody,
        MessageGroupId: 'bench',
      })),
    }),
  );
  return { statusCode: Failed.length === 0 ? 200 : 500 };
};
