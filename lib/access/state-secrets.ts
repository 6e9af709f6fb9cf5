/** The secret that signs `state`, and the one before it, as the operator keeps them in Secrets Manager. */
import * as z from 'zod/mini';
import type { SecretSource } from '../aws/secret-source.ts';
import { IntegrationError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';

/** At least 256 bits: 43 characters of base64url. */
const secretText = z.string().check(z.minLength(43));
/** The previous secret still verifies, so it must be as strong; an operator may leave it empty. */
const record = z.object({
  current: secretText,
  previous: z.optional(z.union([z.literal(''), secretText])),
});

/** @throws IntegrationError `VAULT_ERROR` when the secret is missing or too short. */
export async function readStateSecrets(
  secrets: SecretSource,
  secretId: string,
  fresh = false,
): Promise<{ readonly current: Secret; readonly previous?: Secret }> {
  const parsed = record.safeParse(await secrets.read(secretId, { fresh }));
  if (!parsed.success) {
    throw new IntegrationError('VAULT_ERROR', 'The state secret is not filled in. Run `hawser setup`.');
  }
  const { current, previous } = parsed.data;
  return { current: new Secret(current), ...(previous && { previous: new Secret(previous) }) };
}
