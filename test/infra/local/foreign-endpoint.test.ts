/** An AWS endpoint that the environment names serves instead of the embedded one, in whatever region it is. */
import dynalite from 'dynalite';
import { expect, test } from 'vitest';
import { startLocalStack } from '../../../infra/local/stack/local-stack.ts';

test('uses the DynamoDB that the environment names, in its region, and makes there what is missing', async () => {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const endpoint = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;

  const stack = await startLocalStack({
    port: 0,
    environment: {
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'somebody',
      AWS_SECRET_ACCESS_KEY: 'elsewhere',
    },
    now: () => Date.now(),
    onOutput: () => undefined,
    returnOrigin: 'http://127.0.0.1:9',
  });
  try {
    await stack.operator.createTenant('acme', 'Acme');
    const { text } = await stack.operator.createApiKey('acme', 'test');
    await stack.operator.addReturnUrl('acme', 'http://127.0.0.1:9/back');
    const answer = await fetch(`${stack.apiUrl}/integrations/connect/tiktok`, {
      method: 'POST',
      headers: { authorization: `Bearer ${text.reveal()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ userId: 'ada' }),
    });

    expect(answer.status).toBe(201);
    expect(stack.endpoints.dynamodb).toBe(endpoint);
    expect(stack.aws.calls().filter(({ action }) => action.startsWith('dynamodb:'))).toEqual([]);
  } finally {
    await stack.close();
    server.close();
  }
});
