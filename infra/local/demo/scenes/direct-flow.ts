/** A flow that finishes in the browser, for tools without a backend. The operator must allow it, and the connection is marked. */

import { tenantId } from '../demo-stack.ts';
import type { Scene } from './scene.ts';

const userId = 'jose';

export const directFlow: Scene = {
  title: 'José connects from a chat, directly',
  shows:
    'A direct flow requires the operator’s setting, shows who will gain access, and marks the connection.',
  async play({ transcript, application, browser: openBrowser, hawser, returnUrl }) {
    transcript.say(
      'In a chat, no backend can complete a flow. For such a tenant the operator can allow flows that finish in the browser.',
    );
    await hawser('tenant', 'set', tenantId, '--direct', 'on');
    const { authUrl } = await application.connect('tiktok', { userId, returnUrl, completion: 'direct' });

    transcript.say(
      'No backend confirms who uses the browser, so Hawser first shows a page that names the application.',
    );
    const browser = openBrowser();
    const page = await browser.open(authUrl);
    transcript.check(
      'The page says who will gain access',
      page.status === 200 && page.text.includes('Give Ada&#39;s Bakery access?'),
    );
    const consentPage = await browser.follow(`${authUrl}?agreed=yes`);
    const back = await browser.follow(await browser.consent(consentPage.href, { account: 'jose' }));
    await browser.open(back.href);

    transcript.check('The return URL says connected', back.searchParams.get('status') === 'connected');
    transcript.check('It carries no secret', !back.searchParams.has('completion'));
    const [connection] = await application.status(userId);
    transcript.check('The connection is marked as direct', connection?.linking === 'direct');
  },
};
