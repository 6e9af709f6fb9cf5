import { describe, expect } from 'vitest';
import { contract, type RouteName } from '../../lib/contract/contract.ts';
import type { Route } from '../../lib/contract/route.ts';
import { sharedTenantTest } from '../support/fixtures/stack.ts';
import { exchange, type RawRequest } from '../support/stack/http-exchange.ts';
import type { TestStack } from '../support/stack/test-stack.ts';
import { codeOf, fieldsOf, judge, refusal, requestOf, routeNames } from './route-samples.ts';

const it = sharedTenantTest();

/** Sends a request, checks the response against the contract and returns its error code. */
async function send(stack: TestStack, name: RouteName, raw: RawRequest): Promise<string> {
  const answer = await exchange(stack.apiUrl, raw);
  judge(name, answer);
  return codeOf(answer);
}

const withCredential = routeNames.filter((name) =>
  ['apiKey', 'apiKeyOrSession'].includes(contract[name].caller),
);

describe.each(routeNames)('the query of a request to %s', (name) => {
  const { names } = fieldsOf(name, 'query');
  const known = names.length > 0 ? names : ['userId'];

  it.for(known)('is refused when %s appears twice', async (field, { stack, tenant }) => {
    const code = await send(stack, name, requestOf(name, tenant.apiKey, { query: `${field}=a&${field}=a` }));

    expect(code).toBe(refusal(name));
  });

  it.for(['%', '%f', '%zz', '%ff', '%c0%af', '%ed%a0%80'])(
    'is refused with the bytes %s',
    async (bytes, { stack, tenant }) => {
      const ask = (query: string) => send(stack, name, requestOf(name, tenant.apiKey, { query }));

      const codes = [await ask(`${known[0]}=${bytes}`), await ask(`${bytes}=1`)];

      // A browser's routes ignore parameters that they do not read, so that no messenger's or platform's breaks a link.
      const ofOthers = contract[name].caller === 'browser' ? await ask('') : refusal(name);
      expect(codes).toEqual([refusal(name), ofOthers]);
    },
  );

  // What platforms and messengers hang onto a link that a person opens is ignored.
  it
    .runIf(contract[name].caller !== 'browser')
    .for(['unknown', '__proto__', 'constructor', 'tenantId', 'access_token', ''])(
    'is refused with a parameter named %j',
    async (field, { stack, tenant }) => {
      const code = await send(stack, name, requestOf(name, tenant.apiKey, { query: `${field}=1` }));

      expect(code).toBe(refusal(name));
    },
  );

  it('is refused when a value does not fit the schema or is too long for the gateway', async ({
    stack,
    tenant,
  }) => {
    const route: Route = contract[name];
    const texts = ['', '%00', '%0a', 'x'.repeat(5_000), '%F0%9F%98%80', '-1', '1e3', 'null'];

    for (const field of names) {
      for (const text of texts) {
        const code = await send(stack, name, requestOf(name, tenant.apiKey, { query: `${field}=${text}` }));
        const isWrong = !route.query.safeParse({ [field]: decodeURIComponent(text) }).success;
        if (isWrong) expect([field, text, code]).toEqual([field, text, refusal(name)]);
      }
    }
    const huge = await send(
      stack,
      name,
      requestOf(name, tenant.apiKey, { query: `a=${'x'.repeat(11_000)}` }),
    );

    expect(huge).toBe('431');
  });
});

/** Path parameters as they are encoded on the wire. */
const hostileSegments = [
  '..',
  '%2e%2e',
  '.',
  '%2F',
  '%252F',
  '..%2f..%2fhealth',
  '%00',
  '%2500',
  '%0d%0aset-cookie:a=b',
  '%ff',
  '%25ff',
  '%',
  '%25',
  '%3F',
  'a%3Fb',
  '%23',
  '__proto__',
  'constructor',
  'toString',
  '%20',
  '%F0%9F%98%80',
  '%E2%80%AE',
  '%ED%A0%80',
  "'",
  '%22%3E%3Cscript%3E',
  'x'.repeat(129),
  'x'.repeat(4_000),
  'x'.repeat(11_000),
];

