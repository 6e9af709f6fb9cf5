/** Connects an account for a user in the usual way: link, consent, completion. For scenes that begin behind it. */
import { readConnected } from '../application.ts';
import type { Stage } from '../stage.ts';

export async function connectAccount(
  { application, browser: openBrowser, returnUrl }: Stage,
  wish: { readonly userId: string; readonly provider: string; readonly person: string },
) {
  const { userId, provider, person } = wish;
  const browser = openBrowser();
  const { authUrl } = await application.connect(provider, { userId, returnUrl });
  const consentPage = await browser.follow(authUrl);
  const back = await browser.follow(await browser.consent(consentPage.href, { account: person }));
  const completion = back.searchParams.get('completion');
  const flow = back.searchParams.get('flow');
  return readConnected(await application.complete({ flow, completion, userId })).connection;
}
