/** Manages the exact URLs to which a tenant's users may be redirected after consent. */
import { requireNoConflict } from '../../table/update.ts';
import { parseReturnUrl } from '../../tenants/return-url.ts';
import type { Tenant } from '../../tenants/tenant.ts';
import { type AdminStores, requireLivingTenant } from '../deps.ts';

export function returnUrlActions(stores: AdminStores) {
  const { tenants } = stores;
  return {
    /** Returns all of the tenant's return URLs. */
    async addReturnUrl(tenantId: string, url: string): Promise<readonly string[]> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const added = parseReturnUrl(url, insecureOriginsFor(url));
      return changeReturnUrls(tenant, (before) => [...new Set([...before, added])]);
    },

    /** Returns the return URLs that are left. */
    async removeReturnUrl(tenantId: string, url: string): Promise<readonly string[]> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const spellings = new Set([url, URL.parse(url)?.href]);
      return changeReturnUrls(tenant, (before) => {
        const left = before.filter((known) => !spellings.has(known));
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

  /** The origins that may use plain http: the configured ones and, where allowed, this URL's loopback address. */
  function insecureOriginsFor(url: string): readonly string[] {
    const { hostname, origin } = URL.parse(url) ?? {};
    const isLoopback = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
    return stores.loopbackReturnUrls === true && isLoopback && origin !== undefined
      ? [...stores.insecureOrigins, origin]
      : stores.insecureOrigins;
  }
}
