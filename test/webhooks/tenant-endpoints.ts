/** The tenants' endpoints: they verify each signature, fail now and then, and count each event they received. */
import * as z from 'zod/mini';
import type { TenantId } from '../../lib/ids.ts';
import { standardWebhooksSignature } from '../../lib/signatures/schemes.ts';
import { newStandardWebhookSecret } from '../../lib/signatures/standard-webhooks.ts';
import { verifySignature } from '../../lib/signatures/verify-signature.ts';
import { openReceiver, type ReceivedCall } from './receiver.ts';

const told = z.looseObject({
  id: z.string(),
  type: z.string(),
  tenantId: z.string(),
  connectionId: z.string(),
  superseded: z.optional(z.boolean()),
  data: z.looseObject({ number: z.optional(z.number()) }),
});
export type Told = z.output<typeof told>;

export interface TenantEndpoints {
  readonly origin: string;
  readonly urlOf: (tenantId: TenantId) => string;
  readonly secretOf: (tenantId: TenantId) => ReturnType<typeof newStandardWebhookSecret>;
  /** The accepted events, one entry per delivery. */
  readonly accepted: readonly Told[];
  /** Valid calls that were refused on purpose. */
  readonly refused: () => number;
  /** Calls that no tenant may receive: badly signed, malformed, or another tenant's. */
  readonly wrong: readonly string[];
  close(): Promise<void>;
}

export async function openTenantEndpoints(options: {
  readonly tenantIds: readonly TenantId[];
  readonly now: () => number;
  readonly random: () => number;
  /** The share of calls that get an error. */
  readonly failures: number;
}): Promise<TenantEndpoints> {
  const { tenantIds, now, random, failures } = options;
  const secrets = new Map(tenantIds.map((id) => [id, newStandardWebhookSecret()]));
  const accepted: Told[] = [];
  const wrong: string[] = [];
  let refused = 0;
  const receiver = await openReceiver(answer);

  function answer(call: ReceivedCall): number {
    // Not recorded, so that ten thousand calls do not pile up.
    receiver.calls.length = 0;
    if (random() < failures) {
      refused += 1;
      return random() < 0.5 ? 500 : 429;
    }
    const event = read(call);
    if (typeof event === 'string') {
      wrong.push(event);
      return 400;
    }
    accepted.push(event);
    return 204;
  }

  function read({ path, headers, body }: ReceivedCall): Told | string {
    const secret = secrets.get(path.slice(1) as TenantId);
    if (secret === undefined) return `nobody listens at ${path}`;
    const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const request = { method: 'POST', headers: given, body };
    const { kind } = verifySignature(standardWebhooksSignature, request, [secret], now);
    if (kind !== 'verified') return 'a bad signature';
    const parsed = told.safeParse(JSON.parse(body.toString('utf8')));
    if (!parsed.success) return 'an unreadable event';
    if (parsed.data.tenantId !== path.slice(1)) return "another tenant's event";
    return parsed.data.id === given['webhook-id'] ? parsed.data : 'an id that is not the signed one';
  }

  return {
    origin: receiver.origin,
    urlOf: (tenantId) => `${receiver.origin}/${tenantId}`,
    secretOf(tenantId) {
      const secret = secrets.get(tenantId);
      if (secret === undefined) throw new Error('There is no such tenant.');
      return secret;
    },
    accepted,
    refused: () => refused,
    wrong,
    close: () => receiver.close(),
  };
}
