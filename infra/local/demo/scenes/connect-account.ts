/** Connects an account through link, consent and completion, for scenes that start with a connected account. */
import { readConnected } from '../application.ts';
import type { DemoStack } from '../demo-stack.ts';

export async function connectAccount(
  { application, browser: openBrowser, returnUrl }: DemoStack,
  account: { readonly userId: string; readonly provider: string; readonly person: string },
) {
  const { userId, provider, person } = account;
  const browser = openBrowser();
  const { authUrl } = await application.connect(provider, { userId, returnUrl });
  const consentPage = await browser.follow(authUrl);
  const back = await browser.follow(await browser.consent(consentPage.href, { account: person }));
  const completion = back.searchParams.get('completion');
  const flow = back.searchParams.get('flow');
  return readConnected(await application.complete({ flow, completion, userId })).connection;
}
