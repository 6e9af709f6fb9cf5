/** Generates random requests to a route: most are nearly valid, some are far from it. */
import fc from 'fast-check';
import { contract, type RouteName } from '../../lib/contract/contract.ts';
import type { Route } from '../../lib/contract/route.ts';
import type { RawRequest } from '../support/stack/http-exchange.ts';
import { fieldsOf, pathOf, samples } from './route-samples.ts';

export interface Credentials {
  readonly apiKey: string;
  readonly session: string;
}

/** Any text as percent-encoded bytes, including invalid UTF-8. */
const anyEncoded = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => encodeURIComponent(text.toWellFormed())),
  fc
    .uint8Array({ minLength: 1, maxLength: 12 })
    .map((bytes) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')),
  fc.constantFrom('%', '%2', '%252f', '..', '%2e%2e', '__proto__', 'constructor', '%00'),
);

const printable = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
  maxLength: 60,
});

/** Values that some field accepts. */
const plausible = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  fc.constantFrom(
    'ada',
    'tiktok',
    'direct',
    'confirm',
    'https://app.example',
    'A'.repeat(22),
    'B'.repeat(43),
  ),
  fc.array(fc.constantFrom('tiktok', 'reddit', 'video.list', 'identity', 'no.such'), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('cookie', 'userAgent', 'x'), fc.string({ maxLength: 20 }), { maxKeys: 3 }),
);

/** A request to one route that mixes its sample with arbitrary parts. */
export function randomRequest(name: RouteName, credentials: Credentials): fc.Arbitrary<RawRequest> {
  const route: Route = contract[name];
  return fc
    .record({
      path: pathTo(name),
      query: queryOf(name),
      headers: headersOf(credentials),
      body: bodyFor(name),
    })
    .map(({ path, query, headers, body }) => ({
      method: route.method,
      target: query === '' ? path : `${path}?${query}`,
      headers: body === undefined ? headers : [...headers, ...body.headers],
      ...(body?.content !== undefined && { body: body.content }),
    }));
}

function pathTo(name: RouteName): fc.Arbitrary<string> {
  const { params } = samples[name];
  const parts = Object.entries(params).map(([param, value]): [string, fc.Arbitrary<string>] => [
    param,
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(encodeURIComponent(value)) },
      { weight: 2, arbitrary: anyEncoded },
    ),
  ]);
  return fc.record(Object.fromEntries(parts)).map((encoded) => pathOf(name, encoded));
}

function queryOf(name: RouteName): fc.Arbitrary<string> {
  const { query } = samples[name];
  const { names } = fieldsOf(name, 'query');
  const field = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...names, 'userId') },
    { weight: 1, arbitrary: anyEncoded },
  );
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...Object.values(query), 'ada', 'tiktok', '1') },
    { weight: 1, arbitrary: anyEncoded },
  );
  const pairs = fc.array(
    fc.tuple(field, value).map(([known, text]) => `${known}=${text}`),
    { maxLength: 3 },
  );
  // Where nothing may stand in the query, nothing mostly does.
  return fc.oneof(
    { weight: names.length > 0 ? 1 : 6, arbitrary: fc.constant(new URLSearchParams(query).toString()) },
    { weight: 2, arbitrary: pairs.map((chosen) => chosen.join('&')) },
  );
}

function headersOf({ apiKey, session }: Credentials): fc.Arbitrary<(readonly [string, string])[]> {
  const credential = fc.oneof(
    { weight: 4, arbitrary: fc.constant(apiKey) },
    { weight: 3, arbitrary: fc.constant(session) },
    { weight: 1, arbitrary: printable },
  );
  const extra = fc.tuple(
    fc.constantFrom('x-correlation-id', 'cookie', 'origin', 'x-forwarded-for', 'accept', 'host', 'expect'),
    printable,
  );
  return fc
    .tuple(fc.option(credential, { freq: 9 }), fc.array(extra, { maxLength: 2 }))
    .map(([text, extras]) => [
      ...(text === null ? [] : [['authorization', `Bearer ${text}`] as const]),
      // The transport itself would not send these as they are.
      ...extras.filter(([name]) => name !== 'host' && name !== 'expect'),
    ]);
}

function bodyFor(name: RouteName) {
  const route: Route = contract[name];
  if (route.body) return bodyOf(name);
  return route.caller === 'platform' && route.method === 'POST' ? signedBody : fc.constant(undefined);
}

/** Bytes with any header in which a platform might sign them. */
const signedBody = fc
  .tuple(
    fc.oneof(fc.json(), fc.uint8Array({ maxLength: 80 })),
    fc.constantFrom(
      'tiktok-signature',
      'x-hub-signature-256',
      'x-slack-signature',
      'webhook-signature',
      'accept',
    ),
    fc.oneof(printable, fc.constantFrom('t=1,s=00', `sha256=${'0'.repeat(64)}`, 'v0=', 't=,s=')),
  )
  .map(([content, header, signature]) => ({
    content,
    headers: [[header, signature] as const, ['content-type', 'application/json'] as const],
  }));

function bodyOf(name: RouteName) {
  const { body = {} } = samples[name];
  const field = fc.oneof(
    { weight: 15, arbitrary: fc.constantFrom(...fieldsOf(name, 'body').names) },
    { weight: 1, arbitrary: fc.constant('unknown') },
  );
  const value = fc.oneof(
    { weight: 2, arbitrary: plausible },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
  const changed = fc
    .array(fc.tuple(field, value), { minLength: 1, maxLength: 2 })
    .map((changes) => JSON.stringify({ ...body, ...Object.fromEntries(changes) }));
  const content = fc.oneof(
    { weight: 6, arbitrary: changed },
    { weight: 1, arbitrary: fc.constant(JSON.stringify(body)) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }).map((text) => text.toWellFormed()) },
  );
  const type = fc.oneof(
    { weight: 8, arbitrary: fc.constant('application/json') },
    { weight: 1, arbitrary: printable.filter((text) => text !== '') },
  );
  return fc
    .tuple(content, type)
    .map(([sent, sentType]) => ({ content: sent, headers: [['content-type', sentType] as const] }));
}
