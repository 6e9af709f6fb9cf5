/**
 * Session tokens: what a tenant's backend gives to one user's browser for at most ten minutes. JWTs (RFC 7519)
 * signed with Ed25519 (RFC 8037): only the function `sessions` can read the private key; the others verify with the public
 * keys in the table.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod/mini';
import type { SecretSource } from '../aws/secret-source.ts';
import { createCache } from '../cache.ts';
import { IntegrationError } from '../errors.ts';
import { isOpaqueId, type TenantId, token, type UserId } from '../ids.ts';
import { unconditional } from '../table/condition.ts';
import { sessionKeysKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';

/** What a session may do: the limits hold on every route. */
export interface Session {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  /** The only providers it may touch; all of the tenant's when absent. */
  readonly providers?: readonly string[];
  /** The only web origin its requests may come from. */
  readonly origin?: string;
  /** The only return URL its flows may use. */
  readonly returnUrl?: string;
}

/** Longest life of a session token. */
export const sessionSeconds = 600;

/** Five minutes, their last millisecond included. */
const keptMilliseconds = 300_001;
/** For a token that names an unknown key, the verifier reads the table again if its copy is more than ten seconds old. */
const unknownKeyMilliseconds = 10_001;

const algorithm = 'EdDSA';
const privateKeys = z.object({ keyId: z.string(), privateKey: z.string() });
/** A list, because a DynamoDB map does not keep the order in which keys were published. */
const publicKeys = z.object({ keys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })) });
type PublicKeys = z.infer<typeof publicKeys>['keys'];
const claims = z.object({
  sub: z.string().check(z.refine(isOpaqueId)),
  tenant: z.string(),
  providers: z.optional(z.array(z.string())),
  origin: z.optional(z.string()),
  returnUrl: z.optional(z.string()),
});

/** Mints a session's token. The audience is the API itself. */
export async function mintSessionToken(
  session: Session,
  deps: {
    readonly secrets: SecretSource;
    readonly secretId: string;
    readonly audience: string;
    readonly now: () => number;
  },
): Promise<{ readonly text: string; readonly expiresAt: number }> {
  const parsed = privateKeys.safeParse(await deps.secrets.read(deps.secretId));
  if (!parsed.success) {
    throw new IntegrationError(
      'VAULT_ERROR',
      'The session signing key is not filled in. Run `hawser setup`.',
    );
  }
  const issuedAt = Math.floor(deps.now() / 1000);
  const { tenantId, userId, ...limits } = session;
  const text = await new SignJWT({ ...limits, tenant: tenantId })
    .setProtectedHeader({ alg: algorithm, kid: parsed.data.keyId, typ: 'JWT' })
    .setSubject(userId)
    .setAudience(deps.audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + sessionSeconds)
    .sign(createPrivateKey(parsed.data.privateKey));
  return { text, expiresAt: (issuedAt + sessionSeconds) * 1000 };
}

/** Checks session tokens against the public keys, which are kept in memory for five minutes. */
export function createSessionVerifier(deps: {
  readonly table: Table;
  readonly audience: string;
  readonly now: () => number;
  /** Milliseconds of a clock that cannot be set back. */
  readonly monotonic: () => number;
}) {
  const published = createCache({
    load: () => readPublicKeys(deps.table),
    monotonic: deps.monotonic,
    maxAge: keptMilliseconds,
    maxEntries: 1,
  });

  /** The session, or nothing when the token is not a valid one of ours. */
  return async (text: string): Promise<Session | undefined> => {
    try {
      const { payload } = await jwtVerify(
        text,
        async ({ kid }) => createPublicKey(await publicKey(kid ?? '')),
        {
          algorithms: [algorithm],
          audience: deps.audience,
          maxTokenAge: sessionSeconds,
          requiredClaims: ['exp', 'iat', 'sub', 'tenant'],
          currentDate: new Date(deps.now()),
        },
      );
      const parsed = claims.safeParse(payload);
      if (!parsed.success) return undefined;
      const { sub, tenant, providers, origin, returnUrl } = parsed.data;
      return {
        tenantId: tenant as TenantId,
        userId: sub as UserId,
        ...(providers && { providers }),
        ...(origin !== undefined && { origin }),
        ...(returnUrl !== undefined && { returnUrl }),
      };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  };

  async function publicKey(keyId: string): Promise<string> {
    const withId = (keys: PublicKeys) => keys.find((key) => key.keyId === keyId);
    // A key that was just rotated in may be missing here; invented key ids cost at most one read every ten seconds.
    const found =
      withId(await published.get('keys')) ?? withId(await published.get('keys', unknownKeyMilliseconds));
    if (found === undefined) throw new errors.JWKSNoMatchingKey();
    return found.publicKey;
  }
}

/** A new signing key: the value of the secret, and the public half for {@link publishSessionKey}. */
export function createSessionKey(): {
  readonly keyId: string;
  readonly privateKey: string;
  readonly publicKey: string;
} {
  const pair = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { keyId: token(8), ...pair };
}

/** Publishes a public key to verifiers and keeps the previous one, so that tokens in use stay valid. */
export async function publishSessionKey(table: Table, keyId: string, publicKey: string): Promise<void> {
  const before = (await readPublicKeys(table)).slice(-1);
  await table.put(sessionKeysKey, { keys: [...before, { keyId, publicKey }] }, unconditional);
}

async function readPublicKeys(table: Table): Promise<PublicKeys> {
  return publicKeys.safeParse(await table.get(sessionKeysKey)).data?.keys ?? [];
}
