/** The call that names an account, with the credential where the platform wants it. */
import type { PlatformRequest } from '../../platform-http/platform-http.ts';
import type { DataOf } from '../definition/provider-data.ts';
import { fillRecord, fillText, type Values } from './fill.ts';

/** Two tries of a profile and a token call must fit into one gateway request of 30 s. */
const timeoutMilliseconds = 4_000;

export function profileRequest(
  data: DataOf<'oauth2'> | DataOf<'api_key'>,
  call: {
    readonly url: string;
    /** The credential and all other values that placeholders may name. */
    readonly values: Values;
    /** What code adds to the query. */
    readonly query?: Values;
  },
): PlatformRequest {
  const { values } = call;
  const { method = 'GET', query = {}, headers = {}, body } = data.profile ?? {};
  const placed = placeCredential(data, values);
  const sent = new Headers({
    ...fillRecord(data.headers, values),
    ...placed.headers,
    ...lowerCased(fillRecord(headers, values)),
  });
  const url = new URL(fillText(call.url, values, encodeURIComponent));
  for (const [name, value] of Object.entries({
    ...fillRecord(query, values),
    ...call.query,
    ...placed.query,
  })) {
    url.searchParams.set(name, value);
  }
  return {
    url: url.href,
    method,
    headers: Object.fromEntries(sent),
    timeoutMilliseconds,
    ...(body !== undefined && { body: fillText(body, values, encoderOf(sent.get('content-type'))) }),
  };
}

function placeCredential(
  { placement }: DataOf<'oauth2'> | DataOf<'api_key'>,
  values: Values,
): { readonly headers?: Values; readonly query?: Values } {
  switch (placement.in) {
    case 'header':
      return { headers: { [placement.name]: fillText(placement.value, values) } };
    case 'query':
      return { query: { [placement.name]: fillText(placement.value, values) } };
    case 'basic': {
      const pair = `${fillText(placement.username, values)}:${fillText(placement.password, values)}`;
      return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
    }
  }
}

/** A value inside a body must not end the string around it. */
function encoderOf(contentType: string | null): (value: string) => string {
  return contentType?.includes('json') ? (value) => JSON.stringify(value).slice(1, -1) : encodeURIComponent;
}

function lowerCased(headers: Values): Values {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
