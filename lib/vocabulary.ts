/**
 * The words that records, events and the API share, each closed set once: the type is inferred from the enum. Safe in a
 * browser. What only one record says stands beside that record.
 */
import * as z from 'zod/mini';

export const connectionStatus = z.enum([
  /** Tokens are handed out. */
  'active',
  /** Nothing can refresh the credentials, and their end is near. */
  'expiring',
  /** The grant is gone; only the user can bring it back. */
  'reconnect_required',
  /** No token is handed out any more; the platform has not confirmed the revocation yet. */
  'disconnecting',
  /** The provider app's registration is at fault. */
  'misconfigured',
]);
export type ConnectionStatus = z.output<typeof connectionStatus>;

/** Who vouched that the account and the user belong together. */
export const linking = z.enum([
  /** The tenant said who is signed in, after consent. */
  'confirmed',
  /** Nobody: the flow ended in the browser. */
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

/** What the platform said when a connection ended; each is a fact, none a hope. */
export const revocation = z.enum([
  /** The platform confirmed the end of the tokens. */
  'revoked',
  /** The platform has not confirmed yet. No token is handed out meanwhile. */
  'revoke_pending',
  /** The grant serves another live connection and was left to it. */
  'shared_grant',
  /** The platform has no revocation, or none for what is left to show it; its tokens die of their age. */
  'not_supported',
]);
export type Revocation = z.output<typeof revocation>;

/** The two tokens that a connection may hold (RFC 7009, section 2.1, names them so). */
export const tokenKind = z.enum(['access_token', 'refresh_token']);
export type TokenKind = z.output<typeof tokenKind>;

/** What became of one token of an ended connection. */
export const tokenOutcome = z.enum([
  /** Shown to the platform, which confirmed its end. */
  'revoked',
  /** Ended with the one that was shown, by the platform's rules. */
  'ended_with_it',
  /** Left alive, because the grant serves another live connection. */
  'left_to_shared_grant',
  /** Nothing can end it but its age. */
  'dies_of_age',
]);
export type TokenOutcome = z.output<typeof tokenOutcome>;

export const tokenReceipt = z.object({ token: tokenKind, outcome: tokenOutcome });
export type TokenReceipt = ReadonlyOutput<typeof tokenReceipt>;

/** What the platform told of an account; shown as it is. */
export const accountMetadata = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** How a provider's users are connected: by consent at the platform, or by credentials that they enter. */
export const providerAuth = z.enum(['oauth2', 'credentials']);

/** Queues whose dead letters are filed. */
export const filedQueue = z.enum(['incoming', 'events', 'deliveries']);
export type FiledQueue = z.output<typeof filedQueue>;

/** Whether a filed failure still waits for its operator, or was sent again. */
export const failureStatus = z.enum(['failed', 'replayed']);

/** Bytes as a table holds them. */
export const storedBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** What a schema reads, with nothing in it that could be changed. */
export type ReadonlyOutput<Schema extends z.core.$ZodType> = DeepReadonly<z.output<Schema>>;

type Whole = string | number | boolean | null | undefined | Uint8Array;
type DeepReadonly<Value> = Value extends Whole
  ? Value
  : Value extends readonly (infer Element)[]
    ? readonly DeepReadonly<Element>[]
    : { readonly [Name in keyof Value]: DeepReadonly<Value[Name]> };
