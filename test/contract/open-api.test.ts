/** `openapi.json`: a valid description of every route, from which a client can be generated and stays good. */
import { describe, expect, it } from 'vitest';
import { contract } from '../../lib/contract/contract.ts';
import { openApi } from '../../lib/contract/open-api.ts';
import type { Route } from '../../lib/contract/route.ts';
import { catalogue } from '../../lib/errors.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object at a path of names; the test fails where there is none. */
function at(value: unknown, ...names: readonly string[]): Json {
  const found = names.reduce((inner: unknown, name) => (isObject(inner) ? inner[name] : undefined), value);
  if (!isObject(found)) throw new Error(`There is no object at ${names.join(' › ')}.`);
  return found;
}

/** Every object within a value, by its path. */
function within(value: unknown, path = ''): readonly (readonly [string, Json])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => within(item, `${path}/${index}`));
  if (!isObject(value)) return [];
  const own = [[path, value] as const];
  return [...own, ...Object.entries(value).flatMap(([name, inner]) => within(inner, `${path}/${name}`))];
}

const document = openApi('https://hawser.example');
const routes = Object.entries<Route>(contract);
const operationOf = (route: Route) => at(document, 'paths', route.path, route.method.toLowerCase());

/** The keywords of JSON Schema 2020-12 that the document uses. */
const schemaWords = new Set(
  (
    'type properties required additionalProperties propertyNames items enum const anyOf oneOf allOf not pattern ' +
    'format minLength maxLength minItems maxItems minimum maximum default description $ref'
  ).split(' '),
);

/** Every schema within a schema, itself included. */
function schemasIn(schema: unknown): readonly Json[] {
  if (!isObject(schema)) return [];
  const { properties, items, anyOf, additionalProperties, propertyNames } = schema;
  const inner = [
    ...(isObject(properties) ? Object.values(properties) : []),
    ...(Array.isArray(anyOf) ? anyOf : []),
    items,
    additionalProperties,
    propertyNames,
  ];
  return [schema, ...inner.flatMap(schemasIn)];
}

/** The schemas in the document, by the part that they describe. */
const contents = within(document).flatMap(([path, { schema }]) =>
  isObject(schema) ? [[path, schema] as const] : [],
);

describe('the OpenAPI document', () => {
  it('states its title, version and server', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Hawser', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
      servers: [{ url: 'https://hawser.example' }],
    });
  });

  it('survives a round trip through JSON', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it('has every route and no other, each with a unique operation id', () => {
    const written = Object.entries(at(document, 'paths')).flatMap(([path, methods]) =>
      Object.entries(at({ methods }, 'methods')).map(
        ([method, operation]) => [path, method, at({ operation }, 'operation')['operationId']] as const,
      ),
    );

    const expected = routes.map(([name, { method, path }]) => [path, method.toLowerCase(), name]);
    expect(written).toHaveLength(expected.length);
    expect(written).toEqual(expect.arrayContaining(expected));
  });

  it('contains no dangling reference', () => {
    const references = within(document).flatMap(([, object]) =>
      typeof object['$ref'] === 'string' ? object['$ref'] : [],
    );

    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) {
      expect(() => at(document, ...reference.split('/').slice(1))).not.toThrow();
    }
  });

  it('lists every code of the error catalogue', () => {
    const error = at(document, 'components', 'schemas', 'Error', 'properties', 'error');

    expect(at(error, 'properties', 'code')['enum']).toEqual(Object.keys(catalogue));
    expect(error['required']).toEqual(['code', 'message', 'retryable', 'userMessage', 'correlationId']);
  });

  it('uses plain JSON Schema, without artefacts of the schema library', () => {
    expect(contents.length).toBeGreaterThan(30);
    for (const [path, schema] of contents) {
      for (const inner of schemasIn(schema)) {
        const strange = Object.keys(inner).filter((word) => !schemaWords.has(word));
        expect(strange, path).toEqual([]);
        // Only this document itself may hold anything.
        if (!path.includes('openapi.json')) expect(Object.keys(inner), path).not.toEqual([]);
        const { properties, required = [] } = inner;
        expect(Object.keys(isObject(properties) ? properties : {}), path).toEqual(
          expect.arrayContaining(Array.isArray(required) ? required : []),
        );
      }
    }
  });

  it('has patterns that compile', () => {
    for (const [, schema] of contents) {
      for (const { pattern } of schemasIn(schema)) {
        if (typeof pattern === 'string') expect(() => new RegExp(pattern, 'u')).not.toThrow();
      }
    }
  });

  it('allows unknown fields in answers, but not in requests', () => {
    for (const [path, schema] of contents) {
      const closed = schemasIn(schema).some((inner) => inner['additionalProperties'] === false);
      if (path.includes('/responses/')) expect(closed, path).toBe(false);
      if (path.includes('/requestBody/')) expect(closed, path).toBe(true);
    }
  });
});

