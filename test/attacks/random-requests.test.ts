/** Sends hundreds of random requests to each route: every response matches the contract, and none is a server error. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { sharedTenantTest } from '../support/fixtures/stack.ts';
import { exchange } from '../support/stack/http-exchange.ts';
import { type Credentials, randomRequest } from './random-requests.ts';
import { judge, routeNames } from './route-samples.ts';

const requestsPerRoute = 300;

let credentials: Credentials;

const it = sharedTenantTest();
it.beforeAll(async ({ stack }) => {
  const tenant = await stack.newTenant({ directLinking: true });
  const { token } = await tenant.client.ok('createSession', {
    body: { userId: 'ada', returnUrl: tenant.returnUrl },
  });
  credentials = { apiKey: tenant.apiKey, session: token };
});

it.for(routeNames)('%s answers hundreds of random requests as its contract says', async (name, { stack }) => {
  let reached = 0;

  await fc.assert(
    fc.asyncProperty(randomRequest(name, credentials), async (raw) => {
      if (judge(name, await exchange(stack.apiUrl, raw)) === 'function') reached += 1;
    }),
    { numRuns: requestsPerRoute },
  );

  // Most of them get past the gateway, or the test would test the gateway.
  expect(reached).toBeGreaterThan(requestsPerRoute / 4);
});
