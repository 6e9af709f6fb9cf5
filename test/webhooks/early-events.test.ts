/** Events that arrive before their connection: they wait, and reach it only if its flow had already started. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { begin, comeBack, completionOf, decide, openLink } from '../support/stack/flow-steps.ts';
import {
  comments,
  eventually,
  type OwnApp,
  openWebhookFixture,
  type WebhookFixture,
} from '../support/webhook-fixture.ts';

const account = { key: 'yuki', id: '17841400000000001' };

let fixture: WebhookFixture;

beforeAll(async () => {
  fixture = await openWebhookFixture();
});
afterAll(() => fixture.close());

const isWaiting = (id: string) =>
  eventually(
    async () => JSON.stringify(await fixture.stack.tables.scan('activity')).includes(id) || undefined,
  );
const toldWords = ({ tenant }: OwnApp) =>
  fixture.toldOf(tenant.id, 'comments').map(({ data }) => JSON.stringify(data['value']));

it('an early event reaches a connection whose flow started before it, and none whose flow started after it', async () => {
  const app = await fixture.newApp();
  const user = app.tenant.user('ada');
  const browser = fixture.stack.newBrowser();
  await fixture.deliver(app, comments(account.id, ['c-too-early']));
  await isWaiting('c-too-early');

  const { authUrl } = await begin({ user, provider: 'instagram' });
  await fixture.deliver(app, comments(account.id, ['c-meanwhile']));
  await isWaiting('c-meanwhile');
  const callback = await decide(browser, await openLink(browser, authUrl), { account: account.key });
  const returned = await comeBack(browser, callback);
  await user.client.ok('complete', { body: completionOf(user, returned) });

  await eventually(() => toldWords(app).find((words) => words.includes('c-meanwhile')));
  await fixture.settle();
  expect(toldWords(app).length).toBe(1);
});

it('row 17: an early event waits for a connection of its own app and for no other of the same account', async () => {
  const app = await fixture.newApp();
  const other = await fixture.newApp();
  const user = other.tenant.user('eve');
  const { authUrl } = await begin({ user, provider: 'instagram' });
  await fixture.deliver(app, comments(account.id, ['c-of-another-app']));
  await isWaiting('c-of-another-app');
  const browser = fixture.stack.newBrowser();
  const callback = await decide(browser, await openLink(browser, authUrl), { account: account.key });
  const returned = await comeBack(browser, callback);

  await user.client.ok('complete', { body: completionOf(user, returned) });
  await fixture.deliver(other, comments(account.id, ['c-own']));

  await eventually(() => toldWords(other)[0]);
  await fixture.settle();
  expect(toldWords(other)).toEqual([expect.stringContaining('c-own')]);
});
