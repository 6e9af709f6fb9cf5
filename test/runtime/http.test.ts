/** The HTTP adapter: it turns the result or error of a handler into one response shape and one log line, and leaks nothing. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Caller, Route } from '../../lib/contract/route.ts';
import { catalogue, type ErrorCode, IntegrationError } from '../../lib/errors.ts';
import type { TenantId } from '../../lib/ids.ts';
import type { Authenticate } from '../../lib/runtime/http/authentication.ts';
import { http } from '../../lib/runtime/http/http.ts';
import { type HttpResult, json } from '../../lib/runtime/http/http-result.ts';
import { createLog } from '../../lib/telemetry/log.ts';
import { context, type EventDeps, event, requestId } from '../support/gateway-event.ts';

const routeFor = (caller: Caller) =>
  ({
    method: 'GET',
    path: '/test',
    function: 'status',
    caller,
    summary: 'A route of the tests.',
    params: z.strictObject({}),
    query: z.strictObject({ q: z.optional(z.string()) }),
    success: { status: 200 },
    errors: [],
  }) as const satisfies Route;

const backend = { kind: 'apiKey', tenantId: 'acme' as TenantId } as const;
const known: Authenticate = async () => backend;

/** The response of a handler that does this, and what was logged meanwhile. */
async function respond(
  act: () => Promise<HttpResult>,
  deps: EventDeps & { readonly caller?: Caller; readonly authenticate?: Authenticate } = {},
) {
  const lines: string[] = [];
  let milliseconds = 1_795_176_000_000;
  const now = () => {
    milliseconds += 5;
    return milliseconds;
  };
  const { caller = 'anyone', authenticate } = deps;
  const handler = http(
    routeFor(caller),
    { now, write: (line) => void lines.push(line), ...(authenticate && { authenticate }) },
    act,
  );
  const response = await handler(event(deps), context);
  const body: unknown = response.body?.startsWith('{') ? JSON.parse(response.body) : response.body;
  return { response, body, lines, logged: lines.map((line): unknown => JSON.parse(line)) };
}

const logLine = z.object({ event: z.string(), correlationId: z.optional(z.string()) });
const throwing = (error: unknown) => () => Promise.reject(error);

describe('an HTTP request', () => {
  it('is logged once: route, status, duration, ids', async () => {
    const { logged } = await respond(async () => json(200, {}), {
      headers: { 'x-correlation-id': 'caller-chosen-1' },
    });

    expect(logged).toEqual([
      {
        time: expect.stringMatching(/^2026-11-20T/),
        level: 'info',
        event: 'request',
        requestId,
        correlationId: 'caller-chosen-1',
        route: 'GET /test',
        status: 200,
        durationMs: 5,
      },
    ]);
  });

  it('keeps its ids to itself while another request runs in the same process', async () => {
    const lines: unknown[] = [];
    const write = (line: string) => void lines.push(JSON.parse(line));
    const log = createLog('status', () => 0, write);
    const bothRun = Promise.withResolvers<void>();
    const handler = http(routeFor('anyone'), { now: () => 0, write: () => undefined }, async ({ query }) => {
      const event = String(query.q);
      log('info', event);
      if (event === 'second') bothRun.resolve();
      await bothRun.promise;
      log('info', event);
      return json(200, {});
    });
    const send = (name: string) =>
      handler(event({ query: `q=${name}`, headers: { 'x-correlation-id': `id-of-${name}` } }), context);

    const first = send('first');
    log('info', 'outside');
    const second = send('second');
    log('info', 'outside');
    await Promise.all([first, second]);
    log('info', 'outside');

    const idsOf = (name: string) =>
      lines
        .map((line) => logLine.parse(line))
        .filter((line) => line.event === name)
        .map(({ correlationId }) => correlationId);
    expect(idsOf('first')).toEqual(['id-of-first', 'id-of-first']);
    expect(idsOf('second')).toEqual(['id-of-second', 'id-of-second']);
    expect(idsOf('outside')).toEqual([undefined, undefined, undefined]);
  });

  it('row 19: leaves nothing of its query, headers, cookies and body in the log', async () => {
    const { lines } = await respond(throwing(new Error('s4ndb0x')), {
      query: 'q=s4ndb0x',
      headers: { authorization: 'Bearer s4ndb0x', 'user-agent': 's4ndb0x', 'x-correlation-id': 's4ndb0x!' },
      cookies: ['flow=s4ndb0x'],
      body: '{"code":"s4ndb0x"}',
    });

    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join('\n')).not.toContain('s4ndb0x');
  });

  it.each([
    ['caller-chosen-1', 'caller-chosen-1'],
    ['short', requestId],
    ['x'.repeat(65), requestId],
    ['with space 1', requestId],
    ['line\nbreak-1', requestId],
    ['{"json":1}', requestId],
  ])('row 19: with the correlation id %j is logged as %j', async (given, expected) => {
    const { response, body } = await respond(throwing(new IntegrationError('NOT_FOUND', 'x')), {
      headers: { 'x-correlation-id': given },
    });

    expect(response.headers?.['x-correlation-id']).toBe(expected);
    expect(body).toMatchObject({ error: { correlationId: expected } });
  });

  it.each(['apiKey', 'apiKeyOrSession'] as const)(
    'row 10: to a route for %s never reaches the handler without an authenticated caller',
    async (caller) => {
      let reached = 0;
      const act = async () => {
        reached += 1;
        return json(200, {});
      };

      const unguarded = await respond(act, { caller });
      const unproven = await respond(act, { caller, authenticate: async () => undefined });

      expect([unguarded.response.statusCode, unproven.response.statusCode]).toEqual([401, 401]);
      expect(reached).toBe(0);
      expect((await respond(act, { caller, authenticate: known })).response.statusCode).toBe(200);
    },
  );

  it('that is malformed is refused before any credential lookup', async () => {
    let lookups = 0;
    const { response } = await respond(async () => json(200, {}), {
      caller: 'apiKey',
      query: 'x=1',
      authenticate: async () => {
        lookups += 1;
        return backend;
      },
    });

    expect(response.statusCode).toBe(400);
    expect(lookups).toBe(0);
  });

  it('that fails authentication is counted', async () => {
    const { lines } = await respond(async () => json(200, {}), { caller: 'apiKey' });

    expect(lines.some((line) => line.includes('"unauthorized":1'))).toBe(true);
  });
});

