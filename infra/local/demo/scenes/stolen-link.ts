/** Session fixation: an attacker sends their own link to another user, to link that user's account to themselves. It fails. */
import { refusalOf } from '../application.ts';
import type { Scene } from './scene.ts';

const attacker = 'mallory';
const victim = 'sora';

export const stolenLink: Scene = {
  title: 'Mallory sends Sora a link',
  shows:
    'Only the user who started a flow can complete it; an attempt for another user invalidates the flow.',
  async play({ transcript, application, browser: openBrowser, returnUrl }) {
    transcript.say('Mallory starts to connect TikTok, but does not open the link. He sends it to Sora.');
    const { authUrl } = await application.connect('tiktok', { userId: attacker, returnUrl });

    transcript.say('Sora is deceived: she opens the link in her browser and allows access to her account.');
    const browser = openBrowser();
    const consentPage = await browser.follow(authUrl);
    const back = await browser.follow(await browser.consent(consentPage.href, { account: 'sora' }));
    const flow = back.searchParams.get('flow');
    const completion = back.searchParams.get('completion');

    transcript.say(
      'Her browser returns to the application, where she is signed in as herself. So the application completes the flow for Sora.',
    );
    const refused = await application.complete({ flow, completion, userId: victim });
    transcript.check(
      'Hawser refuses, because another user started this flow',
      refusalOf(refused) === 'FLOW_USER_MISMATCH',
    );

    transcript.say('If Mallory gets hold of the completion afterwards, it is too late.');
    const late = await application.complete({ flow, completion, userId: attacker });
    transcript.check(
      'The flow stays invalid',
      late.status >= 400 && refusalOf(late) === 'FLOW_USER_MISMATCH',
    );
    transcript.check('Mallory has no connection', (await application.status(attacker)).length === 0);
    transcript.check('Sora has none either', (await application.status(victim)).length === 0);
  },
};
