/** Requests: the parser checks bytes, text, JSON and fields once each, and its errors never repeat the input. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { contract } from '../../lib/contract/contract.ts';
import type { Route } from '../../lib/contract/route.ts';
import { IntegrationError } from '../../lib/errors.ts';
import { parseRequest, readCookie } from '../../lib/runtime/http/request.ts';
import { type EventDeps, event } from '../support/gateway-event.ts';

const route = {
  method: 'POST',
  path: '/test/{id}',
  function: 'connect',
  caller: 'anyone',
  summary: 'A route of the tests.',
  params: z.strictObject({ id: z.string() }),
  query: z.strictObject({ a: z.optional(z.string()), b: z.optional(z.string()) }),
  body: z.strictObject({ word: z.string(), list: z.optional(z.array(z.number())) }),
  success: { status: 200 },
  errors: [],
} as const satisfies Route;

const whole: EventDeps = { path: { id: '7' }, body: '{"word":"hello"}' };

const parse = (parts: EventDeps) => parseRequest(route, event({ ...whole, ...parts }));

function refusal(parts: EventDeps, of: Route = route): unknown {
  try {
    return parseRequest(of, event({ ...(of === route && whole), ...parts }));
  } catch (error) {
    return error;
  }
}

const bytes = (content: string | Uint8Array) => Buffer.from(content).toString('base64');

describe('a request body', () => {
  it('is read identically from text and from base64', () => {
    const json = '{"word":"hé🌊"}';

    expect(parse({ body: json }).body).toEqual({ word: 'hé🌊' });
    expect(parse({ body: bytes(json), isBase64Encoded: true }).body).toEqual({ word: 'hé🌊' });
    expect(parse({ body: bytes(`\ufeff${json}`), isBase64Encoded: true }).body).toEqual({ word: 'hé🌊' });
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON', ' application/json '])(
    'may be declared as %j',
    (type) => {
      expect(parse({ headers: { 'content-type': type } }).body).toEqual({ word: 'hello' });
    },
  );

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'text/json', ''])(
    'row 3: may not be declared as %j, which a form of another site could send',
    (type) => {
      expect(refusal({ headers: { 'content-type': type } })).toMatchObject({
        code: 'UNSUPPORTED_MEDIA_TYPE',
      });
    },
  );

  it.each([
    ['nothing', ''],
    ['no JSON', '{word:1}'],
    ['half of one', '{"word":'],
    ['two of them', '{"word":"a"}{"word":"b"}'],
    ['replaced bytes', '{"word":"\ufffd"}'],
  ])('is refused when it is %s', (_name, body) => {
    expect(refusal({ body })).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/JSON in UTF-8/),
    });
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a cut sequence', [0xf0, 0x9f, 0x8c]],
    ['a byte that UTF-8 has not', [0xff]],
  ])('is refused when its bytes are not UTF-8: %s', (_name, wrong) => {
    const body = Buffer.concat([Buffer.from('{"word":"'), Buffer.from(wrong), Buffer.from('"}')]);

    expect(refusal({ body: bytes(body), isBase64Encoded: true })).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('row 24: is accepted up to 16 KiB, and refused above that before it is parsed', () => {
    const padding = 16 * 1_024 - '{"word":""}'.length;
    const longest = `{"word":"${'x'.repeat(padding)}"}`;

    expect(parse({ body: longest }).body.word).toHaveLength(padding);
    expect(refusal({ body: `${longest} ` })).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    expect(refusal({ body: 'é'.repeat(8 * 1_024 + 1) })).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    expect(refusal({ body: bytes('x'.repeat(20_000)), isBase64Encoded: true })).toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
  });

  it('row 24: is refused at any nesting depth without an overflow', () => {
    for (const body of ['['.repeat(16_000), `${'{"word":'.repeat(1_500)}1${'}'.repeat(1_500)}`]) {
      expect(refusal({ body })).toMatchObject({ code: 'INVALID_REQUEST' });
    }
  });

  it.each([
    '{"word":"a","__proto__":{"admin":true}}',
    '{"word":"a","constructor":{"prototype":{"admin":true}}}',
    '{"word":"a","extra":1}',
    '{"__proto__":{"word":"a"}}',
    '[]',
    'null',
    '"word"',
  ])('is refused when it is %s', (body) => {
    expect(refusal({ body })).toMatchObject({ code: 'INVALID_REQUEST' });
    expect({}).not.toHaveProperty('admin');
  });
});

describe('a query string', () => {
  it.each([
    ['', {}],
    ['a=1', { a: '1' }],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=x+y%20z%2B', { a: 'x y z+' }],
    ['a=%C3%A9', { a: 'é' }],
    ['%61=1', { a: '1' }],
    ['a=1%262', { a: '1&2' }],
  ])('reads %j as %j', (query, expected) => {
    expect(parse({ query }).query).toEqual(expected);
  });

  it.each([
    'a=1&a=2',
    'a=1&%61=2',
    'a&a',
    'a=1&',
    '&a=1',
    'a=%',
    'a=%zz',
    'a=%C3',
    'a=%ff',
    'c=1',
    '__proto__=1',
    'constructor=1',
    '=1',
    'a[]=1',
  ])('is refused when it is %j', (query) => {
    expect(refusal({ query })).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('decodes every value that was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        fc.pre(a.isWellFormed() && b.isWellFormed());
        const encoded = `a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`;

        expect(parse({ query: encoded }).query).toEqual({ a, b });
        expect(parse({ query: new URLSearchParams({ a, b }).toString() }).query).toEqual({ a, b });
      }),
    );
  });

  it("row 3: of a callback may hold a platform's extra parameters, but none that Hawser reads twice", () => {
    const callback = { path: { app: 'tiktok' } };

    const read = parseRequest(
      contract.callback,
      event({ ...callback, query: 'code=c&state=s&scopes=a%2Cb&__proto__=x&error_description=no' }),
    );
    const twice = refusal({ ...callback, query: 'code=c&state=s&state=t' }, contract.callback);

    expect(read.query).toEqual({ code: 'c', state: 's' });
    expect(twice).toMatchObject({ code: 'INVALID_REQUEST' });
  });
});

describe('a parameter that the route does not read', () => {
  it.each([
    'error_description=%C3',
    'error_description=%ff%fe',
    'utm_source=100%',
    'x=%zz',
    '%=1',
    '%E4=1',
    'fbclid=a&fbclid=b',
    'a[]=1&a[]=2',
    '&',
    '=&=',
    'scope=a&scope=b&scope=%',
  ])('fails neither start nor callback: %s', (extra) => {
    const callback = event({ path: { app: 'tiktok' }, query: `${extra}&code=c&state=s&${extra}` });
    const start = event({ path: { flowId: 'f'.repeat(22) }, query: `${extra}&agreed=yes&${extra}` });

    expect(parseRequest(contract.callback, callback).query).toEqual({ code: 'c', state: 's' });
    expect(parseRequest(contract.start, start).query).toEqual({ agreed: 'yes' });
  });

  it.each(['code=%ff&state=s', 'code=c&state=%', 'code=c&c%6fde=d', 'iss=a&iss=b', 'error=%C3'])(
    'differs from one that it reads: %s',
    (query) => {
      expect(refusal({ path: { app: 'tiktok' }, query }, contract.callback)).toMatchObject({
        code: 'INVALID_REQUEST',
      });
    },
  );
});

describe('the error for an invalid request', () => {
  it('names the fields of the contract', () => {
    const refused = refusal({ body: '{"list":[1,"x"]}', query: 'a=1' });

    expect(refused).toMatchObject({ details: { fields: ['body.word', 'body.list.1'] } });
  });

  it('lists the known fields when one is unknown', () => {
    const inBody = refusal({ body: '{"word":"a","wrod":1}' });
    const inQuery = refusal({ query: 'c=1' });

    expect(inBody).toMatchObject({ details: { fields: ['body'], known: ['word', 'list'] } });
    expect(inQuery).toMatchObject({ details: { fields: ['query'], known: ['a', 'b'] } });
    expect(refusal({ body: '{"word":1}' })).not.toHaveProperty('details.known');
  });

  it('row 19: repeats nothing of the input', () => {
    for (const parts of [
      { body: '{"word":7,"s4ndb0x":1}' },
      { body: '{"word":s4ndb0x}' },
      { query: 's4ndb0x=1' },
      { query: 'a=s4ndb0x&a=s4ndb0x' },
      { headers: { 'content-type': 's4ndb0x' } },
      { path: { id: '7', s4ndb0x: '1' } },
    ]) {
      const refused = refusal(parts);

      expect(refused).toBeInstanceOf(IntegrationError);
      expect(JSON.stringify([refused, String(refused)])).not.toContain('s4ndb0x');
      expect(refused).toMatchObject({ cause: undefined });
    }
  });

  it('is always an IntegrationError, whatever the input', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        fc.string(),
        fc.dictionary(fc.string(), fc.string()),
        fc.boolean(),
        (body, query, path, isBase64Encoded) => {
          const answer = refusal({ body, query, path, isBase64Encoded });

          if (answer instanceof Error) expect(answer).toBeInstanceOf(IntegrationError);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a cookie', () => {
  const cookies = ['__Host-hawser-flow-1=abc', 'other=x=y', '__Host-hawser-flow-12=no', 'twice=1', 'twice=2'];

  it('is read by its full name', () => {
    expect(readCookie(event({ cookies }), '__Host-hawser-flow-1')).toBe('abc');
    expect(readCookie(event({ cookies }), 'other')).toBe('x=y');
    expect(readCookie(event({ cookies }), 'hawser-flow-1')).toBeUndefined();
    expect(readCookie(event(), 'other')).toBeUndefined();
  });

  it('row 3: is ignored when it appears twice', () => {
    expect(readCookie(event({ cookies }), 'twice')).toBeUndefined();
  });
});
