/** Sends hundreds of random requests to each route: every response matches the contract, and none is a server error. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exchange } from '../support/stack/http-exchange.ts';
import { openTestStack, type TestStack } from '../support/stack/test-stack.ts';
import { type Credentials, randomRequest } from './random-requests.ts';
import { judge, routeNames } from './route-samples.ts';

const requestsPerRoute = 300;

let stack: TestStack;
let credentials: Credentials;

beforeAll(async () => {
  stack = await openTestStack();
  const tenant = await stack.newTenant({ directLinking: true });
  const { token } = await tenant.client.ok('createSession', {
    body: { userId: 'ada', returnUrl: tenant.returnUrl },
  });
  credentials = { apiKey: tenant.apiKey, session: token };
});
afterAll(() => stack.close());

it.each(routeNames)(
  '%s answers hundreds of random requests as its contract says',
  { timeout: 60_000 },
  async (name) => {
    let reached = 0;

    await fc.assert(
      fc.asyncProperty(randomRequest(name, credentials), async (raw) => {
        if (judge(name, await exchange(stack.apiUrl, raw)) === 'function') reached += 1;
      }),
      { numRuns: requestsPerRoute },
    );

    // Most of them get past the gateway, or the test would test the gateway.
    expect(reached).toBeGreaterThan(requestsPerRoute / 4);
  },
);