describe.each(routes)('the operation %s', (_name, route) => {
  const operation = operationOf(route);
  const parameters = Array.isArray(operation['parameters']) ? operation['parameters'].filter(isObject) : [];

  it('declares every path parameter as required', () => {
    const inPath = parameters.filter((parameter) => parameter['in'] === 'path');

    const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(inPath.map(({ name }) => name)).toEqual(names);
    expect(inPath.every(({ required }) => required === true)).toBe(true);
    expect(new Set(parameters.map(({ name, in: place }) => [place, name].join(' '))).size).toBe(
      parameters.length,
    );
  });

  it('requires the credentials of its route, by a declared security scheme', () => {
    const { security } = operation;
    const expected = {
      apiKey: ['apiKey'],
      apiKeyOrSession: ['apiKey', 'session'],
      browser: [],
      platform: [],
      anyone: [],
    };

    const kinds = Array.isArray(security) ? security.flatMap((one: object) => Object.keys(one)) : undefined;
    expect(kinds).toEqual(expected[route.caller]);
    for (const kind of kinds ?? []) at(document, 'components', 'securitySchemes', kind);
  });

  it('describes its success and every status of its errors', () => {
    const responses = at(operation, 'responses');

    const pages = route.page === undefined ? [] : [200];
    const statuses = new Set([
      route.success.status,
      ...pages,
      ...route.errors.map((code) => catalogue[code].status),
    ]);
    expect(Object.keys(responses).sort()).toEqual([...statuses].map(String).sort());
    for (const status of statuses) {
      const codes = route.errors.filter((code) => catalogue[code].status === status);
      const { description } = at(responses, String(status));
      for (const code of codes) expect(description).toContain(code);
      expect(description).not.toBe('');
    }
  });

  it('declares the Location and Retry-After headers', () => {
    const responses = Object.entries(at(operation, 'responses'));

    for (const [status, response] of responses) {
      const isRetryable = route.errors.some(
        (code) => String(catalogue[code].status) === status && catalogue[code].retryable,
      );
      const expected = [...(status === '303' ? ['Location'] : []), ...(isRetryable ? ['Retry-After'] : [])];
      expect(Object.keys(at({ headers: {}, ...at({ response }, 'response') }, 'headers'))).toEqual(expected);
    }
  });

  it('answers browsers with pages and programs with JSON', () => {
    const responses = at(operation, 'responses');

    if (route.page !== undefined) {
      expect(Object.keys(at(responses, '200', 'content'))).toEqual(['text/html']);
    }
    for (const code of route.errors) {
      const media = Object.keys(at(responses, String(catalogue[code].status), 'content'));
      expect(media).toEqual([route.caller === 'browser' ? 'text/html' : 'application/json']);
    }
  });

  it('has a request body exactly when its route has one', () => {
    expect('requestBody' in operation).toBe(route.body !== undefined);
    expect(operation['summary']).toBe(route.summary);
  });
});
