import { describe, expect } from 'vitest';
import { contract, type RouteName } from '../../lib/contract/contract.ts';
import type { Route } from '../../lib/contract/route.ts';
import { sharedTenantTest } from '../support/fixtures/stack.ts';
import { exchange, type RawRequest } from '../support/stack/http-exchange.ts';
import type { TestStack } from '../support/stack/test-stack.ts';
import { codeOf, fieldsOf, judge, refusal, requestOf, routeNames, samples } from './route-samples.ts';

const it = sharedTenantTest();

/** Sends a request, checks the response against the contract and returns its error code. */
async function send(stack: TestStack, name: RouteName, raw: RawRequest): Promise<string> {
  const answer = await exchange(stack.apiUrl, raw);
  judge(name, answer);
  return codeOf(answer);
}

const withBody = routeNames.filter((name) => 'body' in contract[name]);

/** Values of every type and size; the schema of a field decides which of them it accepts. */
const values: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  '',
  ' ',
  'x'.repeat(129),
  'x'.repeat(10_000),
  'line\nbreak',
  'nul\u0000',
  'lone \ud800 surrogate',
  '\u202egnirts',
  '__proto__',
  '../..',
  "' OR 1=1 --",
  '<script>alert(1)</script>',
  [],
  [[]],
  [null],
  Array(500).fill('x'),
  {},
  { __proto__: null, constructor: 1 },
];

describe.each(withBody)('the body of a request to %s', (name) => {
  const { names, required } = fieldsOf(name, 'body');
  const schema = (contract[name] as Route).body;

  it.for<[string, string | Uint8Array | undefined]>([
    ['nothing', undefined],
    ['an empty string', ''],
    ['malformed JSON', '{"userId":'],
    ['JSON with trailing characters', '{"userId":"ada"} x'],
    ['null', 'null'],
    ['an array', '[]'],
    ['a JSON string', '"userId"'],
    ['a number', '1'],
    ['deeply nested JSON', '['.repeat(8_000)],
    ['deeply nested objects', `${'{"a":'.repeat(2_500)}1${'}'.repeat(2_500)}`],
    [
      'invalid UTF-8 inside a string',
      Buffer.from([...Buffer.from('{"userId":"a'), 0xff, ...Buffer.from('b"}')]),
    ],
    [
      'an overlong UTF-8 encoding',
      Buffer.from([...Buffer.from('{"userId":"'), 0xc0, 0xaf, ...Buffer.from('"}')]),
    ],
    ['UTF-16', Buffer.from('{"userId":"ada"}', 'utf16le')],
    ['the replacement character', '{"userId":"\ufffd"}'],
    ['a prototype', '{"userId":"ada","__proto__":{"admin":true}}'],
  ])('is refused when it is %s', async ([_what, rawBody], { stack, tenant }) => {
    const raw = requestOf(name, tenant.apiKey, rawBody === undefined ? {} : { rawBody });
    const { body: _body, ...bare } = raw;

    const code = await send(stack, name, rawBody === undefined ? bare : raw);

    expect(code).toBe(refusal(name));
  });

  it.for([
    ['missing', undefined],
    ['a form', 'application/x-www-form-urlencoded'],
    ['text', 'text/plain'],
    ['binary, which the gateway passes on as base64', 'application/octet-stream'],
    ['another JSON media type', 'application/problem+json'],
    ['two types', 'application/json, text/plain'],
  ] as const)('is refused when its content type is %s', async ([_what, type], { stack, tenant }) => {
    const headers = [
      ['authorization', `Bearer ${tenant.apiKey}`] as const,
      ...(type === undefined ? [] : [['content-type', type] as const]),
    ];

    const code = await send(stack, name, requestOf(name, tenant.apiKey, { headers }));

    expect(code).toBe('UNSUPPORTED_MEDIA_TYPE');
  });

  it('is refused when it exceeds the API’s limit and when it exceeds the gateway’s', async ({
    stack,
    tenant,
  }) => {
    const large = await send(
      stack,
      name,
      requestOf(name, tenant.apiKey, { rawBody: 'x'.repeat(16 * 1024 + 1) }),
    );
    const huge = await send(
      stack,
      name,
      requestOf(name, tenant.apiKey, { rawBody: 'x'.repeat(10 * 1024 * 1024 + 1) }),
    );

    expect([large, huge]).toEqual(['PAYLOAD_TOO_LARGE', '413']);
  });

  it('is refused without a required field and with an unknown one', async ({ stack, tenant }) => {
    const { body = {} } = samples[name];
    const without = required.map((field) =>
      Object.fromEntries(Object.entries(body).filter(([other]) => other !== field)),
    );
    const bodies = [...without, { ...body, unknown: 1 }, { ...body, tenantId: 'tenant-1' }];

    const codes: string[] = [];
    for (const changed of bodies)
      codes.push(await send(stack, name, requestOf(name, tenant.apiKey, { body: changed })));

    expect(codes).toEqual(bodies.map(() => 'INVALID_REQUEST'));
  });

  it.for(names)('is refused with an invalid value in %s', async (field, { stack, tenant }) => {
    const codes: string[] = [];
    const expected: string[] = [];

    for (const value of values) {
      const body = { ...samples[name].body, [field]: value };
      const travelled: unknown = JSON.parse(JSON.stringify(body));
      const code = await send(stack, name, requestOf(name, tenant.apiKey, { body }));
      // What the schema takes may still be refused for what it says, but only as the contract tells.
      const isWrong = schema?.safeParse(travelled).success === false;
      codes.push(isWrong ? code : 'taken');
      expected.push(isWrong ? 'INVALID_REQUEST' : 'taken');
    }

    expect(codes).toEqual(expected);
    expect(codes.filter((code) => code === 'INVALID_REQUEST').length).toBeGreaterThan(8);
  });
});
