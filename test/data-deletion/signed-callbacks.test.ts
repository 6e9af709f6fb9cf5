/** Meta's signed callbacks: a user removed the app (deauthorize), or a user requests the deletion of their data. */
import { describe, expect } from 'vitest';
import { appScopedId } from '../../infra/local/platforms/meta/people.ts';
import { eventually } from '../support/eventually.ts';
import { it } from '../support/fixtures/webhooks.ts';
import { exchange } from '../support/stack/http-exchange.ts';
import {
  comments,
  look,
  type OwnApp,
  signedRequest,
  type WebhookFixture,
} from '../support/webhook-fixture.ts';

const hour = 3_600_000;
const unknownContext = `app_${'A'.repeat(22)}`;
/** The sandbox issued the grants seconds ago, so the platform's request must carry a later time. */
const later = () => Date.now() + 60_000;
const ownerOf = ({ clientId }: OwnApp, key = 'saltmarsh') => appScopedId(key, clientId);

async function connected(
  webhooks: WebhookFixture,
  provider: 'instagram' | 'instagram-facebook' = 'instagram',
) {
  const app = await webhooks.newApp(provider);
  const connection = await webhooks.connect(app, 'ada');
  return { app, connection };
}
const statusesOf = async (webhooks: WebhookFixture, { tenant }: OwnApp) =>
  (await webhooks.statusOf(tenant)).map(({ status, statusReason }) => [status, statusReason]);

describe.each(['deauthorize', 'data-deletion'] as const)('the %s callback', (kind) => {
  it('row 14: refuses a request that the app did not sign with the same answer as for an unknown app', async ({
    webhooks,
  }) => {
    const { app } = await connected(webhooks);
    const platformUserId = ownerOf(app);
    const text = signedRequest(app.clientSecret, platformUserId, later());
    const [signature = '', payload = ''] = text.split('.');

    const answers = [
      await webhooks.callBack(kind, app.appId, signedRequest('another', platformUserId, later())),
      await webhooks.callBack(kind, app.appId, `${signature}.${payload}A`),
      await webhooks.callBack(kind, app.appId, ''),
      await webhooks.callBack(kind, unknownContext, text),
      await webhooks.callBack(kind, 'tiktok', text),
      await webhooks.callBack(kind, 'nonsense!', text),
      await webhooks.callBack(
        kind,
        app.appId,
        signedRequest(app.clientSecret, platformUserId, Date.now() - 49 * hour),
      ),
    ].map(look);

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401 });
    await webhooks.settle();
    expect(await statusesOf(webhooks, app)).toEqual([['active', undefined]]);
  });

  it('row 24: calls neither the database nor a queue for a request without a valid signature', async ({
    webhooks,
  }) => {
    const { app } = await connected(webhooks);
    await webhooks.callBack(kind, app.appId, 'a.b');
    webhooks.stack.local.aws.resetCalls();

    await webhooks.callBack(kind, app.appId, signedRequest('another', ownerOf(app), later()));
    await webhooks.callBack(kind, 'No-Context', signedRequest('another', ownerOf(app), later()));

    const calls = webhooks.stack.local.aws
      .calls()
      .filter(({ principal }) => principal === 'LOCAL-platform-callback');
    expect(calls).toEqual([]);
  });

  it('row 17: changes no connection of another app when an attacker signs with their own secret', async ({
    webhooks,
  }) => {
    const { app: victim } = await connected(webhooks);
    const attacker = await webhooks.newApp();
    // Their owner and their account, signed with a secret that the attacker knows.
    const [connection] = await webhooks.statusOf(victim.tenant);
    const accountId = connection?.accountId ?? '';

    for (const id of [ownerOf(victim), accountId]) {
      const { status } = await webhooks.callBack(
        kind,
        attacker.appId,
        signedRequest(attacker.clientSecret, id, later()),
      );
      expect(status).toBe(200);
    }

    await webhooks.settle();
    expect(await statusesOf(webhooks, victim)).toEqual([['active', undefined]]);
  });
});

