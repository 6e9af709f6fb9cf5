/** The long version of the random-requests test: thirty thousand requests to each route. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Credentials, randomRequest } from '../attacks/random-requests.ts';
import { judge, routeNames } from '../attacks/route-samples.ts';
import { sharedTenantTest } from '../support/fixtures/stack.ts';
import { exchange } from '../support/stack/http-exchange.ts';
import type { TestStack } from '../support/stack/test-stack.ts';

const requestsPerRoute = 30_000;
/** A session lives ten minutes. */
const requestsPerSession = 5_000;

const it = sharedTenantTest();

async function freshCredentials(stack: TestStack): Promise<Credentials> {
  const tenant = await stack.newTenant({ directLinking: true });
  const { token } = await tenant.client.ok('createSession', {
    body: { userId: 'ada', returnUrl: tenant.returnUrl },
  });
  return { apiKey: tenant.apiKey, session: token };
}

it.for(routeNames)(
  '%s answers thirty thousand random requests as its contract says',
  async (name, { stack }) => {
    let reached = 0;

    for (let sent = 0; sent < requestsPerRoute; sent += requestsPerSession) {
      await fc.assert(
        fc.asyncProperty(randomRequest(name, await freshCredentials(stack)), async (raw) => {
          if (judge(name, await exchange(stack.apiUrl, raw)) === 'function') reached += 1;
        }),
        { numRuns: requestsPerSession },
      );
      stack.output.length = 0;
    }

    expect(reached).toBeGreaterThan(requestsPerRoute / 4);
  },
);
