/** The life cycle of a connection: connect, use, refresh, disconnect. */
import { readConnected, readToken, refusalOf } from '../application.ts';
import type { Scene } from './scene.ts';

const userId = 'mira';

export const firstConnection: Scene = {
  title: 'Mira connects her TikTok account, and disconnects it',
  shows:
    'Connect, use, refresh, disconnect: tokens never pass through the browser, and a disconnect revokes them.',
  async play({ transcript, application, browser: openBrowser, platforms, returnUrl, apiUrl }) {
    const browser = openBrowser();
    transcript.say(
      'Mira is signed in at the bakery and clicks “Connect TikTok”. The application asks Hawser for a link.',
    );
    const { authUrl } = await application.connect('tiktok', { userId, returnUrl });
    transcript.check(
      'The response contains a link to Hawser, for this user only',
      authUrl.startsWith(apiUrl),
    );

    transcript.say(
      'Her browser opens the link. Hawser binds the flow to this browser and redirects it to TikTok.',
    );
    const consentPage = await browser.follow(authUrl);
    transcript.check('Hawser redirects the browser to the platform', consentPage.origin === platforms.tiktok);

    transcript.say(
      'TikTok asks Mira for consent. She allows access, and TikTok redirects her browser to Hawser with a code.',
    );
    const callback = await browser.consent(consentPage.href, { account: 'mira' });
    transcript.check(
      'TikTok redirects the browser to Hawser',
      callback.startsWith(`${apiUrl}/integrations/callback/`),
    );

    transcript.say(
      'Hawser checks state and cookie, seals the code, and redirects the browser to the tenant’s registered return URL.',
    );
    const back = await browser.follow(callback);
    transcript.check('The code stays at Hawser', !back.searchParams.has('code'));
    await browser.open(back.href);

    transcript.say(
      'The application reads from its own session who is signed in, and completes the flow for that user.',
    );
    const completion = back.searchParams.get('completion') ?? '';
    const flow = back.searchParams.get('flow') ?? '';
    const { connection } = readConnected(await application.complete({ flow, completion, userId }));
    transcript.check('Mira is connected', connection.status === 'active' && connection.userId === userId);

    const { accountId } = connection;
    const connections = await application.status(userId);
    transcript.check(
      'The API lists the connection',
      connections.some((one) => one.id === connection.id),
    );

    transcript.say('Whenever the application needs a token, it asks Hawser.');
    const first = readToken(await application.token('tiktok', accountId, userId));
    const profile = `${platforms.tiktok}/v2/user/info/?fields=display_name`;
    const used = await application.usePlatform(profile, first.accessToken);
    transcript.check('The token works at the platform', used.status === 200);

    transcript.say(
      'The application can refresh the token at any time. Hawser also refreshes it automatically before it expires.',
    );
    const refreshed = await application.refresh('tiktok', accountId, userId);
    transcript.check('The connection stays the same one', refreshed.id === connection.id);
    const second = readToken(await application.token('tiktok', accountId, userId));
    transcript.check('There is a new token', second.accessToken !== first.accessToken);

    transcript.say(
      'Mira disconnects. Hawser revokes the access at the platform, then deletes the credentials.',
    );
    const { revocation } = await application.disconnect('tiktok', accountId, userId);
    transcript.check('The platform confirmed the revocation', revocation === 'revoked');
    const gone = await application.token('tiktok', accountId, userId);
    transcript.check(
      'Hawser returns no token any more',
      gone.status === 404 && refusalOf(gone) === 'ACCOUNT_NOT_FOUND',
    );
    const dead = await application.usePlatform(profile, second.accessToken);
    transcript.check('The platform rejects the last token, too', dead.status === 401);
  },
};
