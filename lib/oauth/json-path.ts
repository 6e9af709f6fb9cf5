/**
 * Reads what stands at a path of a JSON answer. Names and indexes are parted by dots; `a|b` is the first that is not
 * empty, `a+b` both together. Only own properties count, so that no path reaches into a prototype.
 */

export type Scalar = string | number | boolean;

/** The values of the first alternative that has any: one for a plain path, several where `+` joins them. */
export function readScalars(value: unknown, path: string): readonly Scalar[] {
  for (const alternative of path.split('|')) {
    const found = alternative.split('+').map((one) => at(value, one));
    const scalars = found.filter(isScalar);
    if (scalars.length > 0) return scalars;
  }
  return [];
}

/** The one value at a path, joined as text where there are several. */
export function readScalar(value: unknown, path: string): Scalar | undefined {
  const [first, ...others] = readScalars(value, path);
  return others.length === 0 ? first : [first, ...others].join(' ');
}

/** Text or number at a path, as text. */
export function readText(value: unknown, path: string): string | undefined {
  const found = readScalar(value, path);
  return found === undefined || typeof found === 'boolean' ? undefined : String(found);
}

/** Every alternative's value as text, in their order: the codes of a refusal, of which the first known decides. */
export function readAlternatives(value: unknown, path: string): readonly string[] {
  return path.split('|').flatMap((one) => readText(value, one) ?? []);
}

/** Whatever lies at one plain path. */
export function at(value: unknown, path: string): unknown {
  let inner = value;
  for (const name of path.split('.')) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, name)) return undefined;
    inner = (inner as Readonly<Record<string, unknown>>)[name];
  }
  return inner;
}

function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'boolean' || (typeof value === 'string' && value !== '');
}
