/** A user says no: the application hears it at once, and nothing stays. */
import type { Scene } from './scene.ts';

const userId = 'jose';

export const deniedConsent: Scene = {
  title: 'José says no',
  shows: 'A denied consent comes back to the return URL as ACCESS_DENIED, and leaves nothing behind.',
  async play({ story, application, browser: openBrowser, returnUrl }) {
    const browser = openBrowser();
    const { authUrl } = await application.connect('tiktok', { userId, returnUrl });
    const consentPage = await browser.follow(authUrl);

    story.say('He reads what the application wants, and denies it.');
    const callback = await browser.consent(consentPage.href, { account: 'jose', decision: 'deny' });
    const back = await browser.follow(callback);

    story.check('The return URL says so', back.searchParams.get('code') === 'ACCESS_DENIED');
    story.check('There is nothing to complete', !back.searchParams.has('completion'));
    story.check('He has no connection', (await application.status(userId)).length === 0);
  },
};
