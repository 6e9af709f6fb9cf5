/** Repeated calls of `complete`: after a lost response, simultaneously and after a failure. A code is redeemed once in every case. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { it } from '../support/fixtures/stack.ts';
import { accountOf, completionOf, reachReturn } from '../support/stack/flow-steps.ts';
import type { TestStack } from '../support/stack/test-stack.ts';

const sandbox = (stack: TestStack) => stack.local.platforms.sandboxes.tiktok;

it('complete returns the same connection to a caller who hung up before the response and repeats the call', async ({
  stack,
  tenant,
}) => {
  const user = tenant.user('ada');
  // Two instances are there already, so that the second question does not wait for one to start.
  const strangers = { body: completionOf(user, { flow: 'A'.repeat(22), completion: 'B'.repeat(43) }) };
  await Promise.all([tenant.client.fails('complete', strangers), tenant.client.fails('complete', strangers)]);
  const { returned } = await reachReturn(stack, { user, provider: 'tiktok' });
  const body = completionOf(user, returned);
  sandbox(stack).control({
    command: 'inject',
    endpoint: 'token',
    calls: 1,
    fault: { kind: 'delay', milliseconds: 5_000 },
  });
  const hangUp = new AbortController();
  const first = tenant.client.send('complete', { body, signal: hangUp.signal }).catch(() => 'hung up');
  while (sandbox(stack).calls().calls.token === 0) await sleep(20);

  hangUp.abort();
  const lost = await first;
  const early = await tenant.client.fails('complete', { body });
  let answer = await tenant.client.send('complete', { body });
  while (answer.status === 409) {
    await sleep(200);
    answer = await tenant.client.send('complete', { body });
  }
  const again = await tenant.client.ok('complete', { body });

  expect(lost).toBe('hung up');
  expect(early).toMatchObject({ code: 'FLOW_IN_PROGRESS', retryAfterSeconds: 2 });
  expect(again.connection.status).toBe('active');
  expect(JSON.parse(answer.text)).toEqual(again);
  expect(sandbox(stack).calls()).toMatchObject({ calls: { token: 1 }, codeReuses: 0 });
});

it('of two simultaneous completes, one redeems the code and the other gets the result or is asked to wait', async ({
  stack,
  tenant,
}) => {
  const user = tenant.user('ada');
  const { returned } = await reachReturn(stack, { user, provider: 'tiktok' });
  const body = completionOf(user, returned);

  const answers = await Promise.all([
    tenant.client.send('complete', { body }),
    tenant.client.send('complete', { body }),
  ]);
  const settled = await tenant.client.ok('complete', { body });

  const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
  expect(statuses[0]).toBe(201);
  expect([201, 409]).toContain(statuses[1]);
  for (const answer of answers.filter(({ status }) => status === 201)) {
    expect(JSON.parse(answer.text)).toEqual(settled);
  }
  expect(sandbox(stack).calls()).toMatchObject({ calls: { token: 1 }, codeReuses: 0 });
});

it('a repeated complete returns the same failure and does not call the platform again', async ({
  stack,
  tenant,
}) => {
  const user = tenant.user('ada');
  const { returned } = await reachReturn(stack, { user, provider: 'tiktok' });
  const body = completionOf(user, returned);
  sandbox(stack).control({
    command: 'inject',
    endpoint: 'token',
    calls: 1,
    fault: { kind: 'status', status: 500, body: 'json' },
  });

  const first = await tenant.client.fails('complete', { body });
  const again = await tenant.client.fails('complete', { body });

  expect({ ...again, correlationId: '' }).toEqual({ ...first, correlationId: '' });
  expect(first).toMatchObject({
    code: 'OAUTH_CALLBACK_ERROR',
    retryable: false,
    details: { reason: 'platform_unavailable' },
  });
  expect(sandbox(stack).calls().calls.token).toBe(1);
});

it('a repeated complete reports that the account is gone if it was disconnected meanwhile', async ({
  stack,
  tenant,
}) => {
  const user = tenant.user('ada');
  const { returned } = await reachReturn(stack, { user, provider: 'tiktok' });
  const body = completionOf(user, returned);
  const { connection } = await tenant.client.ok('complete', { body });
  await tenant.client.ok('disconnect', accountOf(user, connection));

  const refusal = await tenant.client.fails('complete', { body });

  expect(refusal.code).toBe('ACCOUNT_NOT_FOUND');
});

it('complete keeps the connection when it cannot store the outcome of the flow', async ({
  stack,
  tenant,
}) => {
  const user = tenant.user('ada');
  const { returned } = await reachReturn(stack, { user, provider: 'tiktok' });
  let written = 0;
  stack.fault = ({ principal, action }) => {
    if (principal !== 'LOCAL-complete' || action !== 'dynamodb:UpdateItem') return undefined;
    written += 1;
    // The first write takes the code; the second would record the outcome, and fails for as long as it is tried.
    return written === 1 ? undefined : { error: 'InternalServerError', status: 500 };
  };

  const { connection } = await tenant.client.ok('complete', { body: completionOf(user, returned) });
  stack.fault = undefined;
  const token = await tenant.client.ok('getToken', accountOf(user, connection));

  expect(written).toBeGreaterThan(1);
  expect(token.accessToken).toContain('s4ndb0x');
});
