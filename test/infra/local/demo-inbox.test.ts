/** The demo application's inbox: it shows what Hawser signed, and nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished } from 'vitest';
import { startDemoApp } from '../../../infra/local/demo/tenant/demo-app.ts';
import { inboxPath, openInbox, registerInbox } from '../../../infra/local/demo/tenant/demo-inbox.ts';
import { newStandardWebhookSecret, signStandardWebhook } from '../../../lib/signatures/standard-webhooks.ts';
import { it } from '../../support/fixtures/cli.ts';

async function openApp() {
  const inbox = openInbox(() => Date.now());
  const app = await startDemoApp({ port: 0, api: () => ({ url: '', key: '' }), fetch, inbox });
  onTestFinished(() => app.close());
  const url = `${app.origin}${inboxPath}`;
  return { inbox, read: async () => (await fetch(url)).text(), url };
}

function message(id: string, type: string) {
  return Buffer.from(JSON.stringify({ id, type, occurredAt: '2026-01-01T00:00:00.000Z', data: {} }));
}

describe('the inbox', () => {
  it('takes what Hawser signed with its secret, shows it as text, and takes a repeat for the same', async () => {
    const { inbox, read, url } = await openApp();
    const secret = newStandardWebhookSecret();
    inbox.trust(secret);
    const body = message('evt_1', '<b>connection.created</b>');
    const headers = signStandardWebhook({ id: 'evt_1', timestamp: Date.now(), body }, [secret]);
    const send = () => fetch(url, { method: 'POST', headers, body });

    const answers = [await send(), await send()];

    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
    const page = await read();
    expect(page.split('&#60;b&#62;connection.created&#60;/b&#62;</h2>').length).toBe(2);
    expect(page).not.toContain('<b>connection');
  });

  it('refuses what was signed with another secret, or not, or before it knows any', async () => {
    const { inbox, read, url } = await openApp();
    const body = message('evt_1', 'connection.created');
    const signed = (secret = newStandardWebhookSecret()) =>
      signStandardWebhook({ id: 'evt_1', timestamp: Date.now(), body }, [secret]);
    const send = (headers: Record<string, string>) => fetch(url, { method: 'POST', headers, body });

    const before = await send(signed());
    inbox.trust(newStandardWebhookSecret());
    const answers = [before, await send(signed()), await send({})];

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(await read()).toContain('No events yet');
  });
});

describe("the inbox's destination", () => {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-inbox-'));

  it.beforeAll(async ({ cli }) => {
    await cli.hawser('tenant create demo');
    cli.stack.insecureOrigins.push('http://127.0.0.1:4001', 'http://127.0.0.1:4002');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is made at the first start, found at the next, and follows the application to another port', async ({
    cli,
  }) => {
    const { operator } = cli.stack;
    const register = (port: number) =>
      registerInbox(operator, 'demo', `http://127.0.0.1:${port}${inboxPath}`, join(folder, 'inbox.json'));

    const first = await register(4001);
    const found = await register(4001);
    const moved = await register(4002);

    expect(found.reveal()).toBe(first.reveal());
    expect(moved.reveal()).not.toBe(first.reveal());
    expect(await operator.listDestinations('demo')).toMatchObject([{ url: 'http://127.0.0.1:4002/inbox' }]);
  });
});
