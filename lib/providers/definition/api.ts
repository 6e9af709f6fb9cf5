/** The platform's API, for the relay and typed clients: where it is, where the credential goes, how it limits. */
import * as z from 'zod/mini';
import { headerName, headers, parameterName, template, urlTemplate } from './text.ts';

/** Where the credential goes. Placeholders are `{accessToken}`, or the credential fields of an API key. */
export const placement = z.discriminatedUnion('in', [
  z.strictObject({
    in: z.literal('header'),
    name: z._default(headerName, 'authorization'),
    value: z._default(template, 'Bearer {accessToken}'),
  }),
  z.strictObject({
    in: z.literal('query'),
    name: parameterName,
    value: z._default(template, '{accessToken}'),
  }),
  z.strictObject({ in: z.literal('basic'), username: template, password: z._default(template, '') }),
]);

const limits = z.strictObject({
  /** Statuses that mean "too many", beside 429. */
  statuses: z._default(z.array(z.int().check(z.gte(400), z.lte(599))), []),
  remaining: z.exactOptional(headerName),
  limit: z.exactOptional(headerName),
  reset: z.exactOptional(
    z.strictObject({ header: headerName, unit: z.enum(['seconds', 'milliseconds', 'epoch-seconds']) }),
  ),
});

export const api = z.strictObject({
  base: urlTemplate,
  /** Further hosts that may be called; the base's own always may. */
  hosts: z._default(
    z.array(z.string().check(z.regex(/^(?:[a-z0-9.-]|\{[a-z]\w{0,31}\})+$/i, 'must be a host name'))),
    [],
  ),
  /** Sent with every call of the API, beside the definition's own. */
  headers,
  limits: z.prefault(limits, {}),
});
