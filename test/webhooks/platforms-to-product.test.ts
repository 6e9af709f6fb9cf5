/** The sandbox platforms and the product, composed as `npm start` does: the product understands every platform's deliveries. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../infra/local/sandbox/sandbox.ts';
import { type LocalStack, startLocalStack } from '../../infra/local/stack/local-stack.ts';
import { connectAccount } from '../support/stack/flow-steps.ts';
import { openTestStack, type TestStack } from '../support/stack/test-stack.ts';

describe('a freshly started sandbox platform', () => {
  let stack: LocalStack;

  beforeAll(async () => {
    stack = await startLocalStack({
      port: 0,
      environment: {},
      now: () => Date.now(),
      onOutput: () => undefined,
    });
  });
  afterAll(() => stack.close());

  it.each([
    ['tiktok', { account: 'mira', event: 'post.publish.complete' }],
    ['instagram', { account: 'yuki', event: 'comments' }],
    ['instagram-facebook', { account: 'ferry', event: 'mentions' }],
  ] as const)('delivers to Hawser’s webhook route: %s', async (name, event) => {
    const sandbox = stack.platforms.sandboxes[name];

    sandbox.control({ command: 'send_webhook', events: [event] });
    await sandbox.webhooks?.settled();

    expect(sandbox.webhooks?.report()).toMatchObject({ requests: 1, accepted: 1, handshakesRefused: 0 });
  });

  it('has its last retry accepted, even if retries keep the timestamp of the first try', async () => {
    const sandbox = stack.platforms.sandboxes.tiktok;
    const { accepted = 0 } = sandbox.webhooks?.report() ?? {};

    sandbox.control({
      command: 'send_webhook',
      events: [{ account: 'mira', event: 'post.publish.complete' }],
      signedSecondsAgo: 72 * 3_600,
    });
    await sandbox.webhooks?.settled();

    expect(sandbox.webhooks?.report()).toMatchObject({ accepted: accepted + 1 });
  });

  it.each([
    ['signed with a wrong secret', { signature: 'wrong_secret' }],
    ['changed in transit', { signature: 'tampered' }],
    ['signed before anything that is still tried again', { signedSecondsAgo: 74 * 3_600 }],
    ['signed in time to come', { signedSecondsAgo: -400 }],
  ] as const)('never has a delivery accepted that was %s, however often it retries', async (_what, how) => {
    const sandbox = stack.platforms.sandboxes.tiktok;
    const before = sandbox.webhooks?.report();
    sandbox.control({ command: 'webhook', hourMilliseconds: 1 });

    sandbox.control({
      command: 'send_webhook',
      events: [{ account: 'mira', event: 'post.publish.complete' }],
      ...how,
    });
    await sandbox.webhooks?.settled();

    const { givenUp = 0, accepted, latest = [] } = sandbox.webhooks?.report() ?? {};
    expect(givenUp).toBe((before?.givenUp ?? 0) + 1);
    expect(accepted).toBe(before?.accepted);
    expect(latest.at(-1)).toMatchObject({ status: 401 });
  });
});

describe('a user who removes the application at TikTok', () => {
  let stack: TestStack;
  let sandbox: Sandbox;

  beforeAll(async () => {
    stack = await openTestStack();
    sandbox = stack.local.platforms.sandboxes.tiktok;
  });
  afterEach(async () => {
    sandbox.control({ command: 'webhook', url: null });
    await stack.reset();
  });
  afterAll(() => stack.close());

  const subscribe = () =>
    sandbox.control({ command: 'webhook', url: `${stack.apiUrl}/integrations/webhook/tiktok` });

  it('has to reconnect, without a token call to TikTok', async () => {
    const tenant = await stack.newTenant();
    const user = tenant.user('ada');
    await connectAccount(stack, { user, provider: 'tiktok', visit: { account: 'mira' } });
    subscribe();

    sandbox.control({ command: 'kill_grants', account: 'mira' });
    await sandbox.webhooks?.settled();

    await expect
      .poll(async () => (await tenant.client.ok('status', { query: user.named })).connections, {
        interval: 100,
      })
      .toMatchObject([{ status: 'reconnect_required', statusReason: 'deauthorized' }]);
    expect(sandbox.calls().latest.filter(({ grantType }) => grantType === 'refresh_token')).toEqual([]);
  });

  it('causes no change when the notification follows Hawser’s own revocation', async () => {
    const tenant = await stack.newTenant();
    const user = tenant.user('ada');
    const { connection } = await connectAccount(stack, {
      user,
      provider: 'tiktok',
      visit: { account: 'jose' },
    });
    subscribe();
    const before = sandbox.webhooks?.report().accepted ?? 0;

    await tenant.client.ok('disconnect', {
      params: { provider: 'tiktok', accountId: connection.accountId },
      query: user.named,
    });
    await sandbox.webhooks?.settled();

    expect(sandbox.webhooks?.report().accepted).toBe(before + 1);
    expect((await tenant.client.ok('status', { query: user.named })).connections).toEqual([]);
  });
});
