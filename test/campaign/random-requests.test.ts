/** The long version of the random-requests test: thirty thousand requests to each route. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Credentials, randomRequest } from '../attacks/random-requests.ts';
import { judge, routeNames } from '../attacks/route-samples.ts';
import { exchange } from '../support/stack/http-exchange.ts';
import { openTestStack, type TestStack } from '../support/stack/test-stack.ts';

const requestsPerRoute = 30_000;
/** A session lives ten minutes. */
const requestsPerSession = 5_000;

let stack: TestStack;

beforeAll(async () => {
  stack = await openTestStack();
});
afterAll(() => stack.close());

async function freshCredentials(): Promise<Credentials> {
  const tenant = await stack.newTenant({ directLinking: true });
  const { token } = await tenant.client.ok('createSession', {
    body: { userId: 'ada', returnUrl: tenant.returnUrl },
  });
  return { apiKey: tenant.apiKey, session: token };
}

it.each(routeNames)('%s answers thirty thousand random requests as its contract says', async (name) => {
  let reached = 0;

  for (let sent = 0; sent < requestsPerRoute; sent += requestsPerSession) {
    await fc.assert(
      fc.asyncProperty(randomRequest(name, await freshCredentials()), async (raw) => {
        if (judge(name, await exchange(stack.apiUrl, raw)) === 'function') reached += 1;
      }),
      { numRuns: requestsPerSession },
    );
    stack.output.length = 0;
  }

  expect(reached).toBeGreaterThan(requestsPerRoute / 4);
});
