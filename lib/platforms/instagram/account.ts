/** A professional Instagram account as the Graph API describes it, the same in both flavours but for the ids. */
import * as z from 'zod/mini';
import type { Account } from '../../providers/account.ts';

/** Ids are decimal numbers too large for JavaScript; they are text here whichever way they came. */
export const graphId = z.pipe(
  z.union([z.string().check(z.minLength(1)), z.number()]),
  z.transform((id) => String(id)),
);

/** A professional account's own fields. */
export const professional = z.object({
  username: z.optional(z.string()),
  name: z.optional(z.string()),
  profile_picture_url: z.optional(z.string()),
  followers_count: z.optional(z.number()),
  follows_count: z.optional(z.number()),
  media_count: z.optional(z.number()),
});

/** The account as Hawser shows it. */
export function describeAccount(
  accountId: string,
  fields: z.output<typeof professional>,
  metadata: Readonly<Record<string, string | number | boolean | undefined>>,
): Account {
  const { profile_picture_url: avatarUrl, ...shown } = fields;
  const all: Readonly<Record<string, string | number | boolean | undefined>> = {
    ig_business_id: accountId,
    ...shown,
    ...metadata,
  };
  const known = Object.entries(all).filter(
    (pair): pair is [string, string | number | boolean] => pair[1] !== undefined,
  );
  return {
    accountId,
    displayName: fields.username ? `@${fields.username}` : fields.name || accountId,
    ...(avatarUrl && { avatarUrl }),
    metadata: Object.fromEntries(known),
  };
}
