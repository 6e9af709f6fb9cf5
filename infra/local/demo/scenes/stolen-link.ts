/** Somebody sends their own link to another user, to have that user's account linked to themselves. It does not work. */
import { refusalOf } from '../application.ts';
import type { Scene } from './scene.ts';

const attacker = 'mallory';
const victim = 'sora';

export const stolenLink: Scene = {
  title: 'Mallory sends Sora a link',
  shows: 'A flow is finished only for the user who began it; an attempt for another burns it.',
  async play({ story, application, browser: openBrowser, returnUrl }) {
    story.say('Mallory begins to connect TikTok, but does not open the link. He sends it to Sora.');
    const { authUrl } = await application.connect('tiktok', { userId: attacker, returnUrl });

    story.say('Sora opens it in her browser and, deceived, allows the access to her account.');
    const browser = openBrowser();
    const consentPage = await browser.follow(authUrl);
    const back = await browser.follow(await browser.consent(consentPage.href, { account: 'sora' }));
    const flow = back.searchParams.get('flow');
    const completion = back.searchParams.get('completion');

    story.say('Her browser reaches the application, where she is signed in as herself. So it says her name.');
    const refused = await application.complete({ flow, completion, userId: victim });
    story.check('Hawser refuses: somebody else began this flow', refusalOf(refused) === 'FLOW_USER_MISMATCH');

    story.say('Should Mallory get hold of the completion afterwards, it is too late.');
    const late = await application.complete({ flow, completion, userId: attacker });
    story.check('The flow is burnt', late.status >= 400 && refusalOf(late) === 'FLOW_USER_MISMATCH');
    story.check('Mallory has no connection', (await application.status(attacker)).length === 0);
    story.check('Sora has none either', (await application.status(victim)).length === 0);
  },
};
