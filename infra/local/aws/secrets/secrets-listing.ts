/** Lists secrets a page at a time, filtered by the beginning of their names. */
import * as z from 'zod';
import { AwsError } from '../aws-error.ts';
import type { JsonObject } from '../front/aws-call.ts';
import type { SecretRecord } from './secrets-store.ts';

/** The filter by name is the one that is offered here; AWS knows more. */
export const listInput = z.object({
  Filters: z.array(z.object({ Key: z.literal('name'), Values: z.array(z.string()).min(1) })).default([]),
  IncludePlannedDeletion: z.boolean().default(false),
  MaxResults: z.int().min(1).max(100).default(100),
  NextToken: z.string().optional(),
  SortOrder: z.enum(['asc', 'desc']).default('asc'),
});

/** A page of the secrets, which come sorted by name. The token is the name of the last one shown. */
export function listSecrets(
  secrets: readonly SecretRecord[],
  input: z.output<typeof listInput>,
  describe: (secret: SecretRecord) => JsonObject,
): JsonObject {
  const matching = secrets
    .filter((secret) => input.IncludePlannedDeletion || secret.deletionAt === undefined)
    .filter((secret) =>
      input.Filters.every(({ Values }) => Values.some((prefix) => secret.name.startsWith(prefix))),
    );
  const ordered = input.SortOrder === 'asc' ? matching : matching.toReversed();
  const from = startOf(ordered, input.NextToken);
  const page = ordered.slice(from, from + input.MaxResults);
  const last = page.at(-1);
  const more = last !== undefined && from + page.length < ordered.length;
  return {
    SecretList: page.map(describe),
    ...(more && { NextToken: Buffer.from(last.name).toString('base64url') }),
  };
}

function startOf(ordered: readonly SecretRecord[], token: string | undefined): number {
  if (token === undefined) return 0;
  const name = Buffer.from(token, 'base64url').toString('utf8');
  const last = ordered.findIndex((secret) => secret.name === name);
  if (last === -1) throw new AwsError('InvalidNextTokenException', 'The NextToken value is invalid.');
  return last + 1;
}
