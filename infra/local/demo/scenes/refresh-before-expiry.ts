/** The sweep refreshes a token that is about to expire, before the application asks for it. */
import { readToken } from '../application.ts';
import { tenantId } from '../demo-stack.ts';
import { connectAccount } from './connect-account.ts';
import type { Scene } from './scene.ts';

const userId = 'sora';
const provider = 'tiktok';
/** Short enough to count as about to expire, and long enough for a slow machine to play the scene meanwhile. */
const shortLifeSeconds = 90;
const usualLifeSeconds = 86_400;

export const refreshBeforeExpiry: Scene = {
  title: 'Hawser refreshes Sora’s token before it expires',
  shows: 'The sweep refreshes tokens in use before they expire, so the application always gets a valid one.',
  async play(demo) {
    const { transcript, application, sandboxes, platforms, hawser } = demo;
    const lifetime = (accessTokenSeconds: number) =>
      sandboxes[provider].control({ command: 'set_lifetimes', accessTokenSeconds });
    lifetime(shortLifeSeconds);
    transcript.say(
      `Sora connects her own account. To keep the demo short, TikTok’s tokens expire after ${shortLifeSeconds} seconds here.`,
    );
    const { accountId } = await connectAccount(demo, { userId, provider, person: 'sora' });
    lifetime(usualLifeSeconds);

    transcript.say(
      'The application uses the token. From now on Hawser keeps this connection fresh automatically.',
    );
    const first = readToken(await application.token(provider, accountId, userId));
    await hawser('connections', 'list', tenantId, '--user', userId);

    transcript.say(
      'Each minute the sweep (refresh-due) finds due connections and queues their refresh. The demo makes this one due now and runs the sweep by hand.',
    );
    const wanted = { tenantId, provider, accountId };
    const due = await demo.makeDue(wanted);
    await demo.runSchedule('refresh-due');
    const refreshed = await demo.waitFor(async () => {
      const found = await demo.findConnection(wanted);
      return found !== undefined && found.generation > due.generation ? found : undefined;
    });
    await hawser('connections', 'list', tenantId, '--user', userId);

    const { expiresAt: before = 0 } = due;
    const { expiresAt: after = 0, obtainedAt } = refreshed;
    const early = Math.floor((before - obtainedAt) / 1000);
    transcript.check(`Hawser refreshed the token ${early} seconds before it would have expired`, early > 0);
    transcript.check(
      `It would have expired at ${new Date(before).toISOString()}, and now expires at ${new Date(after).toISOString()}`,
      after > before,
    );
    const second = readToken(await application.token(provider, accountId, userId));
    transcript.check('The application gets the new token at once', second.accessToken !== first.accessToken);
    const profile = `${platforms.tiktok}/v2/user/info/?fields=display_name`;
    const used = await application.usePlatform(profile, second.accessToken);
    transcript.check('The new token works at the platform', used.status === 200);
  },
};