describe('a user who removed the app', () => {
  it('must reconnect, and Hawser notifies their tenant', async ({ webhooks }) => {
    const { app, connection } = await connected(webhooks);

    const answer = await webhooks.callBack(
      'deauthorize',
      app.appId,
      signedRequest(app.clientSecret, ownerOf(app), later()),
    );

    expect([answer.status, answer.text]).toEqual([200, '']);
    const told = await eventually(() => webhooks.toldOf(app.tenant.id, 'deauthorize')[0]);
    expect(told).toMatchObject({ accountId: connection.accountId, userId: 'ada', superseded: false });
    expect(await statusesOf(webhooks, app)).toEqual([['reconnect_required', 'deauthorized']]);
  });

  it('is recognised by their user id or account id, signed with the client or webhook secret', async ({
    webhooks,
  }) => {
    const { app, connection } = await connected(webhooks);

    await webhooks.callBack(
      'deauthorize',
      app.appId,
      signedRequest(app.webhookSecret, connection.accountId, later()),
    );

    await eventually(() => webhooks.toldOf(app.tenant.id, 'deauthorize')[0]);
    expect(await statusesOf(webhooks, app)).toEqual([['reconnect_required', 'deauthorized']]);
  });

  it('loses every Instagram account whose Page the Facebook consent had granted', async ({ webhooks }) => {
    const { app } = await connected(webhooks, 'instagram-facebook');
    expect((await statusesOf(webhooks, app)).length).toBe(2);

    await webhooks.callBack(
      'deauthorize',
      app.appId,
      signedRequest(app.clientSecret, ownerOf(app, 'greta'), later()),
    );

    await eventually(() => webhooks.toldOf(app.tenant.id, 'deauthorize')[1]);
    expect(await statusesOf(webhooks, app)).toEqual([
      ['reconnect_required', 'deauthorized'],
      ['reconnect_required', 'deauthorized'],
    ]);
  });

  it('keeps a grant newer than the callback, which Hawser publishes as superseded', async ({ webhooks }) => {
    const { app } = await connected(webhooks);

    await webhooks.callBack(
      'deauthorize',
      app.appId,
      signedRequest(app.clientSecret, ownerOf(app), Date.now() - hour),
    );

    const told = await eventually(() => webhooks.toldOf(app.tenant.id, 'deauthorize')[0]);
    expect(told.superseded).toBe(true);
    expect(await statusesOf(webhooks, app)).toEqual([['active', undefined]]);
  });

  it('row 15: causes one event, however often the platform repeats the callback', async ({ webhooks }) => {
    const { app } = await connected(webhooks);
    const text = signedRequest(app.clientSecret, ownerOf(app), later());

    for (let round = 0; round < 3; round += 1) await webhooks.callBack('deauthorize', app.appId, text);

    await eventually(() => webhooks.toldOf(app.tenant.id, 'deauthorize')[0]);
    await webhooks.settle();
    expect(webhooks.toldOf(app.tenant.id, 'deauthorize').length).toBe(1);
  });
});

