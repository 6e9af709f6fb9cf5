/** Events that come before their connection: they wait, and reach it only if its flow had begun by then. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { begin, comeBack, completionOf, decide, openLink } from '../../journey/flow-steps.ts';
import { comments, eventually, type OwnApp, openWebhookHouse, type WebhookHouse } from './webhook-house.ts';

const account = { key: 'yuki', id: '17841400000000001' };

let house: WebhookHouse;

beforeAll(async () => {
  house = await openWebhookHouse();
});
afterAll(() => house.close());

const isWaiting = (id: string) =>
  eventually(async () => JSON.stringify(await house.stack.tables.scan('activity')).includes(id) || undefined);
const toldWords = ({ tenant }: OwnApp) =>
  house.toldOf(tenant.id, 'comments').map(({ data }) => JSON.stringify(data['value']));

it('reaches a connection whose flow began before it, and none whose flow began after it', async () => {
  const app = await house.newApp();
  const user = app.tenant.user('ada');
  const browser = house.stack.newBrowser();
  await house.deliver(app, comments(account.id, ['c-too-early']));
  await isWaiting('c-too-early');

  const { authUrl } = await begin({ user, provider: 'instagram' });
  await house.deliver(app, comments(account.id, ['c-meanwhile']));
  await isWaiting('c-meanwhile');
  const callback = await decide(browser, await openLink(browser, authUrl), { account: account.key });
  const returned = await comeBack(browser, callback);
  await user.client.ok('complete', { body: completionOf(user, returned) });

  await eventually(() => toldWords(app).find((words) => words.includes('c-meanwhile')));
  await house.settle();
  expect(toldWords(app).length).toBe(1);
});

it('row 17: waits for a connection of its own app, and for no other of the same account', async () => {
  const app = await house.newApp();
  const other = await house.newApp();
  const user = other.tenant.user('eve');
  const { authUrl } = await begin({ user, provider: 'instagram' });
  await house.deliver(app, comments(account.id, ['c-of-another-app']));
  await isWaiting('c-of-another-app');
  const browser = house.stack.newBrowser();
  const callback = await decide(browser, await openLink(browser, authUrl), { account: account.key });
  const returned = await comeBack(browser, callback);

  await user.client.ok('complete', { body: completionOf(user, returned) });
  await house.deliver(other, comments(account.id, ['c-own']));

  await eventually(() => toldWords(other)[0]);
  await house.settle();
  expect(toldWords(other)).toEqual([expect.stringContaining('c-own')]);
});
