/**
 * Row 19 of the attack table: no secret of a platform or of Hawser appears anywhere but in its proper place: not in a
 * log line, an error, a table, a queue, a URL or a response, on success or on failure.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { afterAll, describe, expect } from 'vitest';
import { sharedTenantTest } from '../support/fixtures/stack.ts';
import { platformNames } from '../support/stack/platform-facts.ts';
import type { AwsCallSeen, TestStack } from '../support/stack/test-stack.ts';
import { createLeakFinder, type LeakFinder, marker } from './leak-finder.ts';
import { liveThrough } from './leak-journeys.ts';

const accessLog: string[] = [];

/** Every AWS call that a function made, including its writes to tables and queues. */
const awsCalls: AwsCallSeen[] = [];
/** Every URL requested from any server of the stack: the API, the platforms, the AWS endpoints. */
const urls: string[] = [];
/** The contents of the tables at the end. */
const items: string[] = [];
/** Hawser's own secrets that were used: API keys, session tokens, states, cookies, completion secrets. */
const ownSecrets = new Set<string>();

const onRequest = (message: unknown) => {
  const { request } = message as { readonly request: IncomingMessage };
  urls.push(request.url ?? '');
};

const it = sharedTenantTest({ stack: { onAccess: (line) => accessLog.push(JSON.stringify(line)) } });
it.beforeAll(async ({ stack }) => {
  subscribe('http.server.request.start', onRequest);
  let broken: ((call: AwsCallSeen) => boolean) | undefined;
  stack.fault = (call) => {
    if (!call.principal.startsWith('LOCAL-')) return undefined;
    awsCalls.push(call);
    return broken?.(call) ? { error: 'InternalServerError', status: 500 } : undefined;
  };
  for (const provider of platformNames) {
    const tenant = await stack.newTenant({ directLinking: true });
    ownSecrets.add(tenant.apiKey);
    await liveThrough(stack, tenant, provider, (matching) => {
      broken = matching;
    });
  }
  for (const table of ['connections', 'activity'] as const) {
    for (const item of await stack.tables.scan(table)) items.push(textOf(item));
  }
  collectOwnSecrets(stack);
});
afterAll(() => {
  unsubscribe('http.server.request.start', onRequest);
});

/** An item or a call as text, with bytes in base64 as on the wire. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    part instanceof Uint8Array ? Buffer.from(part).toString('base64') : part,
  );
}

function collectOwnSecrets(stack: TestStack): void {
  for (const page of stack.pages) {
    const query = page.location === undefined ? undefined : new URL(page.location).searchParams;
    for (const name of ['completion', 'state']) {
      const secret = query
        ?.get(name)
        ?.split('.')
        .at(name === 'state' ? 1 : 0);
      if (secret) ownSecrets.add(secret);
    }
    for (const cookie of page.headers.getSetCookie()) {
      const [, secret] = /^hawser-flow-[^=]+=([^;]+)/.exec(cookie) ?? [];
      if (secret) ownSecrets.add(secret);
    }
  }
  for (const [name, { text }] of stack.answers) {
    const { token } = JSON.parse(text) as { readonly token?: string };
    if (name === 'createSession' && token) ownSecrets.add(token);
  }
}

/** The texts in which a finder finds a secret, shortened. */
const leaksIn = (places: readonly string[], isLeak: LeakFinder) =>
  places.filter(isLeak).map((place) => place.slice(0, 300));

const ofApi = (stack: TestStack, url: string) => new URL(url).origin === stack.apiUrl;
const answersOf = (stack: TestStack, ...names: readonly string[]) =>
  stack.answers.filter(([name]) => names.includes(name)).map(([, { text }]) => text);

