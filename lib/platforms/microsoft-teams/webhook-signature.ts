/**
 * Microsoft Graph's change notifications. Nothing signs them: each item repeats the `clientState` of its subscription,
 * and items that carry data come with tokens of Microsoft's, one for each of our apps and their tenants.
 * https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks
 */

import type { KeySet } from '../../signatures/jwt/key-set.ts';
import { type TokenVerification, verifyToken } from '../../signatures/jwt/signed-token.ts';
import { isSharedToken } from '../../signatures/shared-token.ts';
import { at, parsedJson, type Refused, refused, type SignedRequest } from '../../signatures/verification.ts';
import type { Secret } from '../../telemetry/secret.ts';

/** Signing keys of the validation tokens. */
export const microsoftKeysUrl = 'https://login.microsoftonline.com/common/discovery/v2.0/keys';

/** The application that publishes change notifications: the sender in every validation token. */
const publisherAppId = '0bf30f3b-4a52-48df-9a82-234910c4a086';
const tenantPattern = /^[0-9A-Za-z.-]{1,128}$/;

type Notification = Readonly<Record<string, unknown>>;

export type NotificationVerification =
  | {
      readonly kind: 'verified';
      /** The items whose `clientState` is ours. */
      readonly items: readonly Notification[];
      /** How many were left out. The request is acknowledged all the same: one POST may mix subscriptions. */
      readonly refusedItems: number;
      readonly validationTokens: readonly string[];
    }
  | Refused;

/** Selects the notification's items that repeat our `clientState`; refuses the notification if there are none. */
export function verifyNotifications(
  request: Pick<SignedRequest, 'body'>,
  clientStates: readonly Secret[],
): NotificationVerification {
  const body = parsedJson(request.body);
  const value = at(body, ['value']);
  if (!Array.isArray(value)) return refused('malformed');
  if (value.length === 0) return refused('missing');
  const items = value.filter((item: unknown): item is Notification =>
    isSharedToken(at(item, ['clientState']), clientStates),
  );
  if (items.length === 0) return refused('mismatch');
  const tokens = at(body, ['validationTokens']);
  const validationTokens = Array.isArray(tokens)
    ? tokens.map((token: unknown) => (typeof token === 'string' ? token : ''))
    : [];
  return { kind: 'verified', items, refusedItems: value.length - items.length, validationTokens };
}

/**
 * Checks the validation tokens of a notification that carries data. Every token must be valid, and the tokens must cover
 * every tenant that the items name; otherwise the caller must discard the whole notification.
 */
export async function verifyValidationTokens(
  tokens: readonly string[],
  expected: { readonly appId: string; readonly tenantIds: readonly string[] },
  keys: KeySet,
  now: () => number,
): Promise<Exclude<TokenVerification, { kind: 'verified' }> | { readonly kind: 'verified' }> {
  const { appId, tenantIds } = expected;
  if (tokens.length === 0) return refused('missing');
  if (appId === '' || tenantIds.length === 0 || !tenantIds.every((id) => tenantPattern.test(id))) {
    return refused('mismatch');
  }
  const vouched = new Set<unknown>();
  for (const token of tokens) {
    const verification = await verifyToken(
      token,
      keys,
      { audiences: [appId], issuers: tenantIds.flatMap(issuersOf) },
      now,
    );
    if (verification.kind !== 'verified') return verification;
    const { claims } = verification;
    // The two shapes of Microsoft's tokens name the sender differently.
    const sender = claims.iss?.startsWith('https://sts.windows.net/') ? claims['appid'] : claims['azp'];
    if (sender !== publisherAppId) return refused('mismatch');
    vouched.add(claims.iss);
  }
  const allVouched = tenantIds.every((id) => issuersOf(id).some((issuer) => vouched.has(issuer)));
  return allVouched ? { kind: 'verified' } : refused('mismatch');
}

function issuersOf(tenantId: string): readonly string[] {
  return [`https://sts.windows.net/${tenantId}/`, `https://login.microsoftonline.com/${tenantId}/v2.0`];
}
