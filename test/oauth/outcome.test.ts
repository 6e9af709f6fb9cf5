/** Outcomes of platform answers: the classification as a table, both forms of Retry-After, and ids that keep their digits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonObject } from '../../lib/json.ts';
import { classifyFailure } from '../../lib/oauth/outcome.ts';
import { answered, now } from './fixture.ts';

const classify = (
  body: unknown,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  table = {},
) => classifyFailure(answered(body, status, headers), table, now);

describe('row 20: a platform error', () => {
  it.each([
    ['invalid_grant', 400, 'reconnect_required'],
    ['access_denied', 400, 'reconnect_required'],
    ['invalid_client', 401, 'misconfigured'],
    ['invalid_client', 400, 'misconfigured'],
    ['invalid_client', 200, 'misconfigured'],
    ['unauthorized_client', 400, 'misconfigured'],
    ['unsupported_grant_type', 400, 'misconfigured'],
    ['invalid_scope', 400, 'misconfigured'],
    ['invalid_request', 400, 'misconfigured'],
    ['server_error', 400, 'retryable'],
    ['temporarily_unavailable', 400, 'retryable'],
    ['slow_down', 400, 'retryable'],
  ] as const)('%s under %i is %s', (error, status, kind) => {
    expect(classify({ error }, status)).toEqual({ kind, reason: error });
  });

  it.each([
    [401, 'misconfigured', 'http_401'],
    [400, 'retryable', 'unrecognised_error'],
    [403, 'retryable', 'unrecognised_error'],
    [404, 'retryable', 'unrecognised_error'],
    [301, 'retryable', 'unrecognised_error'],
    [200, 'unknown', 'unreadable_answer'],
    [429, 'retryable', 'http_429'],
    [500, 'retryable', 'http_500'],
    [503, 'retryable', 'http_503'],
    [599, 'retryable', 'http_599'],
  ] as const)('without a code, status %i is %s', (status, kind, reason) => {
    expect(classify('<html>', status)).toEqual({ kind, reason });
  });

  it('under a 5xx status is no evidence against the grant, unless its body says that the grant has ended', () => {
    for (const status of [429, 500, 502, 503]) {
      expect(classify({ error: 'invalid_grant' }, status)).toEqual({
        kind: 'reconnect_required',
        reason: 'invalid_grant',
      });
      for (const error of ['odd', 'server_error', 'slow_down', 500, {}, null]) {
        expect(classify({ error }, status)).toEqual({ kind: 'retryable', reason: `http_${status}` });
      }
    }
  });

  it.each([
    'invalid_grant',
    'interaction_required',
    'login_required',
    'consent_required',
    'account_selection_required',
    'token_revoked',
    'token_expired',
    'invalid_refresh_token',
    'bad_refresh_token',
    'refresh_token_expired',
  ])('%s ends the grant wherever it is, in any case, under any status', (code) => {
    for (const error of [code, code.toUpperCase(), ` ${code[0]?.toUpperCase()}${code.slice(1)}`]) {
      for (const body of [
        { error },
        { error: { code: error } },
        { error: { error, message: 'x' } },
        { error: { type: error, code: 400 } },
        { error: [{ code: error }] },
        { errors: [{ code: error }] },
        { errors: [{ type: error }] },
        { errors: [{ status: 400, error }] },
        { errors: [error] },
        { errors: { code: error } },
        { code: error },
        { code: 400, error_code: error },
        { errorCode: error },
        { error: 400, error_type: error },
        { ok: false, error },
      ]) {
        for (const status of [200, 400, 401, 403, 500, 503]) {
          expect(classify(body, status)).toEqual({ kind: 'reconnect_required', reason: code });
        }
      }
    }
  });

  it.each([
    { error: 'odd' },
    { error: 400 },
    { error: 403 },
    { error: { message: 'No.' } },
    { errors: ['No.'] },
    { errors: { base: 'No.' } },
    { error_description: 'No.' },
    { error_message: 'No.' },
    { ok: false },
    { success: false },
    { code: 12_345 },
    { error_code: 'E7' },
  ])('under 200 is a refusal and not a lost answer: %j', (body) => {
    expect(classify(body, 200)).toEqual({ kind: 'retryable', reason: 'unrecognised_error' });
  });

  it.each([
    {},
    { error: null },
    { error: '' },
    { error: 0 },
    { error: {} },
    { errors: [] },
    { code: 0 },
    { code: 200 },
    { error: { code: 'ok' } },
    { success: true },
    { error_description: '' },
  ])('is not found in a success without tokens: %j', (body) => {
    expect(classify(body, 200)).toEqual({ kind: 'unknown', reason: 'unreadable_answer' });
  });

  it.each([
    [{ error: 401 }, 'misconfigured', 'http_401'],
    [{ error: '401' }, 'misconfigured', 'http_401'],
    [{ code: 401 }, 'misconfigured', 'http_401'],
    [{ error: { code: 429 } }, 'retryable', 'http_429'],
    [{ error: 500 }, 'retryable', 'http_500'],
    [{ errors: [{ code: 503 }] }, 'retryable', 'http_503'],
  ] as const)('under 200 may be the status in its body: %j', (body, kind, reason) => {
    expect(classify(body, 200)).toEqual({ kind, reason });
  });

  it.each(['invalid_client', 'unauthorized_client', 'INVALID_CLIENT', 'bad_client_secret'])(
    '%s is the registration at fault, under 500 as well',
    (error) => {
      expect(classify({ error }, 500).kind).toBe('misconfigured');
      expect(classify({ error }, 403).kind).toBe('misconfigured');
    },
  );

  it("is classified by the platform's own table first", () => {
    const table = { invalid_request: 'reconnect_required', http_403: 'misconfigured' } as const;

    expect(classify({ error: 'invalid_request' }, 400, {}, table).kind).toBe('reconnect_required');
    expect(classify('', 403, {}, table)).toEqual({ kind: 'misconfigured', reason: 'http_403' });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])(
    'named %j matches no entry of the table',
    (error) => {
      expect(classify({ error }, 400)).toEqual({ kind: 'retryable', reason: 'unrecognised_error' });
    },
  );

  it("row 19: never repeats the platform's text in its reason", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 200, max: 599 }), (text, status) => {
        const { reason } = classify({ error: `s4ndb0x${text}`, message: 's4ndb0x' }, status);

        expect(reason).toMatch(/^(?:http_\d{3}|unreadable_answer|unrecognised_error)$/);
      }),
    );
  });

  it.each([
    ['lost', { kind: 'lost' }, { kind: 'unknown', reason: 'answer_lost' }],
    ['unreachable', { kind: 'unreachable' }, { kind: 'retryable', reason: 'unreachable' }],
  ] as const)('that never came is told by what became of the call: %s', (_name, answer, expected) => {
    expect(classifyFailure(answer, {}, now)).toEqual(expected);
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120],
    [' 120 ', 120],
    ['0', 0],
    ['86400', 86_400],
    ['86401', 86_400],
    ['99999999999999999999', 86_400],
    ['9'.repeat(400), undefined],
    [new Date(now + 90_000).toUTCString(), 90],
    [new Date(now - 90_000).toUTCString(), 0],
    [new Date(now + 999_999_000_000).toUTCString(), 86_400],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['5 s', undefined],
    ['+7', undefined],
    ['1, 2', undefined],
    ['2099', 2_099],
    ['2099-01-01', undefined],
    ['12/12', undefined],
    ['Mon, never 00:00:00', undefined],
    ['', undefined],
  ])('of %j is a wait of %j seconds', (text, seconds) => {
    const failure = classify('', 429, { 'retry-after': text });

    expect('afterSeconds' in failure ? failure.afterSeconds : undefined).toBe(seconds);
  });

  it('is between zero and one day, whatever it contains', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]{0,30}$/), (text) => {
        const failure = classify('', 429, { 'retry-after': text });
        const seconds = 'afterSeconds' in failure ? (failure.afterSeconds ?? 0) : 0;

        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(seconds).toBeLessThanOrEqual(86_400);
      }),
    );
  });

  it('applies to 429, to server errors and to undocumented errors', () => {
    for (const status of [429, 503, 403]) {
      expect(classify('', status, { 'retry-after': '7' })).toMatchObject({ afterSeconds: 7 });
    }
  });
});

describe('a JSON object in an answer', () => {
  it('keeps every digit of an integer', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (id) => {
        const read = jsonObject(`{"id":${id},"deep":{"ids":[${id}]}}`);

        expect(String(read?.['id'])).toBe(String(id));
        expect(String(read?.['deep'] && JSON.stringify(read['deep'])).replaceAll('"', '')).toContain(
          `[${id}]`,
        );
      }),
    );
  });

  it.each(['{"a":1}', ' {"a":1}', '{"a":1,"b":[]}', '{"a":12345678901234567}', '\n{}'])(
    'is the same behind a byte order mark: %j',
    (text) => {
      expect(jsonObject(`\ufeff${text}`)).toEqual(jsonObject(text));
    },
  );

  it('keeps other numbers as numbers', () => {
    expect(jsonObject('{"a":1.5,"b":-3,"c":9007199254740991,"d":0.1e2}')).toEqual({
      a: 1.5,
      b: -3,
      c: Number.MAX_SAFE_INTEGER,
      d: 10,
    });
  });

  it.each(['', 'null', '[]', '7', '"x"', '{', '{"a":}', 'NaN', '\ufeff', '{}\ufeff', '{}{}'])(
    'is not found in %j',
    (text) => {
      expect(jsonObject(text)).toBeUndefined();
    },
  );

  it('never makes the parser throw, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const read = jsonObject(text);

        expect(read === undefined || typeof read === 'object').toBe(true);
      }),
    );
    for (const depth of [1_000, 100_000]) {
      expect(() => jsonObject(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)).not.toThrow();
      expect(jsonObject('['.repeat(depth))).toBeUndefined();
    }
  });
});