describe('row 19: after every journey and every failure', () => {
  const hasMarker = createLeakFinder(marker);

  it('row 19: the run covered every journey and failure it was meant to cover', ({ stack }) => {
    const codes = stack.answers.map(([, { text }]) => /"code":"(\w+)"/.exec(text)?.[1]);

    expect(codes).toEqual(
      expect.arrayContaining([
        'OAUTH_CALLBACK_ERROR',
        'TOKEN_REFRESH_ERROR',
        'FLOW_USER_MISMATCH',
        'ACCOUNT_ALREADY_CONNECTED',
        'DATABASE_ERROR',
        'INTERNAL_ERROR',
      ]),
    );
    expect(answersOf(stack, 'getToken').filter(hasMarker)).toHaveLength(platformNames.length);
    expect(stack.output.length).toBeGreaterThan(200);
    expect(accessLog.length).toBeGreaterThan(200);
    expect(awsCalls.filter(({ action }) => action === 'sqs:SendMessage').length).toBeGreaterThan(5);
    expect(ownSecrets.size).toBeGreaterThan(50);
    expect(urls.length).toBeGreaterThan(500);
  });

  it('row 19: no function output contains a platform secret', ({ stack }) => {
    expect(leaksIn(stack.output, hasMarker)).toEqual([]);
  });

  it('row 19: the access log contains no platform secret', () => {
    expect(leaksIn(accessLog, hasMarker)).toEqual([]);
  });

  it('row 19: no AWS call, including every write to a table or queue, contains a platform secret', () => {
    expect(leaksIn(awsCalls.map(textOf), hasMarker)).toEqual([]);
  });

  it('row 19: no table item contains a platform secret, in bytes or in text', () => {
    expect(items.length).toBeGreaterThan(50);
    expect(leaksIn(items, hasMarker)).toEqual([]);
  });

  it('row 19: no URL contains a platform secret, except the platform’s own redirect with its code', () => {
    const leaks = leaksIn(urls, hasMarker);

    expect(leaks.filter((url) => !url.startsWith('/integrations/callback/'))).toEqual([]);
    expect(leaks.length).toBeGreaterThan(10);
  });

  it('row 19: no API response contains a platform secret, except the token route’s', ({ stack }) => {
    const others = stack.answers.filter(([name]) => name !== 'getToken');

    expect(
      leaksIn(
        others.map(([, { text }]) => text),
        hasMarker,
      ),
    ).toEqual([]);
    expect(
      leaksIn(
        stack.answers.map(([, { headers }]) => JSON.stringify([...headers])),
        hasMarker,
      ),
    ).toEqual([]);
  });

  it('row 19: no error of the token route contains a platform secret', ({ stack }) => {
    const errors = answersOf(stack, 'getToken').filter((text) => text.includes('"error"'));

    expect(errors.length).toBeGreaterThan(0);
    expect(leaksIn(errors, hasMarker)).toEqual([]);
  });

  it('row 19: no page or redirect of Hawser contains a platform secret', ({ stack }) => {
    const ours = stack.pages.filter(({ url }) => ofApi(stack, url));

    expect(ours.length).toBeGreaterThan(50);
    expect(
      leaksIn(
        ours.map(({ text }) => text),
        hasMarker,
      ),
    ).toEqual([]);
    expect(
      leaksIn(
        ours.map(({ headers }) => JSON.stringify([...headers])),
        hasMarker,
      ),
    ).toEqual([]);
  });

  it('row 19: no log line, table or queue contains a secret of Hawser', ({ stack }) => {
    const everything = [...stack.output, ...accessLog, ...items, ...awsCalls.map(textOf)].join('\n');

    expect([...ownSecrets].filter((secret) => createLeakFinder(secret)(everything))).toEqual([]);
  });
});

it('row 19: the leak finder recognizes a secret in every encoding in which it may hide', () => {
  const isLeak = createLeakFinder(marker);
  const token = 'act.s4ndb0xQ3!4718.va';
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  const hidden = [
    token,
    `{"message":"${token}"}`,
    Buffer.from(token),
    Buffer.concat([Buffer.from([0, 255]), Buffer.from(token)]),
    Buffer.from(token).toString('hex'),
    ...['', '.', '..', '...'].map((before) => base64(before + token)),
    ...['', '.', '..'].map((before) => base64(`x${base64(before + token)}`)),
    Buffer.from(token).toString('base64url'),
    `/integrations/callback/tiktok?code=${encodeURIComponent(token)}`,
  ];

  expect(hidden.map((place) => isLeak(place))).toEqual(Array(hidden.length).fill(true));
  expect(isLeak('act.S4NDBOX and nothing else')).toBe(false);
});
