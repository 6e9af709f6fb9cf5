/** A built-in platform that is data alone needs no sandbox of its own: one is generated from the data. */
import type { ConsentProvider, Provider } from '../../../lib/providers/provider.ts';

/** Whether a sandbox can be generated: the platform's endpoints are in its data, and no code says what it does otherwise. */
export function isPlain(provider: Provider): provider is ConsentProvider {
  return (
    provider.consent !== undefined &&
    provider.data.endpoints !== undefined &&
    Object.keys(provider.code).length === 0
  );
}

/** A value for each variable of its URLs: those of a connection by their examples, those of an app by their defaults. */
export function exampleValues({ data }: ConsentProvider): Readonly<Record<string, string>> {
  const fields = Object.entries(data.connectionFields).map(([name, { example, default: usual }]) => [
    name,
    example ?? usual ?? name.toLowerCase(),
  ]);
  const settings = Object.entries(data.appSettings).map(([name, { default: usual }]) => [
    name,
    usual ?? name.toLowerCase(),
  ]);
  return Object.fromEntries([...fields, ...settings]);
}
