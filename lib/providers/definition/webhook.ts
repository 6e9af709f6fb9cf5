/** How a platform signs its webhooks, and where they hold their fields. */
import * as z from 'zod/mini';

/** Names of JSON fields, from the outside in, parted by dots. */
const path = z.string().check(z.regex(/^[A-Za-z0-9_$-]{1,64}(?:\.[A-Za-z0-9_$-]{1,64}){0,9}$/));
const header = z.strictObject({ header: z.string().check(z.regex(/^[a-z0-9-]{1,64}$/)) });

export const webhook = z.strictObject({
  /** `standard-webhooks`, or the settings of `genericHmac`. */
  signature: z.union([z.literal('standard-webhooks'), z.looseObject({})]),
  /** The platform's id of the account that an event concerns. */
  account: path,
  /** What is the same whenever an event is sent again; the whole body when absent. */
  id: z.optional(z.union([path, header])),
  type: z.optional(path),
  time: z.optional(
    z.strictObject({
      path,
      format: z.enum(['unix-seconds', 'unix-milliseconds', 'http-date', 'iso-8601']),
    }),
  ),
  /** What later events about it replace, such as a post. */
  resourceKey: z.optional(path),
  /** Types of events after which the app's tokens are dead. */
  deauthorized: z._default(z.array(z.string()), []),
});

export type WebhookDescription = z.output<typeof webhook>;
