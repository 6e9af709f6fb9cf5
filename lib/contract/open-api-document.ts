/**
 * The contract in OpenAPI 3.1, for people and for code generators. The bundler replaces this module by the finished
 * document, so that no function on Lambda carries the generator; on this machine the document is generated on import.
 */
import * as z from 'zod/mini';
import { catalogue, type ErrorCode } from '../errors.ts';
import { contract } from './contract.ts';
import type { Route } from './route.ts';

const security = {
  apiKey: [{ apiKey: [] }],
  apiKeyOrSession: [{ apiKey: [] }, { session: [] }],
  browser: [],
  platform: [],
  anyone: [],
} as const satisfies Record<Route['caller'], readonly object[]>;

const pageContent = { 'text/html': { schema: { type: 'string' } } } as const;
const retryAfter = {
  description: 'Seconds to wait; on every error that is retryable.',
  schema: { type: 'integer', minimum: 0 },
} as const;

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'retryable', 'userMessage', 'correlationId'],
      properties: {
        code: { type: 'string', enum: Object.keys(catalogue) },
        message: { type: 'string', description: 'For developers.' },
        retryable: { type: 'boolean', description: 'Whether the same request may succeed later.' },
        userMessage: { type: 'string', description: 'For the user.' },
        details: { type: 'object' },
        correlationId: { type: 'string' },
      },
    },
  },
} as const;

/** Its `servers` are empty: only the function that serves it knows where the API is reached. */
export const openApiDocument: Readonly<Record<string, unknown>> = describeApi();

function describeApi(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries<Route>(contract)) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hawser',
      version: '1.0.0',
      description:
        'Connects users to outside accounts, keeps their tokens sealed and fresh, and disconnects cleanly. Requests that ' +
        'API Gateway itself refuses (an unknown path or method, a request that is too large, too many requests) get ' +
        '{"message"} alone, without a code.',
    },
    servers: [],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, from a backend.' },
        session: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A session token, from a browser.',
        },
      },
      schemas: { Error: errorSchema },
    },
  };
}

function operation(name: string, route: Route) {
  return {
    operationId: name,
    summary: route.summary,
    security: security[route.caller],
    parameters: [...parameters('path', route.params), ...parameters('query', route.query)],
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body) } } },
    }),
    responses: {
      [route.success.status]: success(route.success),
      ...(route.page !== undefined && { 200: { description: route.page, content: pageContent } }),
      ...errorResponses(route),
    },
  };
}

function success({ status, schema }: Route['success']) {
  if (status === 303) {
    const Location = { required: true, schema: { type: 'string', format: 'uri' } };
    return { description: 'See the Location header.', headers: { Location } };
  }
  return {
    description: 'Success.',
    ...(schema && { content: { 'application/json': { schema: schemaOf(schema, 'output') } } }),
  };
}

function parameters(place: 'path' | 'query', schema: z.ZodMiniType) {
  const { properties = {}, required = [] } = schemaOf(schema);
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function errorResponses(route: Route) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(route.errors)) {
    const { status } = catalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const content =
    route.caller === 'browser'
      ? pageContent
      : { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.join(', '),
        ...(codes.some((code) => catalogue[code].retryable) && { headers: { 'Retry-After': retryAfter } }),
        content,
      },
    ]),
  );
}

function schemaOf(schema: z.ZodMiniType, io: 'input' | 'output' = 'input') {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ jsonSchema }) {
      // Answers may gain fields; a client that was generated from this must not stumble over them.
      if (io === 'output' && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
    },
  });
  return rest;
}
