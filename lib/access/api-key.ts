/**
 * API keys: `hwk_<id>_<secret>_<checksum>`. The id finds the record, the secret (256 bits) authenticates the caller, and
 * the checksum refuses a mistyped or invented key without a database call. Only a digest of the secret is stored.
 */
import { hash, randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import { digest, matchesDigest } from '../constant-time.ts';
import { storedId, type TenantId } from '../ids.ts';
import { allOf, equals, exists } from '../table/condition.ts';
import { apiKeyIndexEntry, apiKeyKey, apiKeySortPrefix, tenantPartition } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import { Secret } from '../telemetry/secret.ts';
import { type ReadonlyOutput, storedBytes } from '../vocabulary.ts';

const pattern = /^hwk_([0-9a-f]{16})_([0-9a-f]{64})_([0-9a-f]{8})$/;
const record = z.object({
  id: z.string(),
  tenantId: storedId<TenantId>(),
  /** The operator's name for the key. */
  label: z.string(),
  status: z.enum(['active', 'revoked']),
  digest: storedBytes,
  /** Epoch milliseconds. */
  createdAt: z.number(),
});
export type ApiKey = ReadonlyOutput<typeof record>;

/** A new key: its text, shown once, and the record to store. */
export function mintApiKey(
  tenantId: TenantId,
  label: string,
  now: number,
): { readonly text: Secret; readonly key: ApiKey } {
  const id = randomBytes(8).toString('hex');
  const secret = randomBytes(32).toString('hex');
  const text = `hwk_${id}_${secret}`;
  return {
    text: new Secret(`${text}_${checksum(text)}`),
    key: { id, tenantId, label, status: 'active', digest: digest(secret), createdAt: now },
  };
}

/** The parts of a presented key, if it is well-formed. */
export function parseApiKey(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret, sum] = pattern.exec(text) ?? [];
  if (!id || !secret || sum !== checksum(`hwk_${id}_${secret}`)) return undefined;
  return { id, secret };
}

/** Whether a presented secret belongs to this key, and the key is active. */
export function provesApiKey(key: ApiKey, secret: string): boolean {
  return matchesDigest(secret, key.digest) && key.status === 'active';
}

export type ApiKeyStore = ReturnType<typeof createApiKeyStore>;

export function createApiKeyStore(table: Table) {
  return {
    async get(id: string): Promise<ApiKey | undefined> {
      const item = await table.get(apiKeyKey(id));
      return item && record.parse(item);
    },

    create(key: ApiKey): Promise<boolean> {
      return table.put(apiKeyKey(key.id), { ...key, ...apiKeyIndexEntry(key.tenantId, key.id) });
    },

    /** Revokes a key. Returns whether the tenant had it. Instances that hold it in memory refuse it within 60 seconds. */
    async revoke(tenantId: TenantId, id: string): Promise<boolean> {
      const own = allOf(exists('pk'), equals('tenantId', tenantId));
      return (await table.update(apiKeyKey(id), { set: { status: 'revoked' } }, own)) !== undefined;
    },

    async list(tenantId: TenantId): Promise<readonly ApiKey[]> {
      const keys: ApiKey[] = [];
      for (let after: Item | undefined, more = true; more; more = after !== undefined) {
        const page = await table.page(
          {
            index: 'byTenant',
            partition: tenantPartition(tenantId),
            sortPrefix: apiKeySortPrefix,
            limit: 100,
            ...(after && { after }),
          },
          Object.keys(record.shape),
        );
        keys.push(...page.items.map((item) => record.parse(item)));
        after = page.last;
      }
      return keys;
    },
  };
}

function checksum(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 8);
}
