/** A platform sends webhooks: Hawser verifies them, applies them, and forwards them to the application, signed. */
import { refusalOf } from '../application.ts';
import { type DemoStack, tenantId } from '../demo-stack.ts';
import { connectAccount } from './connect-account.ts';
import type { Scene } from './scene.ts';

const userId = 'sora';
const provider = 'tiktok';
const published = 'post.publish.publicly_available';
const removed = 'authorization.removed';

export const webhookArrives: Scene = {
  title: 'TikTok sends webhooks about Sora’s post and her deauthorization',
  shows:
    'Hawser verifies webhooks, handles each once and forwards it to the application, signed. A deauthorization at the platform ends the connection’s access here, too.',
  async play(demo) {
    const { transcript, application, sandboxes, hawser, apiUrl, stranger } = demo;
    const sandbox = sandboxes[provider];
    const known = (await application.status(userId)).find((one) => one.provider === provider);
    const { accountId } = known ?? (await connectAccount(demo, { userId, provider, person: 'sora' }));

    transcript.say(
      'Sora’s post goes live. TikTok sends a signed webhook to Hawser, and sends it a second time, as platforms do.',
    );
    const before = sandbox.webhooks?.report().accepted ?? 0;
    const content = { publish_id: 'v_pub_url~v2.42', post_id: '7400000000000000001' };
    sandbox.control({
      command: 'send_webhook',
      events: [{ account: 'sora', event: published, content }],
      copies: 2,
    });
    await sandbox.webhooks?.settled();
    const accepted = (sandbox.webhooks?.report().accepted ?? 0) - before;
    transcript.check('Hawser stored both in its queue, then accepted them', accepted === 2);

    transcript.say(
      'Hawser finds the user whom the event concerns, and delivers the event to the application’s inbox.',
    );
    const delivered = await waitForEvent(demo, published);
    transcript.exchange(delivered.exchange);
    transcript.check(
      'The inbox verified the signature and accepted the event',
      delivered.exchange.status === 204,
    );
    transcript.check(
      'The event names the application’s own user and the account',
      delivered.event['userId'] === userId && delivered.event['accountId'] === accountId,
    );
    const ids = new Set(demo.received().flatMap(({ type, id }) => (type === published ? [id] : [])));
    transcript.check('The two deliveries were one event, with one id', ids.size === 1);

    transcript.say('A stranger sends such a webhook too, but cannot sign it.');
    const forged = await stranger({
      method: 'POST',
      url: `${apiUrl}/integrations/webhook/${provider}`,
      headers: new Headers({
        'content-type': 'application/json',
        'tiktok-signature': `t=1763600000,s=${'0'.repeat(64)}`,
      }),
      body: JSON.stringify({ event: removed, user_openid: accountId }),
    });
    transcript.check('Hawser refuses it', forged.status === 401 && refusalOf(forged) === 'INVALID_SIGNATURE');

    transcript.say(
      'Sora removes the bakery in TikTok’s own settings. TikTok sends a webhook about that, too.',
    );
    sandbox.control({ command: 'kill_grants', account: 'sora' });
    transcript.exchange((await waitForEvent(demo, removed)).exchange);
    await demo.waitFor(async () => {
      const connection = await demo.findConnection({ tenantId, provider, accountId });
      return connection?.status === 'reconnect_required' || undefined;
    });
    await hawser('connections', 'list', tenantId, '--user', userId);
    const refused = await application.token(provider, accountId, userId);
    transcript.check('Hawser returns no token until she connects again', refused.status >= 400);
  },
};

/** Waits until the application has received an event of a type. */
function waitForEvent({ waitFor, received }: DemoStack, type: string) {
  return waitFor(async () => received().find((one) => one.type === type && one.event['userId'] === userId));
}
