/** A flow that ends in the browser alone: for tools without a return page, allowed by the owner, and marked as such. */

import { tenantId } from '../stage.ts';
import type { Scene } from './scene.ts';

const userId = 'jose';

export const directFlow: Scene = {
  title: 'José connects from a chat, directly',
  shows: 'A direct flow needs the owner’s setting, says who will gain access, and marks the connection.',
  async play({ story, application, browser: openBrowser, hawser, returnUrl }) {
    story.say(
      'Where nobody can complete a flow, as in a chat, the owner may allow it to end in the browser.',
    );
    await hawser('tenant', 'set', tenantId, '--direct', 'on');
    const { authUrl } = await application.connect('tiktok', { userId, returnUrl, completion: 'direct' });

    story.say(
      'Nobody will vouch for who is at the browser. So Hawser asks first, and names the application.',
    );
    const browser = openBrowser();
    const page = await browser.open(authUrl);
    story.check(
      'The page says who will gain access',
      page.status === 200 && page.text.includes('Give Ada&#39;s Bakery access?'),
    );
    const consentPage = await browser.follow(`${authUrl}?agreed=yes`);
    const back = await browser.follow(await browser.consent(consentPage.href, { account: 'jose' }));
    await browser.open(back.href);

    story.check('The return URL says connected', back.searchParams.get('status') === 'connected');
    story.check('It carries no secret', !back.searchParams.has('completion'));
    const [connection] = await application.status(userId);
    story.check('The connection is marked as direct', connection?.linking === 'direct');
  },
};
