/** A user grants less than was asked for: what was granted is stored, and what is missing is said. */
import { readConnected } from '../application.ts';
import type { Scene } from './scene.ts';

const userId = 'zoe';

export const untickedScope: Scene = {
  title: 'Zoe connects Reddit and unticks a permission',
  shows: 'What a user leaves out shows as missingScopes; nothing is taken for granted.',
  async play({ story, application, browser: openBrowser, returnUrl }) {
    const browser = openBrowser();
    story.say('The application asks for three permissions.');
    const scopes = ['identity', 'read', 'history'];
    const { authUrl } = await application.connect('reddit', { userId, returnUrl, scopes });
    const consentPage = await browser.follow(authUrl);

    story.say('Zoe unticks one of them on the consent page.');
    const callback = await browser.consent(consentPage.href, {
      account: 'zoe',
      scopes: ['identity', 'read'],
    });
    const back = await browser.follow(callback);
    const { connection } = readConnected(
      await application.complete({
        flow: back.searchParams.get('flow'),
        completion: back.searchParams.get('completion'),
        userId,
      }),
    );

    story.check(
      'She is connected, with the two that she granted',
      connection.status === 'active' && connection.scopes.toSorted().join() === 'identity,read',
    );
    story.check('The third is named as missing', connection.missingScopes.join() === 'history');
  },
};
