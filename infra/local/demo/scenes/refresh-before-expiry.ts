/** A token that is near its end is renewed by the clock, before anybody has to ask for it. */
import { readToken } from '../application.ts';
import { tenantId } from '../stage.ts';
import { connectAccount } from './connect-account.ts';
import type { Scene } from './scene.ts';

const userId = 'sora';
const provider = 'tiktok';
/** Short enough to be near its end, and long enough for a slow machine to play the scene meanwhile. */
const shortLifeSeconds = 90;
const usualLifeSeconds = 86_400;

export const refreshBeforeExpiry: Scene = {
  title: 'Sora’s token is renewed before it runs out',
  shows:
    'Tokens in use are renewed by the clock, ahead of their end; the application only ever meets good ones.',
  async play(stage) {
    const { story, application, sandboxes, platforms, hawser } = stage;
    const lifetime = (accessTokenSeconds: number) =>
      sandboxes[provider].control({ command: 'set_lifetimes', accessTokenSeconds });
    lifetime(shortLifeSeconds);
    story.say(
      `Sora connects her account herself. So that nobody has to wait, TikTok’s tokens last ${shortLifeSeconds} seconds here.`,
    );
    const { accountId } = await connectAccount(stage, { userId, provider, person: 'sora' });
    lifetime(usualLifeSeconds);

    story.say('The application uses the token. From now on Hawser keeps this connection fresh by itself.');
    const first = readToken(await application.token(provider, accountId, userId));
    await hawser('connections', 'list', tenantId, '--user', userId);

    story.say(
      'Each minute the clock starts refresh-due, which finds what is due and has it renewed. Here the renewal is moved to now, and the clock is started by hand.',
    );
    const wanted = { tenantId, provider, accountId };
    const due = await stage.makeDue(wanted);
    await stage.runSchedule('refresh-due');
    const renewed = await stage.until(async () => {
      const found = await stage.look(wanted);
      return found !== undefined && found.generation > due.generation ? found : undefined;
    });
    await hawser('connections', 'list', tenantId, '--user', userId);

    const { expiresAt: before = 0 } = due;
    const { expiresAt: after = 0, obtainedAt } = renewed;
    const early = Math.floor((before - obtainedAt) / 1000);
    story.check(`The token was renewed ${early} seconds before it would have ended`, early > 0);
    story.check(
      `It would have ended ${new Date(before).toISOString()}, and now ends ${new Date(after).toISOString()}`,
      after > before,
    );
    const second = readToken(await application.token(provider, accountId, userId));
    story.check('The application gets the new one, at once', second.accessToken !== first.accessToken);
    const profile = `${platforms.tiktok}/v2/user/info/?fields=display_name`;
    const used = await application.usePlatform(profile, second.accessToken);
    story.check('The new token works at the platform', used.status === 200);
  },
};