describe('an error of a handler', () => {
  it.each(Object.keys(catalogue) as ErrorCode[])(
    'of the catalogue has the standard shape: %s',
    async (code) => {
      const { response, body } = await respond(throwing(new IntegrationError(code, 'Do this.')));

      const { status, retryable, userMessage } = catalogue[code];
      expect(response.statusCode).toBe(status);
      expect(body).toEqual({
        error: { code, message: 'Do this.', retryable, userMessage, correlationId: requestId },
      });
      expect(response.headers?.['retry-after']).toBe(retryable ? '1' : undefined);
    },
  );

  it('carries its details and its wait', async () => {
    const error = new IntegrationError('RATE_LIMITED', 'Slow down.', {
      retryAfterSeconds: 30,
      details: { fields: ['a'] },
    });

    const { response, body } = await respond(throwing(error));

    expect(response.headers?.['retry-after']).toBe('30');
    expect(body).toMatchObject({ error: { details: { fields: ['a'] } } });
  });

  it.each([
    ['an exception', new TypeError('s4ndb0x')],
    ['a text', 's4ndb0x'],
    ['nothing', undefined],
    ['an exception that poses as its own stack', new Error('x\n    at s4ndb0x (/s4ndb0x.ts:1:2)')],
  ])('row 19: that is unexpected reveals nothing: %s', async (_name, thrown) => {
    const { response, lines } = await respond(throwing(thrown));

    expect(response.statusCode).toBe(500);
    expect(response.body).toContain('INTERNAL_ERROR');
    expect(response.body).not.toContain('s4ndb0x');
    expect(lines.join()).not.toContain('s4ndb0x');
  });

  it('row 19: hides its cause from the caller', async () => {
    const error = new IntegrationError('DATABASE_ERROR', 'Try again.', { cause: new Error('s4ndb0x') });

    const { response, lines } = await respond(throwing(error));

    expect(`${response.body}${lines.join()}`).not.toContain('s4ndb0x');
  });

  it.each<readonly [ErrorCode, boolean]>([
    ['DATABASE_ERROR', true],
    ['VAULT_ERROR', true],
    ['INTERNAL_ERROR', true],
    ['PROVIDER_ERROR', false],
    ['NOT_FOUND', false],
  ])('is logged with class and cause when it is our fault: %s, %s', async (code, ours) => {
    const cause = Object.assign(new Error('s4ndb0x'), { name: 'AccessDeniedException' });

    const { lines, logged } = await respond(throwing(new IntegrationError(code, 'x', { cause })));

    const told = logged.find((line) => JSON.stringify(line).includes('unexpected error'));
    expect(told !== undefined).toBe(ours);
    if (ours) expect(told).toMatchObject({ errors: [{ code }, { name: 'AccessDeniedException' }] });
    expect(lines.join()).not.toContain('s4ndb0x');
  });

  it('on a browser route is a small page', async () => {
    const error = new IntegrationError('FLOW_EXPIRED', 'For developers.');

    const { response } = await respond(throwing(error), { caller: 'browser' });

    expect(response.statusCode).toBe(410);
    expect(response.headers?.['content-type']).toBe('text/html; charset=utf-8');
    expect(response.body).toContain('This took too long. Please start again.');
    expect(response.body).toContain('go back to the application that sent you here.');
    expect(response.body).not.toContain('For developers.');
    expect(response.headers).not.toHaveProperty('retry-after');
  });

  it('on a browser route carries Retry-After', async () => {
    const error = new IntegrationError('DATABASE_ERROR', 'x', { retryAfterSeconds: 3 });

    const { response } = await respond(throwing(error), { caller: 'browser' });

    expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': '3' } });
  });
});