describe('a user who requests the deletion of their data', () => {
  const wish = async (
    webhooks: WebhookFixture,
    app: OwnApp,
    issuedAt = later(),
    platformUserId = ownerOf(app),
  ) => {
    const text = signedRequest(app.clientSecret, platformUserId, issuedAt);
    const answer = await webhooks.callBack('data-deletion', app.appId, text);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    const { url, confirmation_code: code }: Record<string, string> = JSON.parse(answer.text);
    return { url: url ?? '', code: code ?? '' };
  };
  const open = (webhooks: WebhookFixture, url: string) => {
    const { pathname, search } = new URL(url);
    return exchange(webhooks.stack.apiUrl, { method: 'GET', target: pathname + search });
  };

  const finished = (webhooks: WebhookFixture, url: string) =>
    eventually(async () => {
      const page = await open(webhooks, url);
      return page.text.includes('Your data has been deleted') ? page : undefined;
    });

  it('gets a status page that reports completion once Hawser has deleted the connection', async ({
    webhooks,
  }) => {
    const { app } = await connected(webhooks);

    const { url, code } = await wish(webhooks, app);

    expect(code).toMatch(/^[0-9a-f]{32}$/);
    expect(url).toBe(`${webhooks.stack.apiUrl}/integrations/data-deletion/${app.appId}?code=${code}`);
    const first = await open(webhooks, url);
    expect(first.text).toMatch(
      /Your request was received|Your data is being deleted|Your data has been deleted/,
    );
    const done = await finished(webhooks, url);
    expect(done.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(done.text).toContain(code);
    expect(await webhooks.statusOf(app.tenant)).toEqual([]);
    expect(webhooks.toldOf(app.tenant.id, 'data_deletion').length).toBe(1);
    const left = JSON.stringify(await webhooks.stack.tables.scan('activity'));
    expect(left).not.toContain(code);
    expect(left).not.toContain(ownerOf(app));
  });

  it('gets the same confirmation code for a repeated request and a new one for a new request', async ({
    webhooks,
  }) => {
    const { app } = await connected(webhooks);
    const at = later();

    const [one, same, other] = [
      await wish(webhooks, app, at),
      await wish(webhooks, app, at),
      await wish(webhooks, app, at + 60_000),
    ];

    expect(same).toEqual(one);
    expect(other.code).not.toBe(one.code);
  });

  it('keeps a connection that they granted after the request', async ({ webhooks }) => {
    const { app } = await connected(webhooks);

    const { url } = await wish(webhooks, app, Date.now() - hour);

    await finished(webhooks, url);
    expect(await statusesOf(webhooks, app)).toEqual([['active', undefined]]);
    expect(webhooks.toldOf(app.tenant.id, 'data_deletion')).toEqual([]);
  });

  it('also has their waiting and failed events deleted, and no events of other users', async ({
    webhooks,
  }) => {
    const { app, connection } = await connected(webhooks);
    const others = '17841400000000001';
    await webhooks.deliver(app, comments(others, ['c-waits-on']));
    await eventually(async () => (await dump(webhooks)).includes('c-waits-on') || undefined);
    const failed = (accountId: string, id: string) => ({
      kind: 'webhook_event',
      appId: app.appId,
      provider: 'instagram',
      receivedAt: Date.now(),
      event: { id, type: 'comments', effect: 'none', accountId, data: { words: `words of ${id}` } },
    });
    await webhooks.put('incoming', 'deadLetters', failed(connection.accountId, 'c-failed'));
    await webhooks.put('incoming', 'deadLetters', failed(others, 'c-kept'));
    await eventually(async () => {
      const { failures } = await app.tenant.client.ok('listFailures');
      return failures.length === 2 || undefined;
    });

    const { url } = await wish(webhooks, app);
    await finished(webhooks, url);

    const left = await dump(webhooks);
    expect(left).not.toContain('words of c-failed');
    expect(left).toContain('words of c-kept');
    expect(left).toContain('c-waits-on');
  });

  it('gets no status page for an unknown code or for a code of another app', async ({ webhooks }) => {
    const { app } = await connected(webhooks);
    const other = await webhooks.newApp();
    const { url, code } = await wish(webhooks, app);

    const pages = [
      await open(webhooks, url.replace(code, '0'.repeat(32))),
      await open(webhooks, url.replace(app.appId, other.appId)),
      await open(webhooks, url.replace(code, 'x')),
      await open(webhooks, url.replace(`?code=${code}`, '')),
    ];

    expect(pages.map(({ status }) => status)).toEqual([404, 404, 400, 400]);
    expect(pages.slice(0, 2).every(({ text }) => text.includes('This request is not known'))).toBe(true);
  });

  const dump = async (webhooks: WebhookFixture) =>
    JSON.stringify(await webhooks.stack.tables.scan('activity'));
});
