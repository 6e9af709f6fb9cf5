/** Creates, lists and revokes the API keys with which a tenant's backend authenticates. */

import { mintApiKey } from '../../access/api-key.ts';
import type { Secret } from '../../telemetry/secret.ts';
import { type AdminStores, requireLivingTenant, requireTenant } from '../deps.ts';

export function apiKeyActions({ apiKeys, tenants, now }: AdminStores) {
  return {
    /** Only the result holds the key's text; the table stores a digest of it. */
    async createApiKey(
      tenantId: string,
      label: string,
    ): Promise<{ readonly id: string; readonly text: Secret }> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const { text, key } = mintApiKey(tenant.id, label, now());
      await apiKeys.create(key);
      return { id: key.id, text };
    },

    /** All keys of a tenant, revoked ones included. */
    async listApiKeys(tenantId: string) {
      return apiKeys.list((await requireTenant(tenants, tenantId)).id);
    },

    /** The error never repeats the id, because an operator may have pasted the whole key. */
    async revokeApiKey(tenantId: string, keyId: string): Promise<void> {
      const tenant = await requireTenant(tenants, tenantId);
      if (!(await apiKeys.revoke(tenant.id, keyId))) {
        throw new Error(`Tenant "${tenantId}" has no such key. Give the id that \`hawser key list\` shows.`);
      }
    },
  };
}
