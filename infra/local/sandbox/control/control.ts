/**
 * The commands a test or a person gives a sandbox platform, and the faults that can be injected.
 * They are plain data, so that they mean the same in process and as JSON over HTTP.
 */
import { z } from 'zod';
import { clientSchema } from '../state-file.ts';
import { sendWebhookCommand, webhookCommand } from '../webhooks/webhook-dialect.ts';

const milliseconds = z.int().min(0).max(600_000);

const faultSchema = z.discriminatedUnion('kind', [
  /** Refuses before anything is done. The body is the platform's own for this status unless `json` is given. */
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(200).max(599),
    body: z.enum(['json', 'html']),
    json: z.exactOptional(z.record(z.string(), z.unknown())),
  }),
  /** Refuses with 429 before anything is done; without `retryAfterSeconds` there is no Retry-After header. */
  z.strictObject({
    kind: z.literal('rate_limited'),
    retryAfterSeconds: z.exactOptional(z.int().min(0)),
  }),
  /** Answers with a redirect that no client may follow with its secrets. */
  z.strictObject({
    kind: z.literal('redirect'),
    status: z.literal([301, 302, 303, 307, 308]),
    location: z.string(),
  }),
  /** Waits, then does what was asked, even if the caller has gone by then, and answers. */
  z.strictObject({ kind: z.literal('delay'), milliseconds }),
  /** Does what was asked and holds the answer back for so long; for ever when no time is given. */
  z.strictObject({ kind: z.literal('hold_answer'), milliseconds: z.exactOptional(milliseconds) }),
  /** Does what was asked and closes the connection without a word. */
  z.strictObject({ kind: z.literal('lose_answer') }),
  /** Does what was asked and sends half of the answer, then closes the connection or falls silent. */
  z.strictObject({ kind: z.literal('half_body'), afterwards: z.enum(['close', 'stall']) }),
  /** Does what was asked and sends bytes that are no JSON, under the headers of the true answer. */
  z.strictObject({ kind: z.literal('garbage_body') }),
  /** Does what was asked and sends a JSON body blown up to at least so many bytes. */
  z.strictObject({ kind: z.literal('oversized_body'), bytes: z.int().min(1).max(64_000_000) }),
  /** Leaves the refresh token out of the answer, although one may have been rotated. */
  z.strictObject({ kind: z.literal('without_refresh_token') }),
  /** Says this in place of the true `expires_in`. */
  z.strictObject({
    kind: z.literal('expires_in'),
    value: z.union([z.number(), z.string(), z.null()]),
  }),
]);

const filter = { account: z.exactOptional(z.string()), clientId: z.exactOptional(z.string()) };
const seconds = z.int().positive();

const commandSchema = z.discriminatedUnion('command', [
  /** Access tokens run out now: all, or those of one account or client. */
  z.strictObject({ command: z.literal('expire_access_tokens'), ...filter }),
  z.strictObject({ command: z.literal('expire_refresh_tokens'), ...filter }),
  /** The user removes the application in the platform's settings. */
  z.strictObject({ command: z.literal('kill_grants'), ...filter }),
  /** For secrets issued from now on. A null refresh token lifetime has no end. */
  z.strictObject({
    command: z.literal('set_lifetimes'),
    accessTokenSeconds: z.exactOptional(seconds),
    refreshTokenSeconds: z.exactOptional(seconds.nullable()),
    codeSeconds: z.exactOptional(seconds),
  }),
  /** Turns switches of the platform's own; see `modes` in its file. The others keep their position. */
  z.strictObject({
    command: z.literal('set_modes'),
    modes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
  /** Applies the fault to the next `calls` calls of the endpoint that fit. Faults apply in the order injected. */
  z.strictObject({
    command: z.literal('inject'),
    endpoint: z.enum(['token', 'revoke', 'profile']),
    calls: z.int().min(1),
    fault: faultSchema,
    account: z.exactOptional(z.string()),
    grantType: z.exactOptional(z.string()),
  }),
  z.strictObject({ command: z.literal('clear_faults') }),
  z.strictObject({ command: z.literal('reset_calls') }),
  /** Registers a client, or replaces the one of that id. */
  z.strictObject({ command: z.literal('add_client'), client: clientSchema }),
  webhookCommand,
  sendWebhookCommand,
]);

/** What goes wrong with a call. */
export type Fault = z.output<typeof faultSchema>;
export type ControlCommand = z.output<typeof commandSchema>;
export type Injection = Extract<ControlCommand, { command: 'inject' }>;

/** `affected` counts what the command met: grants ended, tokens expired, faults cleared, deliveries begun; else 1. */
export type ControlResult =
  | { readonly ok: true; readonly affected: number }
  | { readonly ok: false; readonly error: string };

/** Reads a command from outside. */
export function parseCommand(
  value: unknown,
): { readonly ok: true; readonly command: ControlCommand } | Extract<ControlResult, { ok: false }> {
  const parsed = commandSchema.safeParse(value);
  return parsed.success
    ? { ok: true, command: parsed.data }
    : { ok: false, error: z.prettifyError(parsed.error) };
}
