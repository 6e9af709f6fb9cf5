/** A user grants less than the application asked for: Hawser stores the granted scopes and reports the missing ones. */
import { readConnected } from '../application.ts';
import type { Scene } from './scene.ts';

const userId = 'zoe';

export const untickedScope: Scene = {
  title: 'Zoe connects Reddit and unticks a permission',
  shows: 'Hawser reports the permissions that a user does not grant as missingScopes.',
  async play({ transcript, application, browser: openBrowser, returnUrl }) {
    const browser = openBrowser();
    transcript.say('The application asks for three permissions.');
    const scopes = ['identity', 'read', 'history'];
    const { authUrl } = await application.connect('reddit', { userId, returnUrl, scopes });
    const consentPage = await browser.follow(authUrl);

    transcript.say('Zoe unticks one of them on the consent page.');
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

    transcript.check(
      'She is connected with the two scopes that she granted',
      connection.status === 'active' && connection.scopes.toSorted().join() === 'identity,read',
    );
    transcript.check('Hawser reports the third as missing', connection.missingScopes.join() === 'history');
  },
};
