/**
 * The demo application's inbox: what Hawser tells the demo tenant, checked as every tenant should check it, and shown on
 * a page. A repeat of an event changes nothing.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Operator } from '../../../../lib/admin/operator.ts';
import { standardWebhooksSignature } from '../../../../lib/signatures/schemes.ts';
import { verifySignature } from '../../../../lib/signatures/verify-signature.ts';
import { Secret } from '../../../../lib/telemetry/secret.ts';
import { escapeHtml } from '../../sandbox/reply.ts';

export interface Inbox {
  /** The secret of the destination; until it is known nothing is taken. */
  trust(secret: Secret): void;
  /** Answers the status: 204 for what Hawser signed. */
  receive(headers: IncomingHttpHeaders, body: Buffer): number;
  /** The last events as HTML, the newest first. */
  page(): string;
}

/** The path of the inbox in the demo application. */
export const inboxPath = '/inbox';
const keptEvents = 50;
const eventShape = z.object({ id: z.string(), type: z.string(), occurredAt: z.string() });
const kept = z.object({ destinationId: z.string(), url: z.string(), secret: z.string() });

export function openInbox(now: () => number): Inbox {
  const events = new Map<string, { readonly title: string; readonly text: string }>();
  let secret: Secret | undefined;
  return {
    trust(given) {
      secret = given;
    },

    receive(headers, body) {
      const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      const request = { method: 'POST', headers: flat, body };
      const checked = verifySignature(standardWebhooksSignature, request, secret ? [secret] : [], now);
      if (checked.kind !== 'verified') return 401;
      const content: unknown = JSON.parse(body.toString('utf8'));
      const { id, type, occurredAt } = eventShape.parse(content);
      events.set(id, { title: `${occurredAt} · ${type}`, text: JSON.stringify(content, null, 2) });
      // A Map keeps the order of insertion, so the first entry is the oldest.
      const oldest = events.keys().next().value;
      if (events.size > keptEvents && oldest !== undefined) events.delete(oldest);
      return 204;
    },

    page() {
      if (events.size === 0) return '<p>Nothing has come yet. Connect an account, and reload.</p>';
      return [...events.values()]
        .toReversed()
        .map(({ title, text }) => `<h2>${escapeHtml(title)}</h2><pre>${escapeHtml(text)}</pre>`)
        .join('');
    },
  };
}

/**
 * Makes the inbox a destination of the demo tenant, or finds that it is one.
 * @param file where its secret is kept, on this machine only.
 */
export async function registerInbox(
  operator: Operator,
  tenantId: string,
  url: string,
  file: string,
): Promise<Secret> {
  const before = existsSync(file) ? kept.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data : undefined;
  const known =
    before && (await operator.listDestinations(tenantId)).find(({ id }) => id === before.destinationId);
  if (before && known && before.url === url) {
    // It may have been disabled while the demo application was away.
    if (known.status === 'disabled') await operator.enableDestination(tenantId, known.id);
    return new Secret(before.secret);
  }
  if (known) await operator.removeDestination(tenantId, known.id);
  const { destination, secret } = await operator.addDestination(tenantId, { url });
  if (!secret) throw new Error('The inbox was given no secret.');
  const keep = { destinationId: destination.id, url, secret: secret.reveal() };
  writeFileSync(file, JSON.stringify(keep), { mode: 0o600 });
  return secret;
}
