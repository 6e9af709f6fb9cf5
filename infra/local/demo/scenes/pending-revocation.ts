/** A user disconnects while the platform is down: Hawser returns no token any more, and the sweep retries the revocation. */
import { readToken, refusalOf } from '../application.ts';
import { tenantId } from '../demo-stack.ts';
import { connectAccount } from './connect-account.ts';
import type { Scene } from './scene.ts';

const userId = 'mira';
const provider = 'tiktok';

export const pendingRevocation: Scene = {
  title: 'Mira disconnects while TikTok is down',
  shows:
    'A disconnect reports whether the platform has confirmed it; the sweep finishes a pending revocation.',
  async play(demo) {
    const { transcript, application, sandboxes, platforms, hawser } = demo;
    transcript.say('Mira connects her account again, and the application uses it.');
    const { accountId } = await connectAccount(demo, { userId, provider, person: 'mira' });
    const { accessToken } = readToken(await application.token(provider, accountId, userId));

    transcript.say('TikTok goes down, and Mira disconnects at that moment.');
    const fault = { kind: 'status', status: 503, body: 'html' } as const;
    sandboxes[provider].control({ command: 'inject', endpoint: 'revoke', calls: 1, fault });
    const { revocation } = await application.disconnect(provider, accountId, userId);
    transcript.check(
      'Hawser reports that TikTok has not confirmed the revocation yet',
      revocation === 'revoke_pending',
    );
    const refused = await application.token(provider, accountId, userId);
    transcript.check(
      'Hawser returns no token from now on',
      refused.status === 404 && refusalOf(refused) === 'ACCOUNT_NOT_FOUND',
    );
    await hawser('connections', 'list', tenantId, '--user', userId);

    transcript.say('TikTok is up again. The demo makes the retry due now and runs the sweep by hand.');
    const wanted = { tenantId, provider, accountId };
    await demo.makeDue(wanted);
    await demo.runSchedule('refresh-due');
    await demo.waitFor(async () => (await demo.findConnection(wanted)) === undefined || undefined);

    const profile = `${platforms.tiktok}/v2/user/info/?fields=display_name`;
    const dead = await application.usePlatform(profile, accessToken);
    transcript.check('TikTok has revoked the access and rejects the last token', dead.status === 401);
    transcript.check('Hawser has deleted the connection', (await application.status(userId)).length === 0);
  },
};
