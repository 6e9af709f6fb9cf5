/** What lets a tenant in, and where its users' browsers may go: API keys and return URLs. */
import type { Secret } from '../telemetry/secret.ts';
import { mintApiKey } from '../tenants/api-key.ts';
import { parseReturnUrl } from '../tenants/return-url.ts';
import { type OperatorStores, requireLivingTenant, requireTenant } from './deps.ts';

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
      const returnUrls = [...new Set([...tenant.returnUrls, parseReturnUrl(url, insecureOrigins(url))])];
      await tenants.change(tenant.id, { returnUrls });
      return returnUrls;
    },

    /** Answers the return URLs that are left. */
    async removeReturnUrl(tenantId: string, url: string): Promise<readonly string[]> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const spelled = new Set([url, URL.parse(url)?.href]);
      const returnUrls = tenant.returnUrls.filter((known) => !spelled.has(known));
      if (returnUrls.length === tenant.returnUrls.length) {
        throw new Error('This return URL is not registered.');
      }
      await tenants.change(tenant.id, { returnUrls });
      return returnUrls;
    },
  };

  function insecureOrigins(url: string): readonly string[] {
    const { hostname, origin } = URL.parse(url) ?? {};
    const isLoopback = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
    return stores.loopbackReturnUrls === true && isLoopback && origin !== undefined
      ? [...stores.insecureOrigins, origin]
      : stores.insecureOrigins;
  }
}
