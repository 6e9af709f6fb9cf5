/**
 * The identifiers of the domain, branded so that the compiler refuses one where another is meant, and the rules that
 * outside text must satisfy to become one.
 */
import * as z from 'zod/mini';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The application or organisation that calls the API; always taken from its credential. */
export type TenantId = Branded<'TenantId'>;
/** A tenant's own opaque name for its end user. */
export type UserId = Branded<'UserId'>;
/** A platform, such as `tiktok`. */
export type ProviderId = Branded<'ProviderId'>;
/** The name of one provider app in URLs: the provider's id, or an unguessable id for a tenant's own app. */
export type AppId = Branded<'AppId'>;
/** The platform's own stable id of an account. */
export type AccountId = Branded<'AccountId'>;
/** One tenant's user linked to one account. */
export type ConnectionId = Branded<'ConnectionId'>;
/** What one consent granted; shared by the connections that it created. */
export type GrantId = Branded<'GrantId'>;
/** One attempt to connect. */
export type FlowId = Branded<'FlowId'>;

/** Length limit of ids that tenants and platforms choose, in UTF-16 code units; keeps every index key under DynamoDB's 1,024 bytes. */
export const longestOpaqueId = 128;

/**
 * Whether text may serve as an opaque id: 1–128 characters, no control characters, and well-formed Unicode,
 * because two ids that differ only in a lone surrogate would become the same UTF-8 key.
 */
export function isOpaqueId(text: string): boolean {
  return text.length > 0 && text.length <= longestOpaqueId && text.isWellFormed() && !/\p{Cc}/u.test(text);
}

/** Shape of a provider's id, which is also the id of its shared app. */
export const providerIdPattern = /^[a-z][a-z0-9-]{1,31}$/;
/** Shape of any app's id: a provider's id, or `app_` and 22 base64url characters (128 bits). */
export const appIdPattern = /^(?:[a-z][a-z0-9-]{1,31}|app_[A-Za-z0-9_-]{22})$/;
/** Shape of a flow's id. */
export const flowIdPattern = /^[A-Za-z0-9_-]{22}$/;
/** Shape of a tenant's id. */
export const tenantIdPattern = /^[a-z0-9][a-z0-9-]{1,62}$/;

export const newFlowId = () => token(16) as FlowId;
export const newConnectionId = () => `con_${token(16)}` as ConnectionId;
export const newGrantId = () => `gra_${token(16)}` as GrantId;
export const newAppId = () => `app_${token(16)}` as AppId;

/** The stored form of an id. Hawser checks ids where they enter, so what it stored itself needs no second check. */
export const storedId = <Id extends string>() => z.custom<Id>((value) => typeof value === 'string');

/** A random value of `bytes` bytes as base64url text. */
export function token(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  // Web APIs only, so that a browser can load this file.
  const base64 = btoa(String.fromCharCode(...random));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The id of a filed failure: when its message was sent, so that ids sort by time, and SQS's id of the message. */
export const failureIdPattern = /^\d{15}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
