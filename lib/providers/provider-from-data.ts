/** Makes a provider of stored data alone: an entry of the catalogue or a tenant's own. */
import { providerOf } from './define-platform.ts';
import { describeFlaws, parseProviderData } from './definition/parse.ts';
import type { Provider } from './provider.ts';

/**
 * The provider that the data describes.
 * @param id the id that the data was found under, which the data must repeat.
 * @throws Error when the data is flawed or says another id.
 */
export function providerFromData(id: string, data: unknown): Provider | undefined {
  const reading = parseProviderData(data);
  if (reading.kind === 'flawed') throw new Error(`Provider "${id}": ${describeFlaws(reading.flaws)}.`);
  if (reading.data.id !== id) throw new Error(`Provider "${id}": its data has another id.`);
  return providerOf(reading.data);
}
