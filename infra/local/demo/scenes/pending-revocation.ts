/** A user disconnects while the platform is down: no token is handed out, and the sweep retries the revocation. */
import { readToken, refusalOf } from '../application.ts';
import { tenantId } from '../stage.ts';
import { connectAccount } from './connect-account.ts';
import type { Scene } from './scene.ts';

const userId = 'mira';
const provider = 'tiktok';

export const pendingRevocation: Scene = {
  title: 'Mira lets go while TikTok is down',
  shows: 'A disconnect says what the platform has confirmed; what is pending is finished by the clock.',
  async play(stage) {
    const { story, application, sandboxes, platforms, hawser } = stage;
    story.say('Mira has connected her account once more, and it is in use.');
    const { accountId } = await connectAccount(stage, { userId, provider, person: 'mira' });
    const { accessToken } = readToken(await application.token(provider, accountId, userId));

    story.say('TikTok breaks down, and just then she disconnects.');
    const fault = { kind: 'status', status: 503, body: 'html' } as const;
    sandboxes[provider].control({ command: 'inject', endpoint: 'revoke', calls: 1, fault });
    const { revocation } = await application.disconnect(provider, accountId, userId);
    story.check('Hawser says that TikTok has not confirmed yet', revocation === 'revoke_pending');
    const refused = await application.token(provider, accountId, userId);
    story.check(
      'No token is handed out from here on',
      refused.status === 404 && refusalOf(refused) === 'ACCOUNT_NOT_FOUND',
    );
    await hawser('connections', 'list', tenantId, '--user', userId);

    story.say('TikTok is back. The next try is moved to now, and the clock is started by hand once more.');
    const wanted = { tenantId, provider, accountId };
    await stage.makeDue(wanted);
    await stage.runSchedule('refresh-due');
    await stage.until(async () => (await stage.look(wanted)) === undefined || undefined);

    const profile = `${platforms.tiktok}/v2/user/info/?fields=display_name`;
    const dead = await application.usePlatform(profile, accessToken);
    story.check('TikTok has revoked: the last token is dead there', dead.status === 401);
    story.check('Nothing is left here either', (await application.status(userId)).length === 0);
  },
};