describe.each(routeNames.filter((name) => fieldsOf(name, 'params').names.length > 0))(
  'the path of a request to %s',
  (name) => {
    it.for(fieldsOf(name, 'params').names)(
      'is refused with a hostile %s',
      async (param, { stack, tenant }) => {
        for (const segment of hostileSegments) {
          const raw = requestOf(name, tenant.apiKey, { params: { [param]: segment } });

          const answer = await exchange(stack.apiUrl, raw);
          const by = judge(name, answer);

          expect([segment, by, answer.status]).toEqual([segment, by, expect.toSatisfy(isExpected(by))]);
          if (segment.length > 20) expect(answer.text).not.toContain(segment.slice(0, 20));
        }
      },
    );

    it.for(['nowhere', 'TikTok', 'constructor', 'tik tok', ''])(
      'is refused with the unknown provider %j',
      async (provider, { stack, tenant }) => {
        if (!fieldsOf(name, 'params').names.includes('provider')) return;

        const code = await send(
          stack,
          name,
          requestOf(name, tenant.apiKey, { params: { provider: encodeURIComponent(provider) } }),
        );

        expect(['INVALID_PROVIDER', 'INVALID_REQUEST', '404']).toContain(code);
      },
    );
  },
);

/** Disconnecting an unknown user succeeds like any other; every other route answers not found or invalid request. */
const isExpected = (by: 'function' | 'gateway') => (status: number) =>
  (by === 'function' ? [202, 303, 400, 401, 404] : [400, 404, 431]).includes(status);

describe.each(withCredential)('the credential of a request to %s', (name) => {
  const type = ['content-type', 'application/json'] as const;

  it.for<[string, readonly (readonly [string, string])[]]>([
    ['missing', []],
    ['empty', [['authorization', '']]],
    ['an empty bearer', [['authorization', 'Bearer ']]],
    ['Basic', [['authorization', 'Basic YTpi']]],
    ['without a scheme', [['authorization', 'hwk_0000000000000000']]],
    ['very long', [['authorization', `Bearer ${'a'.repeat(8_000)}`]]],
    ['nonsense', [['authorization', 'Bearer ../../etc/passwd']]],
    ['a token of three parts', [['authorization', 'Bearer e30.e30.e30']]],
    [
      'a key of the wrong checksum',
      [['authorization', `Bearer hwk_${'0'.repeat(16)}_${'0'.repeat(64)}_${'0'.repeat(8)}`]],
    ],
  ])('is refused when it is %s', async ([_what, headers], { stack }) => {
    const code = await send(stack, name, requestOf(name, '', { headers: [...headers, type] }));

    expect(code).toBe('UNAUTHORIZED');
  });

  it('is refused when it is sent twice', async ({ stack, tenant }) => {
    const twice = ['authorization', `Bearer ${tenant.apiKey}`] as const;

    const code = await send(stack, name, requestOf(name, '', { headers: [twice, twice, type] }));

    expect(code).toBe('UNAUTHORIZED');
  });

  it('of another tenant gives access to no record of this tenant', async ({ stack, tenant }) => {
    const stranger = await stack.newTenant();

    const own = await send(stack, name, requestOf(name, tenant.apiKey));
    const foreign = await send(stack, name, requestOf(name, stranger.apiKey));

    expect(foreign).toBe(own);
  });
});

it.for(['PUT', 'PATCH', 'HEAD', 'TRACE'])(
  'the API routes no %s request',
  async (method, { stack, tenant }) => {
    const answers = await Promise.all(
      routeNames.map((name) => exchange(stack.apiUrl, { ...requestOf(name, tenant.apiKey), method })),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
  },
);

it('the API repeats nothing of a request in its error, except a harmless correlation id', async ({
  stack,
  tenant,
}) => {
  const ask = (id: string) =>
    exchange(stack.apiUrl, {
      ...requestOf('status', tenant.apiKey, { query: 'secret_s4ndb0x=value_s4ndb0x' }),
      headers: [
        ['authorization', `Bearer ${tenant.apiKey}`],
        ['x-correlation-id', id],
      ],
    });
  const body = { userId: 'ada', credentials: { 'a key of s4ndb0x': 's4ndb0x' }, s4ndb0x: 1 };

  const harmless = await ask('my-own-id-1');
  const harmful = await ask('<script>s4ndb0x</script>');
  const keyed = await exchange(stack.apiUrl, requestOf('connect', tenant.apiKey, { body }));

  expect(harmless.headers.get('x-correlation-id')).toBe('my-own-id-1');
  expect(harmful.headers.get('x-correlation-id')).not.toContain('s4ndb0x');
  expect(keyed.status).toBe(400);
  expect(harmless.text + harmful.text + keyed.text).not.toContain('s4ndb0x');
});
