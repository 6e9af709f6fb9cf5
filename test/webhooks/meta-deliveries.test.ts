import { describe, expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { it } from '../support/fixtures/webhooks.ts';
import { exchange } from '../support/stack/http-exchange.ts';
import { comments, hmac, look, type OwnApp, type WebhookFixture } from '../support/webhook-fixture.ts';

let app: OwnApp;
let accountId: string;

it.beforeAll(async ({ webhooks }) => {
  app = await webhooks.newApp();
  ({ accountId } = await webhooks.connect(app, 'ada'));
});

const commentsTold = (webhooks: WebhookFixture, id: string) =>
  webhooks.toldOf(app.tenant.id, 'comments').filter(({ data }) => JSON.stringify(data).includes(`"${id}"`));
const told = (webhooks: WebhookFixture, id: string) => eventually(() => commentsTold(webhooks, id)[0]);
const unknownContext = `app_${'A'.repeat(22)}`;

describe('the Meta webhook handshake', () => {
  const ask = (webhooks: WebhookFixture, appId: string, token: string, challenge = '1158201444') =>
    exchange(webhooks.stack.apiUrl, {
      method: 'GET',
      target: `/integrations/webhook/${appId}?${new URLSearchParams({
        'hub.mode': 'subscribe',
        'hub.challenge': challenge,
        'hub.verify_token': token,
      }).toString()}`,
    });

  it('is answered with the exact challenge as plain text', async ({ webhooks }) => {
    const answer = await ask(webhooks, app.appId, app.verifyToken, '<b>0 158&');

    expect([answer.status, answer.text]).toEqual([200, '<b>0 158&']);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('row 16: gets the same response for a wrong verify token as for an unknown app', async ({
    webhooks,
  }) => {
    const wrong = await ask(webhooks, app.appId, 'wrong');
    const nobody = await ask(webhooks, unknownContext, app.verifyToken);

    expect(look(wrong)).toEqual(look(nobody));
    expect(wrong.status).toBe(401);
    expect(wrong.text).not.toContain('1158201444');
  });
});

describe('a Meta delivery', () => {
  it('reaches the tenant whose account it names', async ({ webhooks }) => {
    const answer = await webhooks.deliver(app, comments(accountId, ['c-1']));

    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(await told(webhooks, 'c-1')).toMatchObject({
      id: expect.stringMatching(/^evt_/),
      provider: 'instagram',
      userId: 'ada',
      accountId,
      superseded: false,
      data: { field: 'comments', value: { id: 'c-1', text: 'words of c-1', from: { id: '9' } } },
    });
  });

  it.for([
    ['text', 'application/json', 'c-text'],
    ['base64', 'application/octet-stream', 'c-base64'],
    ['base64, as a form', 'application/x-www-form-urlencoded', 'c-form'],
  ] as const)(
    'row 14: is verified over its raw bytes when the gateway passes it on as %s',
    async ([, type, id], { webhooks }) => {
      const body = comments(accountId, [id]).replace('words of', 'Tr\\u00e8s – bien ');

      const answer = await webhooks.deliver(app, body, { type });

      expect(answer.status).toBe(200);
      expect((await told(webhooks, id)).data['value']).toMatchObject({
        text: expect.stringContaining('Très – bien'),
      });
    },
  );

  it('is accepted under the secret of the Instagram app and under that of the Meta app', async ({
    webhooks,
  }) => {
    const answers = [
      await webhooks.deliver(app, comments(accountId, ['c-own'])),
      await webhooks.deliver(app, comments(accountId, ['c-meta']), { secret: app.webhookSecret }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    await told(webhooks, 'c-own');
    await told(webhooks, 'c-meta');
  });

  it('is accepted only under the app secret when users log in with Facebook', async ({ webhooks }) => {
    const other = await webhooks.newApp('instagram-facebook');

    const statuses = [
      await webhooks.deliver(other, comments('1', ['c-2'])),
      await webhooks.deliver(other, comments('1', ['c-2']), { secret: other.webhookSecret }),
    ].map(({ status }) => status);

    expect(statuses).toEqual([200, 401]);
  });

  it('row 14: is refused when any part of it was changed, with the same response as for an unknown app', async ({
    webhooks,
  }) => {
    const body = comments(accountId, ['c-forged']);
    const good = hmac(app.clientSecret, body).toString('hex');
    const forged = [
      await webhooks.deliver(app, body.replace('c-forged', 'c-forgee'), { signature: `sha256=${good}` }),
      await webhooks.deliver(app, body, { signature: `sha256=00${good.slice(2)}` }),
      await webhooks.deliver(app, body, { signature: `sha256=${good.slice(0, -2)}00` }),
      await webhooks.deliver(app, body, { secret: 'another' }),
      await webhooks.deliver({ ...app, appId: unknownContext }, body),
      await webhooks.deliver({ ...app, appId: 'No-Context' }, body),
    ].map(look);

    expect(new Set(forged.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(forged[0]).toMatchObject({ status: 401 });
    await webhooks.settle();
    expect(commentsTold(webhooks, 'c-forged')).toEqual([]);
  });

  it('row 14: that is forged costs no call to a database or a queue', async ({ webhooks }) => {
    webhooks.stack.local.aws.resetCalls();

    await webhooks.deliver(app, comments(accountId, ['c-3']), { secret: 'another' });

    const calls = webhooks.stack.local.aws.calls().filter(({ principal }) => principal === 'LOCAL-webhook');
    expect(calls).toEqual([]);
  });

  it('row 15: takes effect once, however often and whenever it is sent', async ({ webhooks }) => {
    const now = Date.now();
    for (const time of [now, now, now + 60_000]) {
      await webhooks.deliver(app, comments(accountId, ['c-again'], time));
    }

    await told(webhooks, 'c-again');
    await webhooks.settle();
    expect(commentsTold(webhooks, 'c-again').length).toBe(1);
  });

  it('of 25 updates becomes 25 events, sent in three calls to the queue', async ({ webhooks }) => {
    const ids = Array.from({ length: 25 }, (_, index) => `c-batch-${index}`);
    webhooks.stack.local.aws.resetCalls();

    const answer = await webhooks.deliver(app, comments(accountId, ids));

    expect(answer.status).toBe(200);
    const calls = webhooks.stack.local.aws.calls().filter(({ principal }) => principal === 'LOCAL-webhook');
    expect(calls).toEqual([{ principal: 'LOCAL-webhook', action: 'sqs:SendMessageBatch', count: 3 }]);
    for (const id of ids) await told(webhooks, id);
    await webhooks.settle();
    expect(ids.map((id) => commentsTold(webhooks, id).length)).toEqual(ids.map(() => 1));
  });

  it('is accepted with characters that SQS does not allow', async ({ webhooks }) => {
    const body = comments(accountId, ['c-odd']).replace('words of', 'odd \uffff\ufffe\u0000');

    const answer = await webhooks.deliver(app, body.replace('\u0000', '\\u0000'));

    expect(answer.status).toBe(200);
    expect((await told(webhooks, 'c-odd')).data['value']).toMatchObject({
      text: 'odd \uffff\ufffe\u0000 c-odd',
    });
  });

  it('without relevant updates is accepted and publishes nothing', async ({ webhooks }) => {
    const page = JSON.stringify({ object: 'page', entry: [{ id: accountId, time: 1, changes: [] }] });

    expect((await webhooks.deliver(app, page)).status).toBe(200);
    expect((await webhooks.deliver(app, '{"hello":1}')).status).toBe(401);
  });
});

describe('row 17: a tenant that knows the secret of its own app', () => {
  it('changes nothing of other tenants whose accounts it names, and reaches only its own app’s connections', async ({
    webhooks,
  }) => {
    const theirs = await webhooks.newApp();
    await webhooks.connect(theirs, 'eve');

    const answer = await webhooks.deliver(theirs, comments(accountId, ['c-17']));
    const foreign = await webhooks.deliver(app, comments(accountId, ['c-18']), {
      secret: theirs.clientSecret,
    });

    expect([answer.status, foreign.status]).toEqual([200, 401]);
    // The same account, connected by both: each app's events stay with its own tenant.
    await eventually(() => webhooks.toldOf(theirs.tenant.id, 'comments')[0]);
    await webhooks.settle();
    expect([...commentsTold(webhooks, 'c-17'), ...commentsTold(webhooks, 'c-18')]).toEqual([]);
  });
});
