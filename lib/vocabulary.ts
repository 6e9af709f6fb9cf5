/**
 * The closed sets of words that records, events and the API share, each declared once as an enum from which its type is
 * inferred. Safe in a browser. A set that only one record uses is declared beside that record.
 */
import * as z from 'zod/mini';

export const connectionStatus = z.enum([
  /** Hawser hands out tokens. */
  'active',
  /** Nothing can refresh the credentials, and they expire soon. */
  'expiring',
  /** The grant has ended; only the user can restore it. */
  'reconnect_required',
  /** Hawser hands out no more tokens; the platform has not confirmed the revocation yet. */
  'disconnecting',
  /** The provider app's registration is at fault. */
  'misconfigured',
]);
export type ConnectionStatus = z.output<typeof connectionStatus>;

/** Who vouched that the account and the user belong together. */
export const linking = z.enum([
  /** The tenant said who is signed in, after consent. */
  'confirmed',
  /** No one: the flow finished in the browser alone. */
  'direct',
]);
export type Linking = z.output<typeof linking>;

/** How a flow is finished: by the tenant's call of `complete`, or in the browser alone. */
export const completion = z.enum(['confirm', 'direct']);
export type Completion = z.output<typeof completion>;

/** The changes of a connection that its tenant receives an event for. */
export const connectionEventType = z.enum([
  'connection.created',
  'connection.refreshed',
  'connection.expiring',
  'connection.reconnect_required',
  'connection.misconfigured',
  'connection.recovered',
  'connection.disconnected',
]);
export type ConnectionEventType = z.output<typeof connectionEventType>;

/** The platform's answer when a connection ended: facts only, no assumptions. */
export const revocation = z.enum([
  /** The platform confirmed the end of the tokens. */
  'revoked',
  /** The platform has not confirmed yet. Meanwhile Hawser hands out no token. */
  'revoke_pending',
  /** The grant serves another live connection and was left to it. */
  'shared_grant',
  /** The platform offers no revocation of the remaining tokens; they stay valid until they expire. */
  'not_supported',
]);
export type Revocation = z.output<typeof revocation>;

/** The two tokens that a connection may hold (RFC 7009, section 2.1, names them so). */
export const tokenKind = z.enum(['access_token', 'refresh_token']);
export type TokenKind = z.output<typeof tokenKind>;

/** What happened to one token of an ended connection. */
export const tokenOutcome = z.enum([
  /** Hawser sent it to the platform, which confirmed its revocation. */
  'revoked',
  /** Revoked together with the token that was sent, by the platform's rules. */
  'ended_with_it',
  /** Left valid, because the grant serves another live connection. */
  'left_to_shared_grant',
  /** Valid until it expires, because nothing can revoke it. */
  'dies_of_age',
]);
export type TokenOutcome = z.output<typeof tokenOutcome>;

export const tokenReceipt = z.object({ token: tokenKind, outcome: tokenOutcome });
export type TokenReceipt = ReadonlyOutput<typeof tokenReceipt>;

/** The platform's description of an account, shown unchanged. */
export const accountMetadata = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** How a provider's users are connected: by consent at the platform, or by credentials that they enter. */
export const providerAuth = z.enum(['oauth2', 'credentials']);

/** Queues whose dead letters are filed. */
export const filedQueue = z.enum(['incoming', 'events', 'deliveries']);
export type FiledQueue = z.output<typeof filedQueue>;

/** Whether a filed failure waits for a replay, or was replayed. */
export const failureStatus = z.enum(['failed', 'replayed']);

/** Bytes as the table stores them. */
export const storedBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** The output of a schema, deeply read-only. */
export type ReadonlyOutput<Schema extends z.core.$ZodType> = DeepReadonly<z.output<Schema>>;

type Whole = string | number | boolean | null | undefined | Uint8Array;
type DeepReadonly<Value> = Value extends Whole
  ? Value
  : Value extends readonly (infer Element)[]
    ? readonly DeepReadonly<Element>[]
    : { readonly [Name in keyof Value]: DeepReadonly<Value[Name]> };
