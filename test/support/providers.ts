/** Providers for tests: the built-in ones, which are loaded with this file, or just the given ones. */
import { builtIn } from '../../lib/platforms/built-in.ts';
import type { ConsentProvider, Provider } from '../../lib/providers/provider.ts';
import { createProviders, type Providers } from '../../lib/providers/providers.ts';

export const builtInProviders: readonly Provider[] = await Promise.all(
  Object.values(builtIn).map((load) => load()),
);

/** Finds these providers and no others. */
export function providersOf(known: readonly Provider[] = builtInProviders): Providers {
  return createProviders({
    builtIn: Object.fromEntries(known.map((provider) => [provider.id, () => Promise.resolve(provider)])),
  });
}

/** A built-in provider with consent pages. */
export function consentProvider(id: string): ConsentProvider {
  const provider = builtInProviders.find((one) => one.id === id);
  if (!provider?.consent) throw new Error(`There is no built-in provider "${id}" with consent pages.`);
  return provider;
}
