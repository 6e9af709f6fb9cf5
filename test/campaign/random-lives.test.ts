/**
 * Random lives of accounts: users connect, refresh and disconnect in any order while their platform misbehaves. In every
 * life the API keeps its contract, no code is used twice, and at the end every active connection works.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Fault } from '../../infra/local/sandbox/control/control.ts';
import { it } from '../support/fixtures/stack.ts';
import { accountOf, completionOf, reachReturn } from '../support/stack/flow-steps.ts';
import { type JourneyPlatform, platformFacts, platformNames } from '../support/stack/platform-facts.ts';
import type { TestStack, TestTenant } from '../support/stack/test-stack.ts';

const livesPerPlatform = 150;
const longestLife = 20;

const fault: fc.Arbitrary<Fault> = fc.constantFrom<Fault>(
  { kind: 'status', status: 500, body: 'json' },
  { kind: 'status', status: 503, body: 'html' },
  { kind: 'status', status: 401, body: 'json' },
  { kind: 'rate_limited', retryAfterSeconds: 1 },
  { kind: 'garbage_body' },
  { kind: 'half_body', afterwards: 'close' },
  { kind: 'lose_answer' },
  { kind: 'without_refresh_token' },
  { kind: 'expires_in', value: -1 },
  { kind: 'expires_in', value: '1e99' },
  { kind: 'expires_in', value: null },
  { kind: 'delay', milliseconds: 30 },
);

type Step =
  | { readonly kind: 'connect'; readonly user: number; readonly person: number; readonly twice: boolean }
  | { readonly kind: 'direct'; readonly user: number; readonly person: number }
  | { readonly kind: 'deny'; readonly user: number }
  | { readonly kind: 'token' | 'refresh' | 'disconnect'; readonly which: number; readonly twice: boolean }
  | { readonly kind: 'fault'; readonly endpoint: 'token' | 'revoke' | 'profile'; readonly fault: Fault }
  | { readonly kind: 'expire' | 'kill' | 'wait' };

const index = fc.nat({ max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('connect'), user: index, person: index, twice: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('direct'), user: index, person: index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deny'), user: index }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('token', 'refresh', 'refresh', 'disconnect'),
      which: index,
      twice: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('fault'),
      endpoint: fc.constantFrom('token', 'revoke', 'profile'),
      fault,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('expire', 'kill', 'wait', 'wait') }) },
);

it.for(platformNames)(
  '%s: every random life keeps the API contract and ends in a consistent state',
  async (provider, { stack }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: longestLife }), async (life) => {
        await stack.reset();
        const tenant = await stack.newTenant({ directLinking: true });
        for (const each of life) await live(stack, tenant, provider, each);
        await settle(stack, tenant, provider);
      }),
      { numRuns: livesPerPlatform },
    );
  },
);

/** The person and the user of a number; some users share an account and contend for it. */
const at = <Value>(values: readonly Value[], position: number): Value | undefined =>
  values[position % values.length];

async function live(
  stack: TestStack,
  tenant: TestTenant,
  provider: JourneyPlatform,
  each: Step,
): Promise<void> {
  const sandbox = stack.local.platforms.sandboxes[provider];
  const user = tenant.user(`user-${'user' in each ? each.user % 2 : 0}`);
  const account = 'person' in each ? at(platformFacts[provider].people, each.person) : undefined;
  const visit = account === undefined ? {} : { account };
  switch (each.kind) {
    case 'connect': {
      const { returned } = await reachReturn(stack, { user, provider, visit });
      const complete = () => tenant.client.send('complete', { body: completionOf(user, returned) });
      await Promise.all([complete(), ...(each.twice ? [complete()] : [])]);
      break;
    }
    case 'direct':
      await reachReturn(stack, { user, provider, visit, body: { completion: 'direct' } });
      break;
    case 'deny':
      await reachReturn(stack, { user, provider, visit: { decision: 'deny' } });
      break;
    case 'fault':
      sandbox.control({ command: 'inject', endpoint: each.endpoint, calls: 1, fault: each.fault });
      break;
    case 'expire':
      for (const record of await records(stack, tenant)) {
        await stack.tables.change('connections', record, { expiresAt: Date.now() - 1 });
      }
      sandbox.control({ command: 'expire_access_tokens' });
      break;
    case 'kill':
      sandbox.control({ command: 'kill_grants' });
      break;
    case 'wait':
      await stack.tables.clear('activity', 'lease#');
      break;
    default:
      await use(tenant, each);
  }
}

const routes = { token: 'getToken', refresh: 'refreshToken', disconnect: 'disconnect' } as const;

async function use(tenant: TestTenant, each: Extract<Step, { readonly which: number }>): Promise<void> {
  const { connections } = await tenant.client.ok('status');
  const connection = connections.length === 0 ? undefined : at(connections, each.which);
  if (connection === undefined) return;
  const call = () =>
    tenant.client.send(routes[each.kind], accountOf(tenant.user(connection.userId), connection));
  const answers = await Promise.all([call(), ...(each.twice ? [call()] : [])]);
  // Nothing of ours was broken, so nothing of ours may fail.
  for (const { status, text } of answers)
    expect([status, text]).not.toEqual([expect.toBeOneOf([500, 503]), text]);
}

const records = async (stack: TestStack, tenant: TestTenant) =>
  (await stack.tables.scan('connections')).filter(
    (item) => item['pk']?.S?.startsWith('connection#') && item['tenantId']?.S === tenant.id,
  );

/** Once the platform works again, active connections refresh, the others can be disconnected, and no code was used twice. */
async function settle(stack: TestStack, tenant: TestTenant, provider: JourneyPlatform): Promise<void> {
  const sandbox = stack.local.platforms.sandboxes[provider];
  sandbox.control({ command: 'clear_faults' });
  await stack.tables.clear('activity', 'lease#');
  const { connections } = await tenant.client.ok('status');

  for (const connection of connections) {
    const account = accountOf(tenant.user(connection.userId), connection);
    const refreshed = await tenant.client.send('refreshToken', account);
    expect([200, 404, 409]).toContain(refreshed.status);
    if (refreshed.status === 200) {
      const token = await tenant.client.ok('getToken', account);
      expect(token.accessToken).toContain('s4ndb0x');
    }
    const gone = await tenant.client.ok('disconnect', account);
    expect(gone.revocation).not.toBe('revoke_pending');
  }

  expect((await tenant.client.ok('status')).connections).toEqual([]);
  expect(sandbox.calls().codeReuses).toBe(0);
}
