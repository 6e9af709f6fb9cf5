/** What lets a tenant in, and where its users' browsers may go: API keys and return URLs. */

import { requireNoConflict } from '../../lib/table/update.ts';
import type { Secret } from '../../lib/telemetry/secret.ts';
import { mintApiKey } from '../../lib/tenants/api-key.ts';
import { parseReturnUrl } from '../../lib/tenants/return-url.ts';
import type { Tenant } from '../../lib/tenants/tenant.ts';
import { type OperatorStores, requireLivingTenant, requireTenant } from './operator-parts.ts';

export function accessVerbs(stores: OperatorStores) {
  const { apiKeys, tenants, now } = stores;
  return {
    /** The key's text is in the answer and nowhere else. */
    async createApiKey(
      tenantId: string,
      label: string,
    ): Promise<{ readonly id: string; readonly text: Secret }> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const { text, key } = mintApiKey(tenant.id, label, now());
      await apiKeys.create(key);
      return { id: key.id, text };
    },

    /** Revoked ones included. */
    async listApiKeys(tenantId: string) {
      return apiKeys.list((await requireTenant(tenants, tenantId)).id);
    },

    /** The message never repeats the id: somebody may have pasted the whole key. */
    async revokeApiKey(tenantId: string, keyId: string): Promise<void> {
      const tenant = await requireTenant(tenants, tenantId);
      if (!(await apiKeys.revoke(tenant.id, keyId))) {
        throw new Error(`Tenant "${tenantId}" has no such key. Give the id that \`hawser key list\` shows.`);
      }
    },

    /** Answers all of the tenant's return URLs. */
    async addReturnUrl(tenantId: string, url: string): Promise<readonly string[]> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const added = parseReturnUrl(url, insecureOrigins(url));
      return changeReturnUrls(tenant, (before) => [...new Set([...before, added])]);
    },

    /** Answers the return URLs that are left. */
    async removeReturnUrl(tenantId: string, url: string): Promise<readonly string[]> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const spelled = new Set([url, URL.parse(url)?.href]);
      return changeReturnUrls(tenant, (before) => {
        const left = before.filter((known) => !spelled.has(known));
        if (left.length === before.length) throw new Error('This return URL is not registered.');
        return left;
      });
    },
  };

  async function changeReturnUrls(
    { id }: Tenant,
    decide: (before: readonly string[]) => readonly string[],
  ): Promise<readonly string[]> {
    const updated = requireNoConflict(
      await tenants.update(id, (one) => ({ ...one, returnUrls: decide(one.returnUrls) })),
    );
    return updated.kind === 'absent' ? [] : updated.value.returnUrls;
  }

  function insecureOrigins(url: string): readonly string[] {
    const { hostname, origin } = URL.parse(url) ?? {};
    const isLoopback = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
    return stores.loopbackReturnUrls === true && isLoopback && origin !== undefined
      ? [...stores.insecureOrigins, origin]
      : stores.insecureOrigins;
  }
}
