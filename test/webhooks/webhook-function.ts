/**
 * The product's webhook function, run in this process as Lambda would run it: its module reads its settings from
 * the environment once, when it is loaded.
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { accessKeyIdOf } from '../../infra/local/stack/function-grants.ts';
import { appSecretPrefix } from '../../infra/topology.ts';
import { type FunctionName, variableOf } from '../../lib/config.ts';
import { type AwsPlace, queueUrlOf } from '../support/lifecycle/function-instance.ts';

export type WebhookHandler = (
  event: APIGatewayProxyEventV2,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>;

const name: FunctionName = 'webhook';

/** Loads the function over a local AWS with only its own permissions. */
export async function loadWebhookFunction(aws: AwsPlace): Promise<WebhookHandler> {
  Object.assign(process.env, {
    [variableOf('incomingQueueUrl')]: queueUrlOf(aws, 'incoming'),
    [variableOf('appSecretPrefix')]: appSecretPrefix,
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: aws.region,
    AWS_ACCESS_KEY_ID: accessKeyIdOf(name),
    AWS_SECRET_ACCESS_KEY: 's4ndb0x',
  });
  const { handler } = await import('../../functions/webhook.ts');
  return handler;
}
