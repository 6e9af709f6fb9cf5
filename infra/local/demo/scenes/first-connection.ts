/** The whole life of a connection: connect, use, refresh, disconnect. */
import { readConnected, readToken, refusalOf } from '../application.ts';
import type { Scene } from './scene.ts';

const userId = 'mira';

export const firstConnection: Scene = {
  title: 'Mira connects her TikTok account, and lets go of it',
  shows:
    'Connect, use, renew, disconnect: the tokens never pass through the browser, and afterwards they are dead.',
  async play({ story, application, browser: openBrowser, platforms, returnUrl, apiUrl }) {
    const browser = openBrowser();
    story.say(
      'Mira is signed in at the bakery and clicks “Connect TikTok”. The application asks Hawser for a link.',
    );
    const { authUrl } = await application.connect('tiktok', { userId, returnUrl });
    story.check('The answer holds a link to Hawser, for this user only', authUrl.startsWith(apiUrl));

    story.say('Her browser opens the link. Hawser binds the flow to this browser and sends it to TikTok.');
    const consentPage = await browser.follow(authUrl);
    story.check('The browser is sent to the platform', consentPage.origin === platforms.tiktok);

    story.say('TikTok asks Mira. She allows it, and TikTok sends her browser back to Hawser with a code.');
    const callback = await browser.consent(consentPage.href, { account: 'mira' });
    story.check(
      'The browser is sent back to Hawser',
      callback.startsWith(`${apiUrl}/integrations/callback/`),
    );

    story.say(
      'Hawser checks state and cookie, seals the code, and sends the browser to the page that the tenant registered.',
    );
    const back = await browser.follow(callback);
    story.check('The code went no further than Hawser', !back.searchParams.has('code'));
    await browser.open(back.href);

    story.say('The application looks up who is signed in here, and finishes the flow for that user.');
    const completion = back.searchParams.get('completion') ?? '';
    const flow = back.searchParams.get('flow') ?? '';
    const { connection } = readConnected(await application.complete({ flow, completion, userId }));
    story.check('Mira is connected', connection.status === 'active' && connection.userId === userId);

    const { accountId } = connection;
    const connections = await application.status(userId);
    story.check(
      'The connection is listed',
      connections.some((one) => one.id === connection.id),
    );

    story.say('Whenever the application needs a token, it asks Hawser.');
    const first = readToken(await application.token('tiktok', accountId, userId));
    const profile = `${platforms.tiktok}/v2/user/info/?fields=display_name`;
    const used = await application.usePlatform(profile, first.accessToken);
    story.check('The token works at the platform', used.status === 200);

    story.say('It can have the token renewed at any time; Hawser does so by itself before one runs out.');
    const renewed = await application.refresh('tiktok', accountId, userId);
    story.check('The connection stays the same one', renewed.id === connection.id);
    const second = readToken(await application.token('tiktok', accountId, userId));
    story.check('There is a new token', second.accessToken !== first.accessToken);

    story.say('Mira disconnects. Hawser has the platform revoke the access, then deletes what it held.');
    const { revocation } = await application.disconnect('tiktok', accountId, userId);
    story.check('The platform confirmed the revocation', revocation === 'revoked');
    const gone = await application.token('tiktok', accountId, userId);
    story.check(
      'No token is handed out any more',
      gone.status === 404 && refusalOf(gone) === 'ACCOUNT_NOT_FOUND',
    );
    const dead = await application.usePlatform(profile, second.accessToken);
    story.check('The last token is dead at the platform, too', dead.status === 401);
  },
};
