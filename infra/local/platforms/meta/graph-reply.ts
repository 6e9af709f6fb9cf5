/**
 * How Meta's Graph API words its answers, for the sandboxes of both flavours of Instagram: errors, the fields asked
 * for, and numbers where one expects text.
 * https://developers.facebook.com/docs/graph-api/guides/error-handling
 */
import { randomBytes } from 'node:crypto';
import type { Call, Endpoint, JsonObject, Reply } from '../../sandbox/dialect.ts';
import { bearerOf, json } from '../../sandbox/reply.ts';

/** The versions that answer in November 2026; one that is gone is served by the oldest of them. */
export const graphVersions = ['v21.0', 'v22.0', 'v23.0', 'v24.0', 'v25.0', 'v26.0'];

export interface GraphError {
  readonly code: number;
  readonly message: string;
  readonly subcode?: number;
  readonly type?: string;
  readonly transient?: boolean;
}

export function graphErrorBody({ code, message, subcode, type, transient }: GraphError): JsonObject {
  return {
    error: {
      message,
      type: type ?? 'OAuthException',
      code,
      ...(subcode !== undefined && { error_subcode: subcode }),
      ...(transient !== undefined && { is_transient: transient }),
      fbtrace_id: `A${randomBytes(12).toString('base64url')}`,
    },
  };
}

/** Most Graph errors come under 400. */
export function graphError(error: GraphError, status = 400): Reply {
  return json(status, graphErrorBody(error), { 'cache-control': 'no-store' });
}

/** The envelope that an injected status comes with. */
export function graphFailure(_endpoint: Endpoint, status: number): JsonObject {
  const known: Readonly<Record<number, GraphError>> = {
    400: { code: 100, message: 'Invalid parameter' },
    401: { code: 190, message: 'Invalid OAuth access token.' },
    403: { code: 10, message: '(#10) The application does not have permission for this action' },
    429: { code: 4, message: '(#4) Application request limit reached' },
  };
  return graphErrorBody(
    known[status] ?? { code: 2, message: 'An unexpected error has occurred.', transient: true },
  );
}

/** The token of a call: a parameter, or a header. */
export function tokenIn(call: Call): string | undefined {
  return call.url.searchParams.get('access_token') ?? bearerOf(call);
}

/** A 200 answer; the ids named are sent as JSON numbers, which lose digits in a careless client. */
export function withNumbers(body: JsonObject, names: readonly string[]): Reply {
  if (names.length === 0) return json(200, body);
  const text = JSON.stringify(body).replace(/"(\w+)":"(\d+)"/g, (whole, name: string, digits: string) =>
    names.includes(name) ? `"${name}":${digits}` : whole,
  );
  return { status: 200, headers: {}, body: { kind: 'text', type: 'application/json; charset=utf-8', text } };
}

/** Fields as the `fields` parameter asks for them; braces ask into an object. */
export interface Fields extends ReadonlyMap<string, Fields> {}

/** Reads `a,b{c,d}`. What cannot be read ends the list. */
export function parseFields(text: string): Fields {
  let at = 0;
  const list = (): Fields => {
    const fields = new Map<string, Fields>();
    for (;;) {
      const name = /^\w+/.exec(text.slice(at))?.[0];
      if (name === undefined) return fields;
      at += name.length;
      let inner: Fields = new Map();
      if (text[at] === '{') {
        at += 1;
        inner = list();
        if (text[at] === '}') at += 1;
      }
      fields.set(name, inner);
      if (text[at] !== ',') return fields;
      at += 1;
    }
  };
  return list();
}

export type Picked =
  | { readonly kind: 'picked'; readonly value: JsonObject }
  | { readonly kind: 'refused'; readonly reply: Reply };

/** The fields asked for. One that is known but has no value is left out; one that is unknown fails the call. */
export function pick(known: JsonObject, fields: Fields): Picked {
  const picked: Record<string, unknown> = {};
  for (const [name, inner] of fields) {
    if (!Object.hasOwn(known, name)) {
      const message = `(#100) Tried accessing nonexisting field (${name})`;
      return { kind: 'refused', reply: graphError({ code: 100, message }) };
    }
    const value = known[name];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      // Without braces an object shows its id alone.
      const nested = pick({ ...value }, inner.size === 0 ? new Map([['id', new Map()]]) : inner);
      if (nested.kind === 'refused') return nested;
      picked[name] = nested.value;
    } else if (value !== undefined) picked[name] = value;
  }
  return { kind: 'picked', value: picked };
}
