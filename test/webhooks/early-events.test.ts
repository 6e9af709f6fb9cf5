import { expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { it } from '../support/fixtures/webhooks.ts';
import { begin, comeBack, completionOf, decide, openLink } from '../support/stack/flow-steps.ts';
import { comments, type OwnApp, type WebhookFixture } from '../support/webhook-fixture.ts';

const account = { key: 'yuki', id: '17841400000000001' };

const isWaiting = (webhooks: WebhookFixture, id: string) =>
  eventually(
    async () => JSON.stringify(await webhooks.stack.tables.scan('activity')).includes(id) || undefined,
  );
const toldWords = (webhooks: WebhookFixture, { tenant }: OwnApp) =>
  webhooks.toldOf(tenant.id, 'comments').map(({ data }) => JSON.stringify(data['value']));

it('an early event reaches a connection whose flow started before it, and none whose flow started after it', async ({
  webhooks,
}) => {
  const app = await webhooks.newApp();
  const user = app.tenant.user('ada');
  const browser = webhooks.stack.newBrowser();
  await webhooks.deliver(app, comments(account.id, ['c-too-early']));
  await isWaiting(webhooks, 'c-too-early');

  const { authUrl } = await begin({ user, provider: 'instagram' });
  await webhooks.deliver(app, comments(account.id, ['c-meanwhile']));
  await isWaiting(webhooks, 'c-meanwhile');
  const callback = await decide(browser, await openLink(browser, authUrl), { account: account.key });
  const returned = await comeBack(browser, callback);
  await user.client.ok('complete', { body: completionOf(user, returned) });

  await eventually(() => toldWords(webhooks, app).find((words) => words.includes('c-meanwhile')));
  await webhooks.settle();
  expect(toldWords(webhooks, app).length).toBe(1);
});

it('row 17: an early event waits for a connection of its own app and for no other of the same account', async ({
  webhooks,
}) => {
  const app = await webhooks.newApp();
  const other = await webhooks.newApp();
  const user = other.tenant.user('eve');
  const { authUrl } = await begin({ user, provider: 'instagram' });
  await webhooks.deliver(app, comments(account.id, ['c-of-another-app']));
  await isWaiting(webhooks, 'c-of-another-app');
  const browser = webhooks.stack.newBrowser();
  const callback = await decide(browser, await openLink(browser, authUrl), { account: account.key });
  const returned = await comeBack(browser, callback);

  await user.client.ok('complete', { body: completionOf(user, returned) });
  await webhooks.deliver(other, comments(account.id, ['c-own']));

  await eventually(() => toldWords(webhooks, other)[0]);
  await webhooks.settle();
  expect(toldWords(webhooks, other)).toEqual([expect.stringContaining('c-own')]);
});
