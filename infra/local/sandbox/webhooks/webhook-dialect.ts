/** What a platform has to say of its webhooks: how they are worded and signed, and how long it tries to get rid of them. */
import { z } from 'zod';
import type { SandboxClient } from '../sandbox-client.ts';
import { webhookUrl } from './post.ts';

export interface WebhookDialect {
  /** The bodies that tell a client of some events, in their order: one for each, or one for several. */
  readonly bodies: (events: readonly WebhookEvent[], client: SandboxClient) => readonly string[];
  /** The headers of a body that is signed at a time, in epoch milliseconds. */
  readonly sign: (body: Buffer, secret: string, at: number) => Readonly<Record<string, string>>;
  /** Whether a retry gets a fresh signature or that of the first try. */
  readonly retrySignature: () => 'fresh' | 'first';
  /** Seconds until the next try, after so many that failed; nothing when the platform gives up. */
  readonly retryAfterSeconds: (failed: number) => number | undefined;
  /** The question whether an address is the client's own, and the answer that says yes; absent where none is asked. */
  readonly handshake?: (verifyToken: string) => { readonly query: string; readonly answer: string };
  /** The event that the platform sends when the user or the client ends an account's grants; absent where it sends none. */
  readonly ended?: (account: string, by: 'user' | 'client') => WebhookEvent;
}

const share = z.number().min(0).max(1);

/** Where a client's webhooks go, and the habits of their sender. What is not named stays as it is. */
export const webhookCommand = z.strictObject({
  command: z.literal('webhook'),
  /** Every client known by then when absent. */
  clientId: z.exactOptional(z.string()),
  /** Null ends the subscription. */
  url: z.exactOptional(webhookUrl.nullable()),
  /** What the platform repeats in its handshake. */
  verifyToken: z.exactOptional(z.string()),
  /** Signs in place of the client's secret. */
  signingSecret: z.exactOptional(z.string()),
  /** How many of the deliveries go out twice, and how many late, behind others. */
  duplicates: z.exactOptional(share),
  outOfOrder: z.exactOptional(share),
  /** How long an hour of the platform's patience lasts here. */
  hourMilliseconds: z.exactOptional(z.number().positive().max(3_600_000)),
});

const eventSchema = z.strictObject({
  /** The account's key on the consent page, or the platform's id of it. */
  account: z.string(),
  /** The platform's own name of the event. */
  event: z.string().min(1).max(128),
  /** The event's content; something plausible when absent. */
  content: z.exactOptional(z.record(z.string(), z.unknown())),
  /** Epoch milliseconds; now when absent. */
  occurredAt: z.exactOptional(z.number().min(0).max(253_402_300_799_000)),
});

/** Sends events to the address of a client. */
export const sendWebhookCommand = z.strictObject({
  command: z.literal('send_webhook'),
  /** Every client that has an address when absent. */
  clientId: z.exactOptional(z.string()),
  events: z.array(eventSchema).min(1).max(20_000),
  /** How often each delivery is sent; once when absent. */
  copies: z.exactOptional(z.int().min(1).max(100)),
  /** Sent so much later. */
  delayMilliseconds: z.exactOptional(z.int().min(0).max(600_000)),
  /** Signed with a timestamp this far in the past. */
  signedSecondsAgo: z.exactOptional(z.int()),
  /** Signed with an unknown secret, over another body, or not at all. */
  signature: z.exactOptional(z.enum(['good', 'wrong_secret', 'tampered', 'missing'])),
});

/** An event before the platform puts it into its own words. */
export type WebhookEvent = z.output<typeof eventSchema>;
export type WebhookCommand = z.output<typeof webhookCommand>;
export type SendWebhookCommand = z.output<typeof sendWebhookCommand>;
