/** A user denies access: the application learns it at once, and nothing is stored. */
import type { Scene } from './scene.ts';

const userId = 'jose';

export const deniedConsent: Scene = {
  title: 'José denies access',
  shows: 'After a denied consent the return URL receives ACCESS_DENIED, and Hawser stores nothing.',
  async play({ transcript, application, browser: openBrowser, returnUrl }) {
    const browser = openBrowser();
    const { authUrl } = await application.connect('tiktok', { userId, returnUrl });
    const consentPage = await browser.follow(authUrl);

    transcript.say('He reads what the application asks for, and denies it.');
    const callback = await browser.consent(consentPage.href, { account: 'jose', decision: 'deny' });
    const back = await browser.follow(callback);

    transcript.check(
      'The return URL receives ACCESS_DENIED',
      back.searchParams.get('code') === 'ACCESS_DENIED',
    );
    transcript.check('There is nothing to complete', !back.searchParams.has('completion'));
    transcript.check('He has no connection', (await application.status(userId)).length === 0);
  },
};
