/**
 * Finds providers, each loaded when it is first needed: built-in platforms, then the catalogue, then the tenant's own.
 * A later source therefore cannot replace a provider of an earlier one.
 */
import { providerIdPattern, type TenantId } from '../ids.ts';
import type { Provider } from './provider.ts';

/** The built-in platforms: each id with the way to load it. */
export type BuiltIn = Readonly<Record<string, () => Promise<Provider>>>;
/** The data of a catalogue entry, by id. */
export type CatalogueSource = (id: string) => Promise<unknown>;
/** The data of a tenant's own provider, by id; cached, if at all, by the source, which knows when it changes. */
export type OwnProviderSource = (tenantId: TenantId, id: string) => Promise<unknown>;

export interface Providers {
  /**
   * One that was loaded before is found without a wait beyond a resolved promise.
   * @param tenantId the tenant whose own providers count, too; without one only those that all tenants share.
   * @throws Error when an entry's data is flawed: it was checked before it was stored.
   */
  find(tenantId: TenantId | undefined, id: string): Promise<Provider | undefined>;
  /** Ids of the built-in platforms, in the order in which they are shown; loads none. */
  readonly builtInIds: readonly string[];
}

export function createProviders(sources: {
  readonly builtIn: BuiltIn;
  readonly catalogue?: CatalogueSource;
  readonly own?: OwnProviderSource;
}): Providers {
  const { builtIn, catalogue, own } = sources;
  // What is built in or in the catalogue cannot change while an instance lives.
  const loaded = new Map<string, Promise<Provider | undefined>>();

  return {
    builtInIds: Object.keys(builtIn),
    async find(tenantId, id) {
      if (!providerIdPattern.test(id)) return undefined;
      const common = await loadOnce(id);
      if (common !== undefined || own === undefined || tenantId === undefined) return common;
      return readProvider(id, await own(tenantId, id));
    },
  };

  function loadOnce(id: string): Promise<Provider | undefined> {
    const known = loaded.get(id);
    if (known) return known;
    const loading = load(id);
    loaded.set(id, loading);
    // Neither a failure nor an invented id is remembered: the one may pass, and of the other there is no end.
    const forget = () => loaded.delete(id);
    loading.then((provider) => provider ?? forget(), forget);
    return loading;
  }

  async function load(id: string): Promise<Provider | undefined> {
    if (Object.hasOwn(builtIn, id)) return builtIn[id]?.();
    return catalogue && readProvider(id, await catalogue(id));
  }
}

/** The schema of provider data is loaded with the first provider that needs it, not when a function starts. */
async function readProvider(id: string, data: unknown): Promise<Provider | undefined> {
  if (data === undefined) return undefined;
  const { providerFromData } = await import('./provider-from-data.ts');
  return providerFromData(id, data);
}
