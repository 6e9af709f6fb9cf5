/** The exact pages to which a tenant's users may be sent back after consent. */
import { parseReturnUrl } from '../../tenants/return-url.ts';
import { type AdminStores, requireLivingTenant } from '../deps.ts';

export function returnUrlActions(stores: AdminStores) {
  const { tenants } = stores;
  return {
    /** Returns all of the tenant's return URLs. */
    async addReturnUrl(tenantId: string, url: string): Promise<readonly string[]> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const returnUrls = [...new Set([...tenant.returnUrls, parseReturnUrl(url, insecureOriginsFor(url))])];
      await tenants.change(tenant.id, { returnUrls });
      return returnUrls;
    },

    /** Returns the return URLs that are left. */
    async removeReturnUrl(tenantId: string, url: string): Promise<readonly string[]> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const spellings = new Set([url, URL.parse(url)?.href]);
      const returnUrls = tenant.returnUrls.filter((known) => !spellings.has(known));
      if (returnUrls.length === tenant.returnUrls.length) {
        throw new Error('This return URL is not registered.');
      }
      await tenants.change(tenant.id, { returnUrls });
      return returnUrls;
    },
  };

  /** The origins that may use plain http: those of the deps and, where the deps allow it, any loopback address. */
  function insecureOriginsFor(url: string): readonly string[] {
    const { hostname, origin } = URL.parse(url) ?? {};
    const isLoopback = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
    return stores.loopbackReturnUrls === true && isLoopback && origin !== undefined
      ? [...stores.insecureOrigins, origin]
      : stores.insecureOrigins;
  }
}
