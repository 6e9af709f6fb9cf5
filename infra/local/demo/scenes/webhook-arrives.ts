/** A platform tells of something: Hawser knows it for the platform's, does what it means, and passes it on, signed. */
import { refusalOf } from '../application.ts';
import { type Stage, tenantId } from '../stage.ts';
import { connectAccount } from './connect-account.ts';
import type { Scene } from './scene.ts';

const userId = 'sora';
const provider = 'tiktok';
const published = 'post.publish.publicly_available';
const removed = 'authorization.removed';

export const webhookArrives: Scene = {
  title: 'TikTok tells of Sora’s post, and of her leaving',
  shows:
    'Webhooks are verified, handled once and passed on to the application, signed; a grant taken back at the platform ends here, too.',
  async play(stage) {
    const { story, application, sandboxes, hawser, apiUrl, stranger } = stage;
    const sandbox = sandboxes[provider];
    const known = (await application.status(userId)).find((one) => one.provider === provider);
    const { accountId } = known ?? (await connectAccount(stage, { userId, provider, person: 'sora' }));

    story.say(
      'Sora’s post goes live. TikTok sends a signed webhook to Hawser; and sends it once more, as platforms do.',
    );
    const before = sandbox.webhooks?.report().accepted ?? 0;
    const content = { publish_id: 'v_pub_url~v2.42', post_id: '7400000000000000001' };
    sandbox.control({
      command: 'send_webhook',
      events: [{ account: 'sora', event: published, content }],
      copies: 2,
    });
    await sandbox.webhooks?.settled();
    const taken = (sandbox.webhooks?.report().accepted ?? 0) - before;
    story.check('Hawser has taken both, once they were safe in its queue', taken === 2);

    story.say('It finds out whom the event concerns, and tells the application’s inbox.');
    const told = await hear(stage, published);
    story.exchange(told.exchange);
    story.check('The signature was good, and the inbox took it', told.exchange.status === 204);
    story.check(
      'It says whose account it is, in the words of the application',
      told.event['userId'] === userId && told.event['accountId'] === accountId,
    );
    const ids = new Set(stage.received().flatMap(({ type, id }) => (type === published ? [id] : [])));
    story.check('The two deliveries were one event, with one id', ids.size === 1);

    story.say('A stranger sends such a webhook as well, but cannot sign it.');
    const forged = await stranger({
      method: 'POST',
      url: `${apiUrl}/integrations/webhook/${provider}`,
      headers: new Headers({
        'content-type': 'application/json',
        'tiktok-signature': `t=1763600000,s=${'0'.repeat(64)}`,
      }),
      body: JSON.stringify({ event: removed, user_openid: accountId }),
    });
    story.check('Hawser refuses it', forged.status === 401 && refusalOf(forged) === 'INVALID_SIGNATURE');

    story.say('Sora removes the bakery in TikTok’s own settings. TikTok tells of that, too.');
    sandbox.control({ command: 'kill_grants', account: 'sora' });
    story.exchange((await hear(stage, removed)).exchange);
    await stage.until(async () => {
      const connection = await stage.look({ tenantId, provider, accountId });
      return connection?.status === 'reconnect_required' || undefined;
    });
    await hawser('connections', 'list', tenantId, '--user', userId);
    const refused = await application.token(provider, accountId, userId);
    story.check('No token is handed out until she connects again', refused.status >= 400);
  },
};

/** Waits until the application has heard of something. */
function hear({ until, received }: Stage, type: string) {
  return until(async () => received().find((one) => one.type === type && one.event['userId'] === userId));
}
