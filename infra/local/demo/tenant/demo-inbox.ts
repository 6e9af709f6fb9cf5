/**
 * The demo application's inbox: it verifies each event from Hawser as every tenant should, and shows the events on a page.
 * A repeated delivery of an event changes nothing.
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
  /** Sets the secret of the destination; until then the inbox rejects everything. */
  trust(secret: Secret): void;
  /** Returns the response status: 204 if Hawser signed the request. */
  receive(headers: IncomingHttpHeaders, body: Buffer): number;
  /** Renders the last events as HTML, the newest first. */
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
      if (events.size === 0) return '<p>No events yet. Connect an account, then reload this page.</p>';
      return [...events.values()]
        .toReversed()
        .map(({ title, text }) => `<h2>${escapeHtml(title)}</h2><pre>${escapeHtml(text)}</pre>`)
        .join('');
    },
  };
}

/**
 * Registers the inbox as a destination of the demo tenant, unless it is one already.
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
    // Hawser may have disabled it while the demo application was not running.
    if (known.status === 'disabled') await operator.enableDestination(tenantId, known.id);
    return new Secret(before.secret);
  }
  if (known) await operator.removeDestination(tenantId, known.id);
  const { destination, secret } = await operator.addDestination(tenantId, { url });
  if (!secret) throw new Error('The operator returned no secret for the inbox.');
  const keep = { destinationId: destination.id, url, secret: secret.reveal() };
  writeFileSync(file, JSON.stringify(keep), { mode: 0o600 });
  return secret;
}
