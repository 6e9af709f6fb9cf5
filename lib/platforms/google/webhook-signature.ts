/**
 * Checks Google's webhooks that carry a token: Pub/Sub pushes (Gmail) and Cross-Account Protection. The Pub/Sub token
 * authenticates the sender, not the body: only TLS protects the body.
 */
import type { KeySet } from '../../signatures/jwt/key-set.ts';
import { type TokenVerification, verifyEventToken, verifyToken } from '../../signatures/jwt/signed-token.ts';
import { headerOf, refused, type SignedRequest } from '../../signatures/verification.ts';

/** Signing keys of ID tokens and of Pub/Sub's push tokens. */
export const googleKeysUrl = 'https://www.googleapis.com/oauth2/v3/certs';

const issuers = ['https://accounts.google.com', 'accounts.google.com'];

/** How the push subscription was set up. */
export interface PushSubscription {
  /** The endpoint's URL unless the subscription names another. */
  readonly audience: string;
  /** Email address of the service account that signs. */
  readonly serviceAccount: string;
}

/** Checks the `Authorization` of a Pub/Sub push. https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions */
export async function verifyPubSubPush(
  request: Pick<SignedRequest, 'headers'>,
  subscription: PushSubscription,
  keys: KeySet,
  now: () => number,
): Promise<TokenVerification> {
  // An empty expectation would be met by an empty claim.
  if (subscription.audience === '' || subscription.serviceAccount === '') return refused('mismatch');
  const authorization = headerOf(request, 'authorization');
  if (authorization === undefined) return refused('missing');
  const token = /^Bearer ([A-Za-z0-9_.-]+)$/i.exec(authorization)?.[1];
  if (token === undefined) return refused('malformed');
  const verification = await verifyToken(token, keys, { audiences: [subscription.audience], issuers }, now);
  if (verification.kind !== 'verified') return verification;
  const { email, email_verified: emailVerified } = verification.claims;
  return email === subscription.serviceAccount && emailVerified === true ? verification : refused('mismatch');
}

/**
 * Checks a Cross-Account Protection event, the whole body of the request. What was seen before is known by `jti`.
 * @param issuer as the RISC configuration document names it.
 * https://developers.google.com/identity/protocols/risc
 */
export async function verifySecurityEvent(
  request: Pick<SignedRequest, 'body'>,
  expected: { readonly clientIds: readonly string[]; readonly issuer: string },
  keys: KeySet,
): Promise<TokenVerification> {
  const token = Buffer.from(request.body).toString('latin1');
  if (token === '') return refused('missing');
  const audiences = expected.clientIds.filter((clientId) => clientId !== '');
  return await verifyEventToken(token, keys, { audiences, issuers: [expected.issuer] });
}
